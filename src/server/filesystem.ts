// What the server needs from a disk, as a small port, and the port's implementation on node:fs. Tests put a failing disk in
// its place.
import {
  close,
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  lstatSync,
  openSync,
  promises,
  read,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  type Stats,
  writeSync,
  writev,
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
  /** Writes all the chunks, in order, from `position` on. */
  write(chunks: readonly Buffer[], position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The disk below the server. Names come and go as latin1 strings, one character a byte. */
export interface FileSystem {
  /** `flags` are node's `fs.constants.O_*`. */
  open(path: NativePath, flags: number, mode?: number): Promise<OpenFile>;
  lstat(path: NativePath): Promise<Stats>;
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

class DiskFile implements OpenFile {
  readonly #descriptor: number;
  #dirty = false;

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

  async write(chunks: readonly Buffer[], position: number): Promise<void> {
    this.#dirty = true;
    let rest = chunks;
    let at = position;
    while (rest.length > 0) {
      const written = await this.#some(rest, at);
      at += written;
      rest = after(rest, written);
    }
  }

  // A disk that is nearly full takes a part of what it is given and fails on the next call only.
  async #some(chunks: readonly Buffer[], position: number): Promise<number> {
    const first = chunks[0]!;
    if (chunks.length === 1 && first.length <= small)
      return writeSync(this.#descriptor, first, 0, first.length, position);
    return await new Promise((resolve, reject) => {
      // 1024 is Linux's IOV_MAX.
      writev(this.#descriptor, chunks.slice(0, 1024), position, (error, bytes) =>
        error ? reject(error) : resolve(bytes),
      );
    });
  }

  async truncate(size: number): Promise<void> {
    this.#dirty = true;
    ftruncateSync(this.#descriptor, size);
  }

  async sync(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      fsync(this.#descriptor, (error) => (error ? reject(error) : resolve()));
    });
  }

  // Closing what was written may write it (NFS, quotas): that waits in the thread pool, and its error counts.
  async close(): Promise<void> {
    if (!this.#dirty) return closeSync(this.#descriptor);
    await new Promise<void>((resolve, reject) => {
      close(this.#descriptor, (error) => (error ? reject(error) : resolve()));
    });
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
    return lstatSync(path);
  },
  async realpath(path) {
    return realpathSync.native(path, { encoding: 'latin1' });
  },
  async readlink(path) {
    return readlinkSync(path, { encoding: 'latin1' });
  },
  readdir: (path) => promises.readdir(path, { encoding: 'latin1' }),
  async mkdir(path) {
    await promises.mkdir(path);
  },
  rmdir: (path) => promises.rmdir(path),
  unlink: (path) => promises.unlink(path),
  async rename(from, to) {
    renameSync(from, to);
  },
  // libuv cuts a time in seconds down to nanoseconds; half a microsecond more keeps x.123 from becoming x.122.
  utimes: (path, mtime) => promises.utimes(path, new Date(), (mtime + 0.0005) / 1000),
  chmod: (path, mode) => promises.chmod(path, mode),
};

// A pipe put in a file's place between look and open must not stop the server (0 where the system has no such flag).
const noWait = constants.O_NONBLOCK ?? 0;
