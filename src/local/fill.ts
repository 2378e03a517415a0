/** Reads a stretch of an open file; the system may hand it out in parts. */
import type { FileHandle } from 'node:fs/promises';

/** Reads `length` bytes from `position` on into `buffer`; resolves with how many there were before the file's end. */
export async function fill(handle: FileHandle, buffer: Buffer, length: number, position: number): Promise<number> {
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
