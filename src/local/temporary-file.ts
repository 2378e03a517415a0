/** Opens the temporary file of a download: one that nobody else put there, and that no link leads to or from. */
import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { O_NOFOLLOW, O_NONBLOCK, unlink } from './calls.ts';
import { errnoOf } from './failure.ts';

const CREATE = fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | O_NOFOLLOW;
const RESUME = fs.constants.O_RDWR | O_NOFOLLOW | O_NONBLOCK;
// What is being received may be a secret. Its permissions come with the final name.
const PRIVATE = 0o600;

/** With the number of bytes that it holds. Rejects with the system's error. */
export async function openTemporary(at: string, resume: boolean): Promise<{ handle: FileHandle; size: number }> {
  const partial = resume ? await openPartial(at) : null;
  return partial ?? { handle: await create(at), size: 0 };
}

/**
 * An earlier temporary file, or null where there is none to go on with. One with a second name is not written to: the
 * other name may be the target itself, published by a run that was killed before it dropped the temporary name.
 */
async function openPartial(at: string) {
  let handle: FileHandle;
  try {
    handle = await open(at, RESUME);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'EACCES', 'EMLINK', 'ENXIO', 'EISDIR'].includes(errnoOf(error))) return null;
    throw error;
  }
  const stats = await handle.stat();
  if (stats.isFile() && stats.nlink === 1) return { handle, size: stats.size };
  await handle.close();
  return null;
}

async function create(at: string): Promise<FileHandle> {
  try {
    return await open(at, CREATE, PRIVATE);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  await unlink(at); // a leftover, or a link that was planted: the name goes, what it leads to stays
  return open(at, CREATE, PRIVATE);
}
