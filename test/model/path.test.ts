/** Names from outside become segments of a path, or are refused: whatever reads one goes through here. */
import { describe, expect, test } from 'vitest';
import { joinPath, ROOT, segmentFault, toRelPath } from '../../src/model/index.ts';

const BAD = [
  ['nothing', ''],
  ['the folder itself', '.'],
  ['the folder above', '..'],
  ['a way up', '../a'],
  ['an absolute path', '/etc/passwd'],
  ['a path', 'a/b'],
  ['a slash', '/'],
  ['NUL', 'a\0b'],
  ['CR', 'a\rb'],
  ['LF', 'a\nDELE b'],
] as const;

const ON_WINDOWS = [
  'a\\b',
  'C:',
  'a:b',
  'a*',
  'a?',
  '"a"',
  '<a',
  'a>',
  'a|b',
  'a\x01',
  'a.',
  'a ',
  'CON',
  'nul.txt',
  'COM1',
];

describe('a name', () => {
  test.each(BAD)('%s: is refused', (_, name) => {
    expect(segmentFault(name)).toBeTypeOf('string');
    expect(() => joinPath(ROOT, name)).toThrow(RangeError);
    expect(() => joinPath(toRelPath('a'), name)).toThrow(RangeError);
  });

  test.each(ON_WINDOWS)('%j is refused on Windows only', (name) => {
    expect(segmentFault(name, 'win32')).toBeTypeOf('string');
    expect(segmentFault(name, 'linux')).toBeUndefined();
  });

  test.each(['...', '..a', 'a..', ' ', '~', '-rf', '*', 'CONSOLE', 'é'])('%j is one', (name) => {
    expect(segmentFault(name, 'linux')).toBeUndefined();
    expect(joinPath(toRelPath('a'), name)).toBe(`a/${name}`);
  });
});

describe('a path that was written down', () => {
  test.each(['..', '../a', 'a/..', 'a/../b', 'a/../../b', './a', 'a/./b', '/a', 'a/', 'a//b', 'a\n/b', '/'])(
    '%j is refused',
    (text) => expect(() => toRelPath(text)).toThrow(RangeError),
  );

  test.each(['', 'a', 'a/b', 'a b/ c', '..a/b..'])('%j is taken as it is', (text) =>
    expect(toRelPath(text)).toBe(text),
  );
});
