/** Lists one directory: its names, and what lstat says of each, many at once. */
import fs from 'node:fs';
import { type Entry, type Listing, type Problem, printable, type RelPath, ROOT } from '../model/index.ts';
import { entryOf } from './entry.ts';
import { errnoOf, localError } from './failure.ts';
import { followLink, type Links } from './links.ts';
import { namesIn } from './names.ts';
import type { Folders } from './safe-path.ts';

// Enough to keep the system's few threads busy; more would only hold memory in a folder of 100,000 files.
const AT_ONCE = 32;

/** Rejects with a LocalError where the directory cannot be read, or is reached only through a link. */
export async function listDirectory(folders: Folders, directory: RelPath, links: Links): Promise<Listing> {
  const doing = 'list';
  const folder = await (links === 'follow'
    ? folders.enterFollowing(directory, doing)
    : folders.enter(directory, doing));
  try {
    const { names, problems } = await namesIn(directory, folder.at());
    const seen = await lookAtAll(directory, folder.at(), names);
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

/**
 * A name that is gone by the time it is looked at is left out, as if it had gone before. One that cannot be looked at
 * is there all the same, so it is a Problem with its path and never reads as absence.
 */
function lookAtAll(directory: RelPath, reach: string, names: readonly string[]) {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  const prefix = directory === ROOT ? '' : `${directory}/`;
  const base = `${reach}/`;
  return new Promise<{ entries: Entry[]; problems: Problem[] }>((resolve) => {
    let next = 0;
    let left = names.length;
    if (left === 0) resolve({ entries, problems });
    const lookAtNext = () => {
      const name = names[next++];
      if (name === undefined) return;
      fs.lstat(base + name, (error, stats) => {
        const path = (prefix + name) as RelPath;
        if (!error) entries.push(entryOf(path, stats));
        else if (errnoOf(error) !== 'ENOENT') problems.push(unreadable(path, error));
        if (--left === 0) resolve({ entries, problems });
        else lookAtNext();
      });
    };
    for (let i = 0; i < AT_ONCE; i++) lookAtNext();
  });
}

function unreadable(path: RelPath, error: NodeJS.ErrnoException): Problem {
  const message = `it cannot be looked at (${printable(errnoOf(error))}); mend its permissions, or exclude it`;
  return { path, side: 'local', code: 'unreadable', message };
}
