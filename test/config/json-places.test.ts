import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonPlaces } from '../../src/config/json-places.ts';

test('says where each key stands', () => {
  const { places, fault, refused } = jsonPlaces('{\n  "a": {"b": [1,\n 2]},\n  "c": null\n}\n');
  expect(fault).toBeUndefined();
  expect(refused).toEqual([]);
  expect(Object.fromEntries(places)).toEqual({
    '': { line: 1, column: 1 },
    a: { line: 2, column: 3 },
    'a.b': { line: 2, column: 9 },
    'a.b[0]': { line: 2, column: 15 },
    'a.b[1]': { line: 3, column: 2 },
    c: { line: 4, column: 3 },
  });
});

test.each([
  ['an empty text', '', 1, 1, 'the text ends here, wanted a value'],
  ['a comma after the last key', '{"a": 1,\n}', 2, 1, 'a comma after the last entry is not part of JSON'],
  ['a comma after the last item', '[1,\n]', 2, 1, 'a comma after the last entry is not part of JSON'],
  ['a comment', '{\n  // note\n  "a": 1}', 2, 3, 'comments are not part of JSON'],
  ['a missing comma', '{"a": 1\n "b": 2}', 2, 2, 'found "\\"", wanted "," or "}"'],
  ['a missing colon', '{"a" 1}', 1, 6, 'found "1", wanted ":"'],
  ['a key without quotes', '{a: 1}', 1, 2, 'found "a", wanted a key in "…"'],
  ['single quotes', "{'a': 1}", 1, 2, 'found "\'", wanted a key in "…"'],
  ['a bare word', '{"a": yes}', 1, 7, 'found "y", wanted a value'],
  ['a line break inside a text', '{"a": "x\ny"}', 1, 7, 'found "\\"", wanted a value'],
  ['an end too early', '{"a": [1', 1, 9, 'the text ends here, wanted "," or "]"'],
  ['something after the end', '{} {}', 1, 4, 'found "{", wanted nothing more'],
  ['a number with leading zero', '[01]', 1, 3, 'found "1", wanted "," or "]"'],
  ['a very deep text', '['.repeat(100_000), 1, 66, 'nested too deeply'],
])('%s', (_, text, line, column, why) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonPlaces(text).fault).toEqual({ place: { line, column }, why });
});

test('a key that is there twice, and __proto__, are refused with their place', () => {
  const { refused } = jsonPlaces('{"a": 1,\n "a": 2,\n "b": {"__proto__": {}}, "\\u005f_proto__": 1}');
  expect(refused).toEqual([
    { path: 'a', place: { line: 2, column: 2 }, why: 'this key is there twice' },
    { path: 'b.__proto__', place: { line: 3, column: 8 }, why: 'this key is not allowed' },
    { path: '__proto__', place: { line: 3, column: 26 }, why: 'this key is not allowed' },
  ]);
});

test('finds no fault in what JSON.parse takes', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.nat(4), (text, indent) => {
      expect(jsonPlaces(JSON.stringify(JSON.parse(text), null, indent)).fault).toBeUndefined();
    }),
  );
});

test('finds a fault in whatever JSON.parse refuses', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    '0',
    '.',
    'e',
    'true',
    ' ',
    '\n',
    '\\',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join('');
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect(jsonPlaces(text).fault === undefined).toBe(valid);
    }),
    { numRuns: 3000 },
  );
});
