/** A small file read in one go, while the disk is quick: its bytes are at hand before anyone asks for them. */
import fs from 'node:fs';
import type { Entry, LocalSource, RelPath } from '../model/index.ts';
import type { Brisk } from './brisk.ts';
import { O_NOFOLLOW, O_NONBLOCK } from './calls.ts';
import { entryOf, isSameEntry } from './entry.ts';
import type { Folders } from './safe-path.ts';

const READ = fs.constants.O_RDONLY | O_NONBLOCK | O_NOFOLLOW;

/**
 * Undefined wherever there is anything to be said about it: a slow disk, a link on the way, a file that is missing,
 * large, or cut short meanwhile. The long way then says it.
 */
export function openSmall(folders: Folders, path: RelPath, brisk: Brisk, largest: number): LocalSource | undefined {
  return brisk.try(() => {
    const absolute = folders.absolute(path);
    let fd: number;
    try {
      fd = fs.openSync(absolute, READ);
    } catch {
      return undefined;
    }
    try {
      // The kernel says where what was opened really is: elsewhere, if any component of the path is a link.
      if (folders.whereIs(fd) !== absolute) return undefined;
      const stats = fs.fstatSync(fd);
      if (!stats.isFile() || stats.size > largest) return undefined;
      const content = Buffer.allocUnsafe(stats.size);
      let filled = 0;
      while (filled < content.length) {
        const count = fs.readSync(fd, content, filled, content.length - filled, filled);
        if (count === 0) return undefined;
        filled += count;
      }
      return new SmallFile(entryOf(path, stats), content, absolute, brisk);
    } catch {
      return undefined;
    } finally {
      fs.closeSync(fd);
    }
  });
}

class SmallFile implements LocalSource {
  readonly entry: Entry;
  readonly #content: Buffer;
  readonly #absolute: string;
  readonly #brisk: Brisk;

  constructor(entry: Entry, content: Buffer, absolute: string, brisk: Brisk) {
    this.entry = entry;
    this.#content = content;
    this.#absolute = absolute;
    this.#brisk = brisk;
  }

  async *chunks(offset: number): AsyncGenerator<Uint8Array> {
    if (offset < this.#content.length) yield this.#content.subarray(offset);
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    return this.#content.subarray(offset, offset + length);
  }

  async unchanged(): Promise<boolean> {
    try {
      const direct = this.#brisk.try(() => fs.lstatSync(this.#absolute));
      const stats = direct ?? (await fs.promises.lstat(this.#absolute));
      return isSameEntry(this.entry, entryOf(this.entry.path, stats));
    } catch {
      // Gone, or out of reach: either way no longer what was read.
      return false;
    }
  }

  async close(): Promise<void> {}
}
