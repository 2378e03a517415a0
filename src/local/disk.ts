/**
 * The system calls that a download makes for its one file: directly while the disk is quick, in threads while it is not
 * (see `brisk.ts`). What a call answers, and what it throws, is the same either way; callers await it.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { Brisk } from './brisk.ts';
import { fsync, link, lstat, rename, unlink } from './calls.ts';

/** ms beyond which a sync is left to threads: many of them at once are what a real disk takes best. */
const QUICK_SYNC = 0.5;
/** Bytes that are read or written directly at most; more are handed to a thread, which then does real work. */
const SMALL = 64 * 1024;

const threaded = {
  open: promisify(fs.open) as (path: string, flags: number, mode?: number) => Promise<number>,
  fstat: promisify(fs.fstat) as (fd: number) => Promise<fs.Stats>,
  fchmod: promisify(fs.fchmod),
  fchown: promisify(fs.fchown),
  futimes: promisify(fs.futimes),
  close: promisify(fs.close),
  read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> =>
    new Promise((resolve, reject) =>
      fs.read(fd, buffer, offset, length, position, (error, count) => (error ? reject(error) : resolve(count))),
    ),
  write: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> =>
    new Promise((resolve, reject) =>
      fs.write(fd, buffer, offset, length, position, (error, count) => (error ? reject(error) : resolve(count))),
    ),
};

type Answer<T> = T | Promise<T>;

export class Disk {
  readonly #calls: Brisk;
  readonly #syncs = new Brisk(undefined, QUICK_SYNC);

  constructor(calls = new Brisk()) {
    this.#calls = calls;
  }

  open(path: string, flags: number, mode?: number): Answer<number> {
    return this.#calls.call(
      () => fs.openSync(path, flags, mode),
      () => threaded.open(path, flags, mode),
    );
  }

  close(fd: number): Answer<void> {
    return this.#calls.call(
      () => fs.closeSync(fd),
      () => threaded.close(fd),
    );
  }

  /** Resolves with how many bytes were read; fewer than `length` are no sign of the end, none are. */
  read(fd: number, into: Uint8Array, offset: number, length: number, position: number): Answer<number> {
    const reading = () => threaded.read(fd, into, offset, length, position);
    if (length > SMALL) return reading();
    return this.#calls.call(() => fs.readSync(fd, into, offset, length, position), reading);
  }

  /** Resolves with how many bytes were written, which may be fewer than `length`. */
  write(fd: number, from: Uint8Array, offset: number, length: number, position: number): Answer<number> {
    const writing = () => threaded.write(fd, from, offset, length, position);
    if (length > SMALL) return writing();
    return this.#calls.call(() => fs.writeSync(fd, from, offset, length, position), writing);
  }

  fstat(fd: number): Answer<fs.Stats> {
    return this.#calls.call(
      () => fs.fstatSync(fd),
      () => threaded.fstat(fd),
    );
  }

  chmod(fd: number, mode: number): Answer<void> {
    return this.#calls.call(
      () => fs.fchmodSync(fd, mode),
      () => threaded.fchmod(fd, mode),
    );
  }

  chown(fd: number, uid: number, gid: number): Answer<void> {
    return this.#calls.call(
      () => fs.fchownSync(fd, uid, gid),
      () => threaded.fchown(fd, uid, gid),
    );
  }

  /** Times in seconds since 1970, UTC. */
  utimes(fd: number, atime: number, mtime: number): Answer<void> {
    return this.#calls.call(
      () => fs.futimesSync(fd, atime, mtime),
      () => threaded.futimes(fd, atime, mtime),
    );
  }

  /** @param written bytes that this puts on the disk: only a few are written directly */
  sync(fd: number, written: number): Answer<void> {
    if (written > SMALL) return fsync(fd);
    return this.#syncs.call(
      () => fs.fsyncSync(fd),
      () => fsync(fd),
    );
  }

  lstat(path: string): Answer<fs.Stats> {
    return this.#calls.call(
      () => fs.lstatSync(path),
      () => lstat(path),
    );
  }

  link(from: string, to: string): Answer<void> {
    return this.#calls.call(
      () => fs.linkSync(from, to),
      () => link(from, to),
    );
  }

  rename(from: string, to: string): Answer<void> {
    return this.#calls.call(
      () => fs.renameSync(from, to),
      () => rename(from, to),
    );
  }

  unlink(path: string): Answer<void> {
    return this.#calls.call(
      () => fs.unlinkSync(path),
      () => unlink(path),
    );
  }
}
