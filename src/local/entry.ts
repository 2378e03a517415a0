/** Reads an Entry off what the system says about a file. */
import type { Stats } from 'node:fs';
import type { Entry, EntryKind, RelPath, Stamps } from '../model/index.ts';

const UNSTAMPED: Stamps = Object.freeze({});

function kindOf(stats: Stats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/**
 * The mark that moves when a file is touched or replaced: `<mtime in ms, with its fraction>:<inode>`. The fraction of a
 * double is good to a quarter of a microsecond.
 */
export function stampOf(stats: Stats): string {
  return `${stats.mtimeMs}:${stats.ino}`;
}

/**
 * `mtime` is rounded down to whole ms, as a stamp of whole seconds rounds down: 12:00:00.9996 is in second 0 everywhere.
 * A directory has no stamp: its time moves with every file in it and says nothing about itself.
 */
export function entryOf(path: RelPath, stats: Stats): Entry {
  const kind = kindOf(stats);
  return {
    path,
    kind,
    size: kind === 'file' ? stats.size : null,
    mtime: Math.floor(stats.mtimeMs),
    precision: 1,
    zoned: true,
    stamps: kind === 'directory' ? UNSTAMPED : { stat: stampOf(stats) },
    mode: stats.mode & 0o7777,
  };
}

/** Whether two sightings of one path are of the same, untouched thing. */
export function isSameEntry(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.size === b.size && a.stamps.stat === b.stamps.stat;
}
