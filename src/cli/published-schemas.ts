/** JSON Schemas (draft 2020-12) of what programs read: the events of `--json`, and saved plans. Each has a version. */
import { z } from 'zod';
import { EVENTS_VERSION } from '../model/index.ts';
import { eventSchema } from '../report/event-schema.ts';
import { PLAN_VERSION, planSchema } from './saved-plan.ts';

const ADDRESS = 'https://unpkg.com/ftp-ferry/schemas/';

/** By file name. */
export function publishedSchemas(): Readonly<Record<string, { readonly [key: string]: unknown }>> {
  const named = (name: string, schema: z.ZodType) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
    return [name, { $schema, $id: `${ADDRESS}${name}`, ...rest }] as const;
  };
  return Object.fromEntries([
    named(`events-${EVENTS_VERSION}.json`, eventSchema),
    named(`plan-${PLAN_VERSION}.json`, planSchema),
  ]);
}
