/** Lists one directory: its names, and what lstat says of each, many at once. */
import fs from 'node:fs';
import { type Entry, type Listing, type Problem, printable, type RelPath, ROOT } from '../model/index.ts';
import type { Brisk } from './brisk.ts';
import { entryOf } from './entry.ts';
import { errnoOf, localError } from './failure.ts';
import { followLink, type Links } from './links.ts';
import { namesIn } from './names.ts';
import type { Folders } from './safe-path.ts';

/** Names looked at in one go: enough to keep the system's few threads busy, too few to hold anybody up. */
const AT_ONCE = 32;

/** Rejects with a LocalError where the directory cannot be read, or is reached only through a link. */
export async function listDirectory(
  folders: Folders,
  directory: RelPath,
  links: Links,
  brisk: Brisk,
): Promise<Listing> {
  const doing = 'list';
  const folder = await (links === 'follow'
    ? folders.enterFollowing(directory, doing)
    : folders.enter(directory, doing));
  try {
    const { names, problems } = await namesIn(directory, folder.at());
    const seen = await lookAtAll(directory, folder.at(), names, brisk);
    const entries = links === 'follow' ? await followAll(folders, seen.entries) : seen.entries;
    return { directory, entries, problems: [...problems, ...seen.problems] };
  } catch (error) {
    throw localError(error, doing, folders.absolute(directory));
  } finally {
    folder.release();
  }
}

async function followAll(folders: Folders, entries: readonly Entry[]): Promise<Entry[]> {
  const followed: Entry[] = [];
  for (const entry of entries) {
    const target = entry.kind === 'link' ? await followLink(folders, entry.path) : null;
    followed.push(target ? entryOf(entry.path, target) : entry);
  }
  return followed;
}

/** What has been seen of a directory so far. */
interface Seen {
  readonly entries: Entry[];
  readonly problems: Problem[];
}

/** Directly while the disk is quick, a handful at a time and with room for everything else in between. */
async function lookAtAll(directory: RelPath, reach: string, names: readonly string[], brisk: Brisk): Promise<Seen> {
  const seen: Seen = { entries: [], problems: [] };
  const prefix = directory === ROOT ? '' : `${directory}/`;
  const base = `${reach}/`;
  const note = (name: string, stats: fs.Stats | undefined, error?: unknown) => {
    const path = (prefix + name) as RelPath;
    if (stats) seen.entries.push(entryOf(path, stats));
    // A name that is gone by the time it is looked at is left out, as if it had gone before. One that cannot be looked
    // at is there all the same, so it is a Problem with its path and never reads as absence.
    else if (error && errnoOf(error) !== 'ENOENT') seen.problems.push(unreadable(path, error));
  };
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const handful = names.slice(at, at + AT_ONCE);
    if (!lookDirectly(base, handful, brisk, note)) await lookInThreads(base, handful, note);
    if (at % (AT_ONCE * 16) === 0 && at > 0) await new Promise(setImmediate);
  }
  return seen;
}

type Note = (name: string, stats: fs.Stats | undefined, error?: unknown) => void;

/** False, with nothing noted, while the disk is slow. */
function lookDirectly(base: string, names: readonly string[], brisk: Brisk, note: Note): boolean {
  const looked = brisk.try(() => {
    for (const name of names) {
      try {
        note(name, fs.lstatSync(base + name, { throwIfNoEntry: false }));
      } catch (error) {
        note(name, undefined, error);
      }
    }
    return true;
  });
  return looked ?? false;
}

async function lookInThreads(base: string, names: readonly string[], note: Note): Promise<void> {
  const look = (name: string) =>
    new Promise<void>((resolve) => {
      fs.lstat(base + name, (error, stats) => {
        note(name, error ? undefined : stats, error);
        resolve();
      });
    });
  await Promise.all(names.map(look));
}

function unreadable(path: RelPath, error: unknown): Problem {
  const message = `it cannot be looked at (${printable(errnoOf(error))}); mend its permissions, or exclude it`;
  return { path, side: 'local', code: 'unreadable', message };
}
