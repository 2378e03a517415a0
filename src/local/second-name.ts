/** Gives a file a second name in another folder: a hard link, or a copy where there can be none. */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { fsync, openNumber, rename } from './calls.ts';
import type { Disk } from './disk.ts';
import { errnoOf } from './failure.ts';
import { CANNOT_LINK } from './no-replace.ts';

const copyFile = promisify(fs.copyFile);
const utimes = promisify(fs.utimes);

/** ms: the system takes seconds as a double and cuts them off; half a microsecond more keeps .123 from becoming .122999. */
const ROUNDING = 0.0005;

/**
 * A name that is taken already is left as it is. The copy shares its blocks with the original where the file system can
 * do that, has its time (to the ms) and its permissions, and gets its name when it is whole.
 *
 * @param temporary a name beside `to`, for the copy that is under way
 * @returns false where it had to be copied. Rejects with the system's error.
 */
export async function giveSecondName(disk: Disk, from: string, to: string, temporary: string): Promise<boolean> {
  try {
    await disk.link(from, to);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return true;
    if (!CANNOT_LINK.has(errno)) throw error;
  }
  await copyWhole(disk, from, temporary);
  await rename(temporary, to);
  return false;
}

async function copyWhole(disk: Disk, from: string, to: string): Promise<void> {
  await copyFile(from, to, fs.constants.COPYFILE_FICLONE);
  const { mtimeMs } = await disk.lstat(from);
  await utimes(to, Date.now() / 1000, (Math.floor(mtimeMs) + ROUNDING) / 1000);
  const fd = await openNumber(to, fs.constants.O_RDONLY);
  try {
    await fsync(fd);
  } finally {
    fs.close(fd, () => {});
  }
}
