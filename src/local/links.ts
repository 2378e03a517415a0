/**
 * What a symbolic link stands for where links are followed. A link is followed if its target is inside the root and it
 * does not lead back to a folder that is being walked through already; any other stays a link.
 */
import type { Stats } from 'node:fs';
import { lineage, type RelPath } from '../model/index.ts';
import { realpath, stat } from './calls.ts';
import type { Folders } from './safe-path.ts';

/** How links are taken: as links, or as what they lead to inside the root. */
export type Links = 'skip' | 'follow';

/**
 * The target's facts, or null where the link is not followed. `path` is the link's.
 * LIMIT: where many folders hold links to each other, a file can be reached, and is carried, by many paths.
 */
export async function followLink(folders: Folders, path: RelPath): Promise<Stats | null> {
  try {
    const real = await realpath(folders.absolute(path));
    if (!folders.contains(real)) return null;
    const stats = await stat(real);
    if (stats.isDirectory() && (await isOnTheWay(folders, path, real))) return null;
    return stats;
  } catch {
    return null; // broken, or a loop of links
  }
}

async function isOnTheWay(folders: Folders, path: RelPath, real: string): Promise<boolean> {
  for (const ancestor of lineage(path)) {
    if (ancestor !== path && (await realpath(folders.absolute(ancestor))) === real) return true;
  }
  return false;
}
