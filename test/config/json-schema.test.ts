import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/index.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { withReference } from '../../src/config/reference.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

test('the published schema is the one that is checked (else: npm run build && node dist/config/write-schema.js)', () =>
  expect(JSON.parse(read('schema.json'))).toEqual(JSON.parse(JSON.stringify(jsonSchema()))));

test('the page about it has every key, in the same words (else: the same command)', () => {
  const page = read('docs/configuration.md');
  expect(withReference(page, jsonSchema())).toBe(page);
  for (const key of ['longestListing', 'tls.ccc', 'keep.weekly', 'users.NAME.folders', 'hooks.connect.folder'])
    expect(page).toContain(key);
});

test('every key says what it is', () => {
  const silent: string[] = [];
  const look = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries((node as { properties?: object }).properties ?? {}))
      if (!(value as { description?: string }).description && !['servers', 'jobs'].includes(key))
        silent.push(`${path}.${key}`);
    for (const [key, value] of Object.entries(node)) look(value, `${path}.${key}`);
  };
  look(jsonSchema(), '');
  expect(silent).toEqual([]);
});

test('the example is right', () => {
  const example = parseConfig(read('sync.config.example.json'), 'sync.config.example.json');
  expect(Object.keys(example.jobs ?? {})).toEqual(['site', 'nightly']);
});
