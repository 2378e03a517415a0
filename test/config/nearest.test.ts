import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/config/index.ts';

const KEYS = ['exclude', 'include', 'direction', 'maxDelete', 'delete', 'url', 'user'];

test.each([
  ['exlude', 'exclude'],
  ['excldue', 'exclude'],
  ['Exclude', 'exclude'],
  ['exclud', 'exclude'],
  ['inclde', 'include'],
  ['max-delete', 'maxDelete'],
  ['ulr', 'url'],
  ['usr', 'user'],
])('%s was meant to be %s', (typed, meant) => expect(nearest(typed, KEYS)).toBe(meant));

test.each(['password', 'x', '', 'zzzzzzz'])('%j was meant to be none of them', (typed) =>
  expect(nearest(typed, KEYS)).toBeUndefined(),
);

test('the end of a message', () => {
  expect(didYouMean('exlude', KEYS)).toBe('; did you mean exclude?');
  expect(didYouMean('zzz', KEYS)).toBe('');
});
