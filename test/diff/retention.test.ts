import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEEP_RULES, type Keep, type KeepRule, retention } from '../../src/diff/index.ts';

const at = (text: string) => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);

/** What stays, as text, in the order given. */
function staying(texts: readonly string[], keep: Keep): string[] {
  return retention(texts.map(at), keep).flatMap(({ stays }, index) => (stays ? [texts[index]!] : []));
}

describe('what stays', () => {
  const cases: readonly [name: string, keep: Keep, times: readonly string[], stay: readonly string[]][] = [
    ['no rule: all', {}, ['2026-01-01', '2026-01-02'], ['2026-01-01', '2026-01-02']],
    ['nothing there: nothing', { daily: 7 }, [], []],
    [
      'last: the newest, whatever their order',
      { last: 2 },
      ['2026-01-03', '2026-01-01', '2026-01-02'],
      ['2026-01-03', '2026-01-02'],
    ],
    [
      'more asked for than there are: all',
      { last: 9, yearly: 9 },
      ['2026-01-01', '2026-01-02'],
      ['2026-01-01', '2026-01-02'],
    ],
    [
      'hourly: the newest of each hour, to its last millisecond',
      { hourly: 2 },
      ['2026-01-01T10:00:00.000Z', '2026-01-01T10:59:59.999Z', '2026-01-01T11:00:00.000Z'],
      ['2026-01-01T10:59:59.999Z', '2026-01-01T11:00:00.000Z'],
    ],
    [
      'daily: a day without one takes no place',
      { daily: 3 },
      ['2026-01-01', '2026-02-01', '2026-02-20T08:00:00Z', '2026-02-20T23:59:59Z', '2026-03-01'],
      ['2026-02-01', '2026-02-20T23:59:59Z', '2026-03-01'],
    ],
    [
      'weekly: from Monday; 2026-01-01 is in the week of 2025-12-29',
      { weekly: 2 },
      ['2025-12-28T23:59:59Z', '2025-12-29', '2026-01-01', '2026-01-04T23:59:59Z', '2026-01-05'],
      ['2026-01-04T23:59:59Z', '2026-01-05'],
    ],
    [
      'weekly: week 53 of 2026 reaches into 2027',
      { weekly: 2 },
      ['2026-12-27', '2026-12-28', '2027-01-03', '2027-01-04'],
      ['2027-01-03', '2027-01-04'],
    ],
    [
      'weekly: week 53 of 2020 and week 1 of 2021 are two',
      { weekly: 3 },
      ['2020-12-27', '2020-12-31', '2021-01-01', '2021-01-10'],
      ['2020-12-27', '2021-01-01', '2021-01-10'],
    ],
    [
      'monthly: December and the next January are two, the same month of two years as well',
      { monthly: 3 },
      ['2025-01-31', '2025-12-31', '2025-12-31T23:59:59Z', '2026-01-01', '2026-01-31T12:00:00Z'],
      ['2025-01-31', '2025-12-31T23:59:59Z', '2026-01-31T12:00:00Z'],
    ],
    [
      'yearly: the last moment of a year is still in it',
      { yearly: 2 },
      ['2024-02-29', '2025-12-31T23:59:59.999Z', '2026-01-01'],
      ['2025-12-31T23:59:59.999Z', '2026-01-01'],
    ],
    [
      'rules add up',
      { last: 1, daily: 2, monthly: 2 },
      ['2026-01-10', '2026-01-31', '2026-02-26', '2026-02-27', '2026-02-28'],
      ['2026-01-31', '2026-02-27', '2026-02-28'],
    ],
    [
      'before 1970 as after',
      { daily: 2 },
      ['1969-12-30T23:00:00Z', '1969-12-31', '1969-12-31T23:59:59Z'],
      ['1969-12-30T23:00:00Z', '1969-12-31T23:59:59Z'],
    ],
    ['one from the future is the newest', { last: 1 }, ['2026-01-01', '2999-01-01'], ['2999-01-01']],
  ];
  test.each(cases)('%s', (_, keep, times, stay) => {
    expect(staying(times, keep)).toEqual(stay);
  });

  test('of equal times each is one, and the later in the list is the newer', () => {
    const same = [at('2026-01-01'), at('2026-01-01'), at('2026-01-01')];
    expect(retention(same, { last: 2 }).map(({ stays }) => stays)).toEqual([false, true, true]);
    expect(retention(same, { daily: 2 }).map(({ stays }) => stays)).toEqual([false, false, true]);
  });

  test('says every rule that one stays by', () => {
    const [older, newer] = retention([at('2026-01-01'), at('2026-02-01')], { last: 1, monthly: 2, yearly: 1 });
    expect(newer).toEqual({ stays: true, rules: ['last', 'monthly', 'yearly'] });
    expect(older).toEqual({ stays: true, rules: ['monthly'] });
    expect(retention([at('2026-01-01')], {})).toEqual([{ stays: true, rules: [] }]);
  });

  test.each([0, -1, 1.5, Number.NaN])('a rule of %d is refused by name', (count) => {
    expect(() => retention([], { weekly: count })).toThrow(/weekly must be a whole number from 1/);
  });

  test('what is no time is refused', () => {
    expect(() => retention([Number.NaN], { last: 1 })).toThrow(/no time/);
  });
});

/** ISO 8601: a week belongs to the year that has its Thursday. */
function isoWeek(time: number): string {
  const thursday = new Date(time);
  while (thursday.getUTCDay() !== 4)
    thursday.setUTCDate(thursday.getUTCDate() + ((thursday.getUTCDay() + 6) % 7 < 3 ? 1 : -1));
  const year = thursday.getUTCFullYear();
  let week = 0;
  for (const day = new Date(thursday); day.getUTCFullYear() === year; day.setUTCDate(day.getUTCDate() - 7)) week++;
  return `${year}-W${week}`;
}

const NAMES: { readonly [rule in KeepRule]: (time: number) => string } = {
  last: () => '',
  hourly: (time) => new Date(time).toISOString().slice(0, 13),
  daily: (time) => new Date(time).toISOString().slice(0, 10),
  weekly: isoWeek,
  monthly: (time) => new Date(time).toISOString().slice(0, 7),
  yearly: (time) => new Date(time).toISOString().slice(0, 4),
};

/** One at a time, counting: how many newer ones, or periods with newer ones, are there? */
function oracle(times: readonly number[], keep: Keep): KeepRule[][] {
  const isNewer = (a: number, b: number) => times[a]! > times[b]! || (times[a]! === times[b]! && a > b);
  return times.map((time, index) => {
    const newer = times.map((_, other) => other).filter((other) => isNewer(other, index));
    return KEEP_RULES.filter((rule) => {
      const count = keep[rule];
      if (count === undefined) return false;
      if (rule === 'last') return newer.length < count;
      const names = new Set(newer.map((other) => NAMES[rule](times[other]!)));
      return names.size < count && !names.has(NAMES[rule](time));
    });
  });
}

describe('for any snapshots and rules', () => {
  const HOUR = 3_600_000;
  const years = fc.integer({ min: at('2018-01-01'), max: at('2030-01-01') });
  // Close together, so that periods are shared; on their borders, too.
  const days = fc.integer({ min: 0, max: 24 * 60 }).map((hours) => at('2020-12-20') + hours * HOUR);
  const edges = fc.tuple(days, fc.constantFrom(-1, 0, 1)).map(([time, by]) => time + by);
  const times = fc.array(fc.oneof(years, days, edges), { maxLength: 30 });
  const count = fc.integer({ min: 1, max: 8 });
  const keep: fc.Arbitrary<Keep> = fc.record(
    { last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count },
    { requiredKeys: [] },
  );

  test('each stays by the rules of the slow way', () => {
    fc.assert(
      fc.property(times, keep, (list, rules) => {
        expect(retention(list, rules).map((one) => one.rules)).toEqual(oracle(list, rules));
      }),
      { numRuns: 1000 },
    );
  });

  test('the newest stays, and what stayed once stays when asked again', () => {
    fc.assert(
      fc.property(times, keep, (list, rules) => {
        const all = retention(list, rules);
        const stayed = list.filter((_, index) => all[index]!.stays);
        if (list.length > 0) expect(stayed).toContain(Math.max(...list));
        expect(retention(stayed, rules).every(({ stays }) => stays)).toBe(true);
      }),
    );
  });

  test('a newer one lets none go that no rule counts out: at most one goes for each rule', () => {
    fc.assert(
      fc.property(times, keep, (list, rules) => {
        const stayed = list.filter((_, index) => retention(list, rules)[index]!.stays);
        const next = Math.max(0, ...list) + 1;
        const gone = retention([...stayed, next], rules).filter(({ stays }) => !stays).length;
        expect(gone).toBeLessThanOrEqual(Object.keys(rules).length);
      }),
    );
  });
});
