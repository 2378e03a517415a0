/** Finds out whether two names that differ only in case are one file. */
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { joinPath, ROOT, temporaryFor } from '../model/index.ts';
import { lstat, readNames, unlink } from './calls.ts';
import { isAbsence } from './failure.ts';
import { lstatIfThere } from './no-replace.ts';
import type { Folder, Folders } from './safe-path.ts';

/**
 * Looked up with a name that is there, which changes nothing; in a folder without a name that has letters, with a
 * temporary file that is removed at once. Where that cannot be made, what is usual on the platform.
 * LIMIT: a file system that folds case in some folders only (ext4 with +F, NTFS) is known by its root.
 */
export async function probeCase(folders: Folders): Promise<boolean> {
  const usual = process.platform === 'darwin' || process.platform === 'win32';
  try {
    const folder = await folders.enter(ROOT, 'look at');
    try {
      return (await probeByName(folder)) ?? (await probeByFile(folder));
    } finally {
      folder.release();
    }
  } catch {
    return usual;
  }
}

function swapCase(name: string): string {
  return name.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
}

async function probeByName(folder: Folder): Promise<boolean | null> {
  const names = new Set(await readNames(folder.at()));
  for (const name of names) {
    const swapped = swapCase(name);
    if (swapped === name) continue;
    if (names.has(swapped)) return false; // both are there, side by side
    try {
      const known = await lstat(folder.at(name));
      const found = await lstatIfThere(folder.at(swapped));
      return found !== null && found.ino === known.ino && found.dev === known.dev;
    } catch (error) {
      if (!isAbsence(error)) throw error; // gone meanwhile: another name will do
    }
  }
  return null;
}

// A temporary name: should the process be killed here, a later run sweeps it away.
async function probeByFile(folder: Folder): Promise<boolean> {
  const name = temporaryFor(joinPath(ROOT, 'case'), randomBytes(4).toString('hex'));
  const handle = await open(folder.at(name), 'wx', 0o600);
  try {
    return (await lstatIfThere(folder.at(swapCase(name)))) !== null;
  } finally {
    await handle.close();
    await unlink(folder.at(name));
  }
}
