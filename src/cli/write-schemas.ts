/** Writes `schemas/` beside `package.json`; run after a change of events or plans: `node dist/cli/write-schemas.js`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { publishedSchemas } from './published-schemas.ts';

const folder = new URL('../../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
