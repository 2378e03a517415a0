/** Looks at one path, as `list` would report it. */
import { type Entry, nameOf, parentOf, type RelPath } from '../model/index.ts';
import { lstat } from './calls.ts';
import { entryOf } from './entry.ts';
import { isAbsence, localError } from './failure.ts';
import { followLink, type Links } from './links.ts';
import type { Folders } from './safe-path.ts';

/** Null if nothing is there. Rejects with a LocalError. */
export async function lookAt(folders: Folders, path: RelPath, links: Links): Promise<Entry | null> {
  const doing = 'look at';
  try {
    const entry = await lookAtName(folders, path, links, doing);
    if (links === 'skip' || entry.kind !== 'link') return entry;
    const target = await followLink(folders, path);
    return target ? entryOf(path, target) : entry;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw localError(error, doing, folders.absolute(path));
  }
}

async function lookAtName(folders: Folders, path: RelPath, links: Links, doing: string): Promise<Entry> {
  const parent = parentOf(path);
  const folder = await (links === 'follow' ? folders.enterFollowing(parent, doing) : folders.enter(parent, doing));
  try {
    return entryOf(path, await lstat(folder.at(nameOf(path) || '.')));
  } finally {
    folder.release();
  }
}
