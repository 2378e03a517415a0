/**
 * Writes `schema.json` beside `package.json`, and the tables of `docs/configuration.md`; run after a change of the schema:
 * `node dist/config/write-schema.js`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { jsonSchema } from './json-schema.ts';
import { withReference } from './reference.ts';

const at = (name: string) => new URL(`../../${name}`, import.meta.url);
const schema = jsonSchema();
writeFileSync(at('schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
const page = at('docs/configuration.md');
writeFileSync(page, withReference(readFileSync(page, 'utf8'), schema));
