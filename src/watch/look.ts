/** One look at a path, for whether it stands still. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { Look } from './settling.ts';

export interface Seen extends Look {
  /** The directory that is there; undefined for anything else. */
  readonly directory?: { readonly inode: number };
}

const LONG_AGO = Number.NEGATIVE_INFINITY;
const GONE: Seen = { mark: 'gone', changedAt: LONG_AGO };

/** Never rejects: what cannot be looked at stands as still as what is gone. */
export async function look(file: string): Promise<Seen> {
  try {
    return seen(await lstat(file));
  } catch {
    return GONE;
  }
}

function seen(stats: Stats): Seen {
  // A directory is walked, and each file in it is opened once and looked at before and after.
  if (stats.isDirectory())
    return { mark: `directory:${stats.ino}`, changedAt: LONG_AGO, directory: { inode: stats.ino } };
  // The time of change cannot be set by a program, as `cp -p` sets the other one.
  return { mark: `${stats.size}:${stats.mtimeMs}:${stats.ino}`, changedAt: Math.max(stats.mtimeMs, stats.ctimeMs) };
}
