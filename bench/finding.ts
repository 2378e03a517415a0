// What a row has found out: who took how long, and whether that reaches what the row asks for.
import { quickest, type Tally, typical } from './contest.ts';

export interface Goal {
  /** Such as "of lftp's time". */
  readonly of: string;
  readonly value: number;
  readonly bound: 'at most' | 'at least' | 'under';
  readonly limit: number;
}

export interface Finding {
  readonly work: string;
  readonly server: string;
  readonly ferry: Tally;
  readonly peers: readonly Tally[];
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
}

/** NaN is never reached: what was not measured is not claimed. */
export const reached = ({ value, bound, limit }: Goal): boolean =>
  bound === 'at least' ? value >= limit : bound === 'at most' ? value <= limit : value < limit;

/** The goals of a work that shall take at most `limit` of the time that the quickest of these peers takes. */
export function timeGoal(ferry: Tally, peers: readonly Tally[], whose: string, limit: number): Goal {
  const best = quickest(peers);
  const value = best === undefined ? Number.NaN : typical(ferry, 'seconds') / typical(best, 'seconds');
  return { of: `of ${whose}'s time`, value, bound: 'at most', limit };
}

export const memoryGoal = (ferry: Tally, megabytes: number): Goal => ({
  of: 'MB of memory',
  value: typical(ferry, 'peak') / 1e6,
  bound: 'under',
  limit: megabytes,
});
