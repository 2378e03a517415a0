/** Do both sides' modification times say the same? Only times known to be UTC are believed. */
import type { Entry } from '../model/index.ts';

export interface Instant {
  /** ms since the epoch, UTC. */
  readonly mtime: number;
  /** How fine it is, in ms. */
  readonly precision: number;
}

// Two edits of one file, seconds apart, are rare; two copies of one new version that keep its time are not. A coarser
// clock than this says too little to drop one of them for the other.
export const TELLING_PRECISION = 2_000;

export function instantOf(entry: Entry): Instant | null {
  return entry.mtime !== null && entry.zoned ? { mtime: entry.mtime, precision: entry.precision } : null;
}

/**
 * Equal within the coarser precision. Whether a server cuts a time off or rounds it, the result is less than one unit
 * away from the truth, to either side.
 */
export function sameInstant(a: Instant, b: Instant): boolean {
  return Math.abs(a.mtime - b.mtime) < Math.max(a.precision, b.precision, 1);
}

/** Which is the later one; null where that cannot be said. */
export function later(a: Entry, b: Entry): 'a' | 'b' | null {
  const x = instantOf(a);
  const y = instantOf(b);
  if (!x || !y || sameInstant(x, y)) return null;
  return x.mtime > y.mtime ? 'a' : 'b';
}
