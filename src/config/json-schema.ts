/** The configuration's JSON Schema (draft 2020-12), which editors read to complete and explain keys. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

const ADDRESS = 'https://unpkg.com/ftp-ferry/schema.json';

export function jsonSchema(): { readonly [key: string]: unknown } {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, $id: ADDRESS, ...rest };
}
