/** Which of many snapshots stay: the rules of `keep`, as restic's `forget` and its kind have them. UTC throughout. */

/** How many to keep, each a positive number. A rule that is not given keeps none; where none is given, all stay. */
export interface Keep {
  /** The newest so many. */
  readonly last?: number;
  /** Of so many hours that have any, the newest. */
  readonly hourly?: number;
  readonly daily?: number;
  /** Weeks are those of ISO 8601, from Monday. */
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

export type KeepRule = keyof Keep;

export interface Retained {
  readonly stays: boolean;
  /** By which rules; none where no rule was given at all. */
  readonly rules: readonly KeepRule[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What two snapshots have in common of which a rule keeps one only. */
const PERIODS: { readonly [rule in KeepRule]: (time: number, index: number) => number } = {
  last: (_, index) => index,
  hourly: (time) => Math.floor(time / HOUR),
  daily: (time) => Math.floor(time / DAY),
  // 1970 began on a Thursday, three days into its week.
  weekly: (time) => Math.floor((Math.floor(time / DAY) + 3) / 7),
  monthly: (time) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth(),
  yearly: (time) => new Date(time).getUTCFullYear(),
};

/** Finest first, as they are said. */
export const KEEP_RULES = Object.keys(PERIODS) as readonly KeepRule[];

/**
 * Tells of each snapshot whether it stays; it does if any rule keeps it. A period without a snapshot takes no place: `daily:
 * 7` are the last seven days that have one. The newest always stays; no clock is asked, so one from the future is the newest.
 *
 * @param times in ms since the epoch, in any order; of equal ones the later in the list counts as newer
 * @returns for each of `times`, at the same place
 * @throws RangeError for a rule that is no positive whole number, and for a time that is none.
 */
export function retention(times: readonly number[], keep: Keep): readonly Retained[] {
  const given = KEEP_RULES.filter((rule) => keep[rule] !== undefined);
  for (const rule of given) {
    if (!Number.isSafeInteger(keep[rule]) || keep[rule]! < 1)
      throw new RangeError(`keep: ${rule} must be a whole number from 1, not ${keep[rule]}`);
  }
  const newestFirst = times.map((_, index) => index).sort((a, b) => times[b]! - times[a]! || b - a);
  for (const time of times) if (Number.isNaN(new Date(time).getTime())) throw new RangeError(`${time} is no time`);
  const rules: KeepRule[][] = times.map(() => []);
  for (const rule of given) {
    const taken = new Set<number>();
    for (const index of newestFirst) {
      if (taken.size === keep[rule]) break;
      const period = PERIODS[rule](times[index]!, index);
      if (!taken.has(period)) rules[index]!.push(rule);
      taken.add(period);
    }
  }
  return rules.map((by) => ({ stays: given.length === 0 || by.length > 0, rules: by }));
}
