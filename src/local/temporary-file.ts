/** Opens the temporary file of a download: one that nobody else put there, and that no link leads to or from. */
import fs from 'node:fs';
import { O_NOFOLLOW, O_NONBLOCK } from './calls.ts';
import type { Disk } from './disk.ts';
import { errnoOf } from './failure.ts';

const CREATE = fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | O_NOFOLLOW;
const RESUME = fs.constants.O_RDWR | O_NOFOLLOW | O_NONBLOCK;
// What is being received may be a secret. Its permissions come with the final name.
const PRIVATE = 0o600;

export interface TemporaryFile {
  readonly fd: number;
  /** Bytes that it holds. */
  readonly size: number;
}

/** Rejects with the system's error. */
export async function openTemporary(disk: Disk, at: string, resume: boolean): Promise<TemporaryFile> {
  const partial = resume ? await openPartial(disk, at) : null;
  return partial ?? { fd: await create(disk, at), size: 0 };
}

/**
 * An earlier temporary file, or null where there is none to go on with. One with a second name is not written to: the
 * other name may be the target itself, published by a run that was killed before it dropped the temporary name.
 */
async function openPartial(disk: Disk, at: string): Promise<TemporaryFile | null> {
  let fd: number;
  try {
    fd = await disk.open(at, RESUME);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'EACCES', 'EMLINK', 'ENXIO', 'EISDIR'].includes(errnoOf(error))) return null;
    throw error;
  }
  try {
    const stats = await disk.fstat(fd);
    if (stats.isFile() && stats.nlink === 1) return { fd, size: stats.size };
  } catch (error) {
    await disk.close(fd);
    throw error;
  }
  await disk.close(fd);
  return null;
}

async function create(disk: Disk, at: string): Promise<number> {
  try {
    return await disk.open(at, CREATE, PRIVATE);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  await disk.unlink(at); // a leftover, or a link that was planted: the name goes, what it leads to stays
  return disk.open(at, CREATE, PRIVATE);
}
