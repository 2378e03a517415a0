/**
 * A download on its way: written to a temporary file beside its target, made durable, and only then given the final
 * name. The final name holds the whole old bytes or the whole new bytes, at any moment.
 */
import type { Stats } from 'node:fs';
import { statfs } from 'node:fs/promises';
import {
  ChangingError,
  type Entry,
  type LocalStage,
  nameOf,
  parentOf,
  printable,
  type RelPath,
} from '../model/index.ts';
import type { DirectorySyncs } from './directory-syncs.ts';
import type { Disk } from './disk.ts';
import { entryOf, isSameEntry } from './entry.ts';
import { errnoOf, isAbsence, localError, refusal } from './failure.ts';
import { lstatIfThere, renameToFree } from './no-replace.ts';
import type { Folder, Folders } from './safe-path.ts';
import { openTemporary, type TemporaryFile } from './temporary-file.ts';

/** What a stage needs of the folder it works for. `syncs` is null where nothing is made durable. */
export interface Staging {
  readonly folders: Folders;
  readonly disk: Disk;
  readonly syncs: DirectorySyncs | null;
  readonly newMode: number;
}

type CommitOptions = Parameters<LocalStage['commit']>[0];

/** Rejects with a LocalError; throws a RangeError if the two names are not side by side. */
export async function openStage(
  staging: Staging,
  path: RelPath,
  temporary: RelPath,
  resume: boolean,
): Promise<LocalStage> {
  if (parentOf(path) !== parentOf(temporary)) {
    throw new RangeError(`${printable(temporary)} is not beside ${printable(path)}`);
  }
  const folder = await staging.folders.enter(parentOf(path), 'write');
  try {
    const file = await openTemporary(staging.disk, folder.at(nameOf(temporary)), resume);
    return new Stage(staging, folder, file, path, temporary);
  } catch (error) {
    folder.release();
    throw localError(error, 'write', staging.folders.absolute(temporary));
  }
}

class Stage implements LocalStage {
  readonly #staging: Staging;
  readonly #folder: Folder;
  readonly #disk: Disk;
  readonly #fd: number;
  readonly #path: RelPath;
  readonly #temporary: string;
  readonly #target: string;
  #size: number;
  // Pieces are written one after the other; one that failed fails all that follow, and the commit.
  #written: Promise<void> = Promise.resolve();
  /** Bytes since the temporary file was opened. */
  #added = 0;
  #open = true;
  /** What was written, once that is known. */
  #own: Stats | undefined;
  #finished = false;

  constructor(staging: Staging, folder: Folder, { fd, size }: TemporaryFile, path: RelPath, temporary: RelPath) {
    this.#staging = staging;
    this.#disk = staging.disk;
    this.#folder = folder;
    this.#fd = fd;
    this.#path = path;
    this.#temporary = folder.at(nameOf(temporary));
    this.#target = folder.at(nameOf(path));
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  write(chunk: Uint8Array): Promise<void> {
    this.#written = this.#written.then(() => this.#append(chunk));
    this.#written.catch(() => {}); // told by this promise, and again by commit
    return this.#written;
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    try {
      while (filled < length) {
        const count = await this.#disk.read(this.#fd, buffer, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return buffer.subarray(0, filled);
    } catch (error) {
      throw this.#failed(error, 'read');
    }
  }

  async commit(options: CommitOptions): Promise<Entry> {
    try {
      await this.#written;
      // Where nothing may be there, taking the name at the end is the look.
      const replaced = options.expected === null ? null : await lstatIfThere(this.#target);
      this.#requireExpected(options.expected, replaced);
      await this.#dress(options, replaced);
      if (this.#staging.syncs) await this.#disk.sync(this.#fd, this.#added);
      const stats = await this.#disk.fstat(this.#fd);
      await this.#close();
      this.#own = stats;
      if (!(await this.#isNamed())) throw this.#taken();
      await this.#publish(options.expected, stats);
      this.#staging.syncs?.add(this.#folder);
      this.#finish();
      return entryOf(this.#path, stats);
    } catch (error) {
      if (error instanceof ChangingError) throw error;
      throw this.#failed(error, 'write');
    }
  }

  async keep(): Promise<void> {
    try {
      await this.#written.catch(() => {}); // what did not get there is not counted in `size`
      if (this.#staging.syncs && this.#open) await this.#disk.sync(this.#fd, this.#added);
      await this.#close();
      if (!this.#finished) this.#staging.syncs?.add(this.#folder);
    } catch (error) {
      throw this.#failed(error, 'write');
    } finally {
      this.#finish();
    }
  }

  async discard(): Promise<void> {
    if (this.#finished) return;
    try {
      await this.#written.catch(() => {});
      if (this.#open) this.#own = await this.#disk.fstat(this.#fd);
      await this.#close();
      if ((await this.#folder.reaches()) && (await this.#isNamed())) await this.#disk.unlink(this.#temporary);
    } catch (error) {
      if (!isAbsence(error)) throw this.#failed(error, 'remove the temporary file of');
    } finally {
      this.#finish();
    }
  }

  async #append(chunk: Uint8Array): Promise<void> {
    let done = 0;
    try {
      while (done < chunk.length) {
        const count = await this.#disk.write(this.#fd, chunk, done, chunk.length - done, this.#size);
        done += count;
        this.#added += count;
        this.#size += count;
      }
    } catch (error) {
      throw await this.#full(error, chunk.length - done);
    }
  }

  // The last look before the name changes hands. A folder that was moved away meanwhile is no longer the target's.
  async #publish(expected: Entry | null | undefined, own: Stats): Promise<void> {
    if (!(await this.#folder.stands())) {
      throw new ChangingError(`the folder of ${printable(this.#path)} was moved while the file was written`);
    }
    if (expected === null) {
      try {
        await renameToFree(this.#disk, this.#temporary, this.#target);
      } catch (error) {
        // It has its name, and one too many; or a file server says EEXIST of what it did itself.
        if (await this.#isInPlace(own)) return this.#dropTemporary();
        if (errnoOf(error) === 'EEXIST') throw this.#changed();
        throw error;
      }
      return;
    }
    // RACE: what someone writes under the final name between this look and the rename is replaced; no call on offer
    // does both. Microseconds, as the content is on the disk by now.
    if (expected) this.#requireExpected(expected, await lstatIfThere(this.#target));
    await this.#disk.rename(this.#temporary, this.#target);
  }

  /** The file has its own name by now. What cannot be taken away is swept once it is old. */
  async #dropTemporary(): Promise<void> {
    try {
      await this.#disk.unlink(this.#temporary);
    } catch {}
  }

  async #isInPlace({ ino, dev }: Stats): Promise<boolean> {
    const there = await lstatIfThere(this.#target).catch(() => null);
    return there !== null && ino !== 0 && there.ino === ino && there.dev === dev;
  }

  #requireExpected(expected: Entry | null | undefined, present: Stats | null): void {
    if (expected === undefined) return;
    if (expected === null || present === null) {
      if (expected !== present) throw this.#changed();
      return;
    }
    if (present.isSymbolicLink() && expected.kind !== 'link') {
      throw refusal('ELOOP', 'write', this.#staging.folders.absolute(this.#path));
    }
    if (!isSameEntry(expected, entryOf(this.#path, present))) throw this.#changed();
  }

  /**
   * Permissions and time, before the file is seen under its name. A replaced file hands on its permissions and, where
   * Ferry may, its owner. Never a set-user-ID bit: neither a server nor an old file may give that to new content.
   */
  async #dress(options: CommitOptions, replaced: Stats | null): Promise<void> {
    const old = replaced?.isFile() ? replaced : null;
    if (process.platform !== 'win32') {
      if (old && process.geteuid?.() === 0) await ignoringRefusal(() => this.#disk.chown(this.#fd, old.uid, old.gid));
      const mode = (options.mode ?? old?.mode ?? this.#staging.newMode) & 0o777;
      await ignoringRefusal(() => this.#disk.chmod(this.#fd, mode));
    }
    if (options.mtime !== null) {
      // The system takes seconds as a double and cuts them off to whole microseconds or nanoseconds: half a microsecond
      // more keeps .123 from becoming .122999.
      const mtime = (options.mtime + 0.0005) / 1000;
      await ignoringRefusal(() => this.#disk.utimes(this.#fd, Date.now() / 1000, mtime));
    }
  }

  /** Whether the temporary name is still that of what was written, and not of what another run has begun since. */
  async #isNamed(): Promise<boolean> {
    const own = this.#own;
    try {
      const there = await this.#disk.lstat(this.#temporary);
      return !own || own.ino === 0 || (there.ino === own.ino && there.dev === own.dev);
    } catch (error) {
      if (isAbsence(error)) return false;
      throw error;
    }
  }

  #taken(): ChangingError {
    return new ChangingError(`another run writes ${printable(this.#path)} at the same time; let only one do that`);
  }

  #changed(): ChangingError {
    return new ChangingError(`${printable(this.#path)} changed while its new content arrived; it is looked at again`);
  }

  async #full(error: unknown, needed: number): Promise<Error> {
    const errno = errnoOf(error);
    if (errno !== 'ENOSPC' && errno !== 'EDQUOT') return this.#failed(error, 'write');
    const free = await statfs(this.#staging.folders.root).then(
      (disk) => `, ${disk.bavail * disk.bsize} bytes are free`,
      () => '',
    );
    const what = errno === 'ENOSPC' ? 'no room left on the disk' : 'the disk quota is used up';
    const detail = `${what}: at least ${needed} bytes more are needed after ${this.#size}${free}; free some and run again`;
    return localError(error, 'write', this.#staging.folders.absolute(this.#path), detail);
  }

  #failed(error: unknown, doing: string): Error {
    return localError(error, doing, this.#staging.folders.absolute(this.#path));
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#disk.close(this.#fd);
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#folder.release();
  }
}

// File systems without permissions or owners (FAT, some network disks) refuse to set them; the content is what counts.
async function ignoringRefusal(set: () => Promise<void> | void): Promise<void> {
  try {
    await set();
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'EACCES'].includes(errnoOf(error))) throw error;
  }
}
