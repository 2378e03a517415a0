/** How a time is written for `--as-of`. */
import { expect, test } from 'vitest';
import { parseAsOf } from '../../src/backup/as-of.ts';
import { nameOfTime, timeOfName } from '../../src/backup/name.ts';

const NOW = Date.parse('2026-11-21T14:30:00Z');

test.each([
  ['2026-11-20', '2026-11-20T23:59:59.999Z'],
  ['2026-11-20 14:41', '2026-11-20T14:41:59.999Z'],
  ['2026-11-20T14:41:10', '2026-11-20T14:41:10.999Z'],
  ['2026-11-20T14:41Z', '2026-11-20T14:41:59.999Z'],
  ['2026-11-20 14:41+02:00', '2026-11-20T12:41:59.999Z'],
  ['20261120T144158Z', '2026-11-20T14:41:58.000Z'],
  ['3d', '2026-11-18T14:30:00.000Z'],
  ['12h', '2026-11-21T02:30:00.000Z'],
])('%s', (written, time) => {
  expect(new Date(parseAsOf(written, NOW)).toISOString()).toBe(time);
});

test.each(['yesterday', '2026-13-01', '2026-11-20 25:00', '20261320T144158Z', '90', ''])('%j is no time', (written) => {
  expect(() => parseAsOf(written, NOW)).toThrow(/is not a time, such as 2026-11-21/);
});

test('names of snapshots are times, and nothing else is', () => {
  expect(timeOfName(nameOfTime(NOW))).toBe(NOW);
  for (const name of ['20260230T000000Z', '20261121T143000', 'x20261121T143000Z', '20261121T246000Z']) {
    expect(timeOfName(name), name).toBeUndefined();
  }
});
