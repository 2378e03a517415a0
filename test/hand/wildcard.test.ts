/** Patterns for names, against the plainest way to say what they match. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { literalName, matcher } from '../../src/hand/index.ts';

describe('a word matches', () => {
  const cases: readonly (readonly [word: string, matches: readonly string[], not: readonly string[]])[] = [
    ['*', ['a', 'a.b', 'ü', 'a b', 'a\nb'], ['.hidden', '']],
    ['.*', ['.hidden', '..x'], ['a']],
    ['*.txt', ['a.txt', 'a.b.txt'], ['.txt', 'a.txt2', 'atxt']],
    ['?', ['a', '😀'], ['ab', '', '.']],
    ['a?c', ['abc', 'a.c'], ['ac', 'abbc']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '-x', 'x']],
    ['[!a-c]x', ['dx', '-x'], ['ax', 'x']],
    ['[^a]x', ['bx', '^x'], ['ax']],
    ['[]]x', [']x'], ['[x']],
    ['[a-]x', ['-x', 'ax'], ['bx']],
    ['[*]', ['*'], ['a']],
    ['[\\]]*', [']a'], ['a']],
    ['a\\*?', ['a*b'], ['aab']],
    ['(a|b)*', ['(a|b)x'], ['ax', 'bx']],
    ['a.+$*', ['a.+$'], ['aab']],
  ];
  test.each(cases)('%s', (word, matches, not) => {
    const matched = matcher(word)!;
    expect(matches.filter((name) => !matched(name))).toEqual([]);
    expect(not.filter((name) => matched(name) && name !== '')).toEqual([]);
  });

  test.each([['plain.txt'], ['a\\*b'], ['[open'], ['[z-a]'], ['a\\'], ['{a,b}'], ['']])('%s is but a name', (word) => {
    expect(matcher(word)).toBeUndefined();
  });

  test('a backslash is taken away from a name, and stays where it is all there is', () => {
    expect(['a\\*b', '\\[1\\]', 'a\\\\b', 'a\\'].map(literalName)).toEqual(['a*b', '[1]', 'a\\b', 'a\\']);
  });
});

test('every name is reached by its own escaped form, and by nothing that looks like a pattern', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '*', '?', '[', ']', '\\', '-', '!', '.'), minLength: 1 });
  fc.assert(
    fc.property(name, (one) => {
      const escaped = one.replace(/[*?[\]\\]/g, '\\$&');
      expect(matcher(escaped)).toBeUndefined();
      expect(literalName(escaped)).toBe(one);
    }),
  );
});

test('stars and question marks, against a naive matcher', () => {
  const naive = (word: string, text: string): boolean => {
    if (word === '') return text === '';
    if (word[0] === '*') return naive(word.slice(1), text) || (text !== '' && naive(word, text.slice(1)));
    return text !== '' && (word[0] === '?' || word[0] === text[0]) && naive(word.slice(1), text.slice(1));
  };
  const over = (...letters: string[]) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 7 });
  fc.assert(
    fc.property(over('a', 'b', '*', '?'), over('a', 'b'), (word, text) => {
      const matches = matcher(word);
      if (matches) expect(matches(text)).toBe(naive(word, text));
    }),
    { numRuns: 2000 },
  );
});
