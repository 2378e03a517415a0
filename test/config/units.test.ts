import { describe, expect, test } from 'vitest';
import {
  parseBytes,
  parseDuration,
  parseLastingDuration,
  parseMaxDelete,
  parseSomeBytes,
} from '../../src/config/index.ts';

describe('a duration', () => {
  test.each([
    [90, 90_000],
    ['90', 90_000],
    ['0.5', 500],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    [' 5m ', 300_000],
    [0, 0],
  ])('%j is %d ms', (written, ms) => expect(parseDuration(written)).toBe(ms));

  test.each(['', '5x', '-5', 'm', '5 m', '1h30m', '1e3', 'Infinity', '5M', '1.2.3s', '5constructor', '__proto__'])(
    '%j is none, and the message shows how to write one',
    (written) => expect(() => parseDuration(written)).toThrow(/is not a duration: seconds \(90\), or "500ms"/),
  );
});

describe('where nothing at all would make no sense', () => {
  test.each([0, '0', '0s', '0.0', '00ms'])('%j is no duration, and the message says why', (written) =>
    expect(() => parseLastingDuration(written)).toThrow(/is not a duration above 0: seconds/),
  );
  test.each([0, '0', '0M', '0.00Ki'])('%j is no amount', (written) =>
    expect(() => parseSomeBytes(written)).toThrow(/is not a number of bytes above 0: 500000/),
  );
  test('what is above 0 is read as ever', () => {
    expect(parseLastingDuration('0.05s')).toBe(50);
    expect(parseSomeBytes('0.5k')).toBe(500);
  });
});

describe('an amount of bytes', () => {
  test.each([
    [2000, 2000],
    ['2000', 2000],
    ['500k', 500_000],
    ['2M', 2_000_000],
    ['2MB', 2_000_000],
    ['1.5G', 1_500_000_000],
    ['64Ki', 65_536],
    ['64KiB', 65_536],
    ['2Mi', 2_097_152],
    ['1t', 1_000_000_000_000],
    ['7B', 7],
  ])('%j is %d bytes', (written, bytes) => expect(parseBytes(written)).toBe(bytes));

  test.each(['', '2X', '-1', 'M', '2 M', '2M/s', '1e6', '1.2.3k'])('%j is none', (written) =>
    expect(() => parseBytes(written)).toThrow(/is not a number of bytes/),
  );
});

describe('a limit on deletes', () => {
  test.each([
    [20, { count: 20 }],
    ['20', { count: 20 }],
    ['0', { count: 0 }],
    ['30%', { percent: 30 }],
    ['100%', { percent: 100 }],
  ])('%j', (written, limit) => expect(parseMaxDelete(written)).toEqual(limit));

  test.each(['', '-1', '1.5', '101%', 'many', '%', '5 %'])('%j is none', (written) =>
    expect(() => parseMaxDelete(written)).toThrow(/is not a number of deletes/),
  );
});
