// What the server needs from a disk, as a small port, and the port's implementation on node:fs. Tests put a failing disk in
// its place.
import {
  chmodSync,
  close,
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncate,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  promises,
  read,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  utimesSync,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';

/**
 * A path in the file system's own bytes: a string where it is ASCII, a Buffer otherwise, so that names that are not valid
 * UTF-8 are carried exactly.
 */
export type NativePath = string | Buffer;

/** One open file. Every method rejects with Node's errno errors (`code`: `ENOSPC`, `EIO`, ...). */
export interface OpenFile {
  stat(): Promise<Stats>;
  /** Reads up to `buffer.length` bytes at `position`; answers how many, 0 at the end of the file. */
  read(buffer: Buffer, position: number): Promise<number>;
  /**
   * Writes all the chunks, in order, from `position` on. Answers nothing when that is done already; may throw then. The
   * chunks' memory is used for other things afterwards: what is to be kept is to be copied.
   */
  write(chunks: readonly Buffer[], position: number): void | Promise<void>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The disk below the server. Names come and go as latin1 strings, one character a byte. */
export interface FileSystem {
  /** `flags` are node's `fs.constants.O_*`. */
  open(path: NativePath, flags: number, mode?: number): Promise<OpenFile>;
  /** Answers nothing where nothing is: what an upload asks of most names, and an error costs more than the look. */
  lstat(path: NativePath): Promise<Stats | undefined>;
  realpath(path: NativePath): Promise<string>;
  readlink(path: NativePath): Promise<string>;
  readdir(path: NativePath): Promise<string[]>;
  mkdir(path: NativePath): Promise<void>;
  rmdir(path: NativePath): Promise<void>;
  unlink(path: NativePath): Promise<void>;
  rename(from: NativePath, to: NativePath): Promise<void>;
  /** `mtime` in ms since 1970, UTC. */
  utimes(path: NativePath, mtime: number): Promise<void>;
  chmod(path: NativePath, mode: number): Promise<void>;
}

/** The path as node:fs wants it, from the server's own form (one character a byte). */
export function native(path: string): NativePath {
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}

/** The server's own form (one character a byte) of a path in Unicode. */
export function toBytes(path: string): string {
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'utf8').toString('latin1');
}

/** Unicode, for events and messages, of the server's own form (one character a byte). */
export function toUnicode(path: string): string {
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1').toString('utf8');
}

// A piece of this size goes through the page cache in less time than a trip to the thread pool and back takes.
const small = 64 * 1024;

// A write of up to this size may be made directly, bytes.
const littleToWrite = 256 * 1024;
// Linux's IOV_MAX.
const mostPieces = 1024;

// What may have to write more than this is left to a thread, bytes.
const muchToWrite = 1024 * 1024;

/**
 * Calls that act on the disk (write, close, unlink, chmod, ...) are made directly as long as they are quick, which saves
 * most of their cost; after two that took long, they go to a thread for a while.
 */
class Brisk {
  static readonly #while = 1000;
  // Quick calls after which a slow one is forgotten: one alone was the process waiting for its turn, not the disk.
  static readonly #forgetting = 256;
  readonly #long: number;
  #slowUntil = 0;
  #suspicious = 0;

  /** `long` in ms. */
  constructor(long: number) {
    this.#long = long;
  }

  /** `directly` where that is likely to be quick, else `inThread`. */
  call(directly: () => void, inThread: () => Promise<void>): void | Promise<void> {
    const begun = performance.now();
    if (begun < this.#slowUntil) return inThread();
    try {
      directly();
    } finally {
      this.#note(performance.now(), begun);
    }
  }

  #note(ended: number, begun: number): void {
    if (ended - begun <= this.#long) {
      if (this.#suspicious > 0) this.#suspicious--;
    } else if (this.#suspicious > 0) {
      this.#slowUntil = ended + Brisk.#while;
    } else {
      this.#suspicious = Brisk.#forgetting;
    }
  }
}

const brisk = new Brisk(5);
// Bytes go to memory first; a disk that has to be waited for makes itself felt in longer pauses than those of a process that
// waits for its turn on a busy machine, after which a thread would only make things worse.
const briskWrites = new Brisk(20);

class DiskFile implements OpenFile {
  readonly #descriptor: number;
  #written = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async stat(): Promise<Stats> {
    return fstatSync(this.#descriptor);
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    if (buffer.length <= small) return readSync(this.#descriptor, buffer, 0, buffer.length, position);
    return await new Promise((resolve, reject) => {
      read(this.#descriptor, buffer, 0, buffer.length, position, (error, bytes) =>
        error ? reject(error) : resolve(bytes),
      );
    });
  }

  write(chunks: readonly Buffer[], position: number): void | Promise<void> {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#written += size;
    const inThread = () => this.#writeInThread(chunks, position);
    if (size > littleToWrite) return inThread();
    return briskWrites.call(() => this.#writeDirectly(chunks, position), inThread);
  }

  // A disk that is nearly full takes a part of what it is given and fails on the next call only.
  #writeDirectly(chunks: readonly Buffer[], position: number): void {
    let rest = chunks;
    for (let at = position; rest.length > 0; ) {
      const first = rest[0]!;
      const written =
        rest.length === 1
          ? writeSync(this.#descriptor, first, 0, first.length, at)
          : writevSync(this.#descriptor, rest.slice(0, mostPieces), at);
      if (written === first.length && rest.length === 1) return;
      at += written;
      rest = after(rest, written);
    }
  }

  async #writeInThread(chunks: readonly Buffer[], position: number): Promise<void> {
    let rest = chunks;
    for (let at = position; rest.length > 0; ) {
      const written = await new Promise<number>((resolve, reject) => {
        writev(this.#descriptor, rest.slice(0, mostPieces), at, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        );
      });
      at += written;
      rest = after(rest, written);
    }
  }

  async truncate(size: number): Promise<void> {
    // To free the blocks of a large file takes its time.
    if (fstatSync(this.#descriptor).size - size <= muchToWrite) return ftruncateSync(this.#descriptor, size);
    await new Promise<void>((resolve, reject) => {
      ftruncate(this.#descriptor, size, (error) => (error ? reject(error) : resolve()));
    });
  }

  async sync(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      fsync(this.#descriptor, (error) => (error ? reject(error) : resolve()));
    });
  }

  // Closing what was written may write it (NFS, quotas), and its error counts.
  async close(): Promise<void> {
    const inThread = () =>
      new Promise<void>((resolve, reject) => {
        close(this.#descriptor, (error) => (error ? reject(error) : resolve()));
      });
    if (this.#written > muchToWrite) return await inThread();
    await brisk.call(() => closeSync(this.#descriptor), inThread);
  }
}

function after(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      rest.push(skip > 0 ? chunk.subarray(skip) : chunk);
      skip = 0;
    }
  }
  return rest;
}

/**
 * The local disk. What only looks (lstat, realpath, open) is called synchronously: on a local disk it takes microseconds,
 * a trip to the thread pool ten times as long, and between a check and the open that rests on it no other session of
 * this server can act.
 * LIMIT: on a network mount that hangs, the whole server waits with it.
 */
export const disk: FileSystem = {
  async open(path, flags, mode = 0o666) {
    return new DiskFile(openSync(path, flags | noWait, mode));
  },
  async lstat(path) {
    return lstatSync(path, { throwIfNoEntry: false });
  },
  async realpath(path) {
    return realpathSync.native(path, { encoding: 'latin1' });
  },
  async readlink(path) {
    return readlinkSync(path, { encoding: 'latin1' });
  },
  readdir: (path) => promises.readdir(path, { encoding: 'latin1' }),
  async mkdir(path) {
    await brisk.call(
      () => void mkdirSync(path),
      () => promises.mkdir(path).then(() => {}),
    );
  },
  async rmdir(path) {
    await brisk.call(
      () => rmdirSync(path),
      () => promises.rmdir(path),
    );
  },
  async unlink(path) {
    await brisk.call(
      () => unlinkSync(path),
      () => promises.unlink(path),
    );
  },
  async rename(from, to) {
    renameSync(from, to);
  },
  async utimes(path, mtime) {
    // libuv cuts a time in seconds down to nanoseconds; half a microsecond more keeps x.123 from becoming x.122.
    const seconds = (mtime + 0.0005) / 1000;
    await brisk.call(
      () => utimesSync(path, new Date(), seconds),
      () => promises.utimes(path, new Date(), seconds),
    );
  },
  async chmod(path, mode) {
    await brisk.call(
      () => chmodSync(path, mode),
      () => promises.chmod(path, mode),
    );
  },
};

// A pipe put in a file's place between look and open must not stop the server (0 where the system has no such flag).
const noWait = constants.O_NONBLOCK ?? 0;
