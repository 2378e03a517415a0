/** Writes `schema.json` beside `package.json`; run after a change of the schema: `node dist/config/write-schema.js`. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from './json-schema.ts';

writeFileSync(new URL('../../schema.json', import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
