import { expect, test } from 'vitest';
import { clockText } from '../../src/report/duration.ts';
import { bytesText, counted, countText, durationText } from '../../src/report/index.ts';

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1234, '1.2 kB'],
  [9949, '9.9 kB'],
  [9960, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [1_234_567, '1.2 MB'],
  [300_000_000, '300 MB'],
  [4_500_000_000, '4.5 GB'],
  [2e18, '2000 PB'],
])('%d bytes: %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test('counts have separators, and one is singular', () => {
  expect(countText(4446)).toBe('4,446');
  expect([0, 1, 4446].map((n) => counted(n, 'file'))).toEqual(['0 files', '1 file', '4,446 files']);
  expect([1, 2].map((n) => counted(n, 'directory', 'directories'))).toEqual(['1 directory', '2 directories']);
});

test.each([
  [0, '0.0 s'],
  [0.94, '0.9 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3599.7, '1 h 00 min'],
  [7620, '2 h 07 min'],
])('%d seconds: %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test.each([
  [-1, '0:00'],
  [42, '0:42'],
  [725, '12:05'],
  [3600, '1:00:00'],
  [7651.4, '2:07:31'],
])('%d seconds on a clock: %s', (seconds, text) => expect(clockText(seconds)).toBe(text));
