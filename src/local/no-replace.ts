/**
 * Gives a file its name without ever replacing what has that name: a hard link is made under the new name, which the
 * system refuses if the name is taken, and then the old name goes. Killed in between, the file has both names.
 */
import { lstat } from './calls.ts';
import type { Disk } from './disk.ts';
import { errnoOf, isAbsence } from './failure.ts';

// What file systems answer that have no hard links (FAT, some network disks), or none for this file.
export const CANNOT_LINK = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EACCES',
  'EINVAL',
  'EXDEV',
  'UNKNOWN',
]);

/**
 * Rejects with the system's error, EEXIST if the name is taken.
 * RACE: without hard links the name is looked at and then taken; what someone puts there in between is replaced.
 */
export async function renameToFree(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.link(from, to);
  } catch (error) {
    if (!CANNOT_LINK.has(errnoOf(error))) throw error;
    await renameAfterLook(disk, from, to);
    return;
  }
  await disk.unlink(from);
}

/** The same for what cannot have two names: a directory, or a file where there are no hard links. */
export async function renameAfterLook(disk: Disk, from: string, to: string): Promise<void> {
  const [moved, taken] = await Promise.all([lstat(from), lstatIfThere(to)]);
  // Where the file system folds case, a change of case finds the file itself under the new name.
  if (taken && (taken.ino !== moved.ino || taken.dev !== moved.dev)) {
    throw Object.assign(new Error('the name is taken'), { code: 'EEXIST' });
  }
  await disk.rename(from, to);
}

/** Null if nothing has that name. */
export async function lstatIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
