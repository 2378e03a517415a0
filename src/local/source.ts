/** A file opened once for reading, so that all its bytes come from one and the same file whatever happens to its name. */
import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Entry, type LocalSource, nameOf, parentOf, type RelPath } from '../model/index.ts';
import type { Brisk } from './brisk.ts';
import { O_NOFOLLOW, O_NONBLOCK, realpath } from './calls.ts';
import { entryOf, isSameEntry } from './entry.ts';
import { errnoOf, localError, refusal } from './failure.ts';
import { fill } from './fill.ts';
import type { Links } from './links.ts';
import { lookAt } from './look.ts';
import type { Folders } from './safe-path.ts';
import { openSmall } from './small-source.ts';

/** Bytes read at a time; a file of at most so many is read in one go. */
export const PIECE = 256 * 1024;

/**
 * The same for files of at least {@link LARGE}. Each piece is handed to a thread and back: with four times as many, a large
 * file costs a quarter more of processor time.
 */
const LARGE_PIECE = 1024 * 1024;
const LARGE = 16 * 1024 * 1024;

const READ = fs.constants.O_RDONLY | O_NONBLOCK;

/** Opens a regular file for reading. Rejects with a LocalError. */
export async function openSource(folders: Folders, path: RelPath, links: Links, brisk: Brisk): Promise<LocalSource> {
  const small = links === 'skip' ? openSmall(folders, path, brisk, PIECE) : undefined;
  if (small) return small;
  const doing = 'read';
  const absolute = folders.absolute(path);
  const handle = await (links === 'follow' ? openFollowing(folders, path) : openNamed(folders, path)).catch((error) => {
    throw localError(error, doing, absolute);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw refusal(stats.isDirectory() ? 'EISDIR' : 'EINVAL', doing, absolute, 'it is not a regular file');
    }
    return new OpenFile(folders, links, handle, entryOf(path, stats));
  } catch (error) {
    await handle.close();
    throw localError(error, doing, absolute);
  }
}

async function openNamed(folders: Folders, path: RelPath): Promise<FileHandle> {
  const folder = await folders.enter(parentOf(path), 'read');
  try {
    return await open(folder.at(nameOf(path)), READ | O_NOFOLLOW);
  } finally {
    folder.release();
  }
}

// RACE: a folder on the way to the target that is replaced by a link between the check and the opening is passed, and
// what is read may then come from outside. Only with `follow`, which trusts whoever makes links in the folder.
async function openFollowing(folders: Folders, path: RelPath): Promise<FileHandle> {
  const real = await realpath(folders.absolute(path));
  if (!folders.contains(real)) {
    throw refusal('ELOOP', 'read', folders.absolute(path), 'a link in it leads out of the folder');
  }
  return open(real, READ | O_NOFOLLOW);
}

class OpenFile implements LocalSource {
  readonly entry: Entry;
  readonly #folders: Folders;
  readonly #links: Links;
  readonly #handle: FileHandle;

  constructor(folders: Folders, links: Links, handle: FileHandle, entry: Entry) {
    this.#folders = folders;
    this.#links = links;
    this.#handle = handle;
    this.entry = entry;
  }

  // Ends at the size the file had when it was opened: a log that grows faster than it is sent must end some time.
  // `unchanged` tells that it grew.
  async *chunks(offset: number): AsyncGenerator<Uint8Array> {
    const end = this.entry.size ?? 0;
    const room = Math.max(0, Math.min(end < LARGE ? PIECE : LARGE_PIECE, end - offset));
    // Two, in turn: one piece is read while the one before it is on its way.
    let [buffer, other] = [Buffer.allocUnsafeSlow(room), Buffer.allocUnsafeSlow(end - offset > room ? room : 0)];
    for (let at = offset; at < end; [buffer, other] = [other, buffer]) {
      const filled = await this.#fill(buffer, Math.min(buffer.length, end - at), at);
      if (filled === 0) return; // cut short meanwhile; `unchanged` tells
      at += filled;
      yield buffer.subarray(0, filled);
    }
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, await this.#fill(buffer, length, offset));
  }

  async unchanged(): Promise<boolean> {
    const { path } = this.entry;
    try {
      if (!isSameEntry(this.entry, entryOf(path, await this.#handle.stat()))) return false;
      const named = await lookAt(this.#folders, path, this.#links);
      return named !== null && isSameEntry(this.entry, named);
    } catch (error) {
      if (errnoOf(error) === 'ELOOP') return false;
      throw localError(error, 'read', this.#folders.absolute(path));
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #fill(buffer: Buffer, length: number, position: number): Promise<number> {
    try {
      return await fill(this.#handle, buffer, length, position);
    } catch (error) {
      throw localError(error, 'read', this.#folders.absolute(this.entry.path));
    }
  }
}
