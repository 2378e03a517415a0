/**
 * Reaches the folders below the root without ever passing through a link, whoever plants one and whenever.
 *
 * On Linux a folder is opened, and the kernel is asked where what was opened really is. Only if that is the place meant
 * is anything done in it, by `/proc/self/fd/<folder>/<name>`: whatever happens to the path afterwards, the call lands in
 * the folder that was checked. Elsewhere every component is looked at with lstat.
 * RACE: there, a link planted between the look and the call is passed. It takes someone who may write to the folder
 * and hits the microseconds between the two.
 */
import fs from 'node:fs';
import { sep } from 'node:path';
import { type RelPath, ROOT } from '../model/index.ts';
import { fsync, lstat, O_DIRECTORY, O_NOFOLLOW, openNumber, realpath } from './calls.ts';
import { errnoOf, localError, refusal } from './failure.ts';

/** A folder that was reached without passing through a link. Every holder releases it once. */
export interface Folder {
  readonly path: RelPath;
  /** What system calls take for `name` in this folder; the folder itself without one. */
  at(name?: string): string;
  /** Whether its path still leads to it. */
  stands(): Promise<boolean>;
  /** Whether what {@link at} gives still leads to it: always where calls are anchored to the open folder. */
  reaches(): Promise<boolean>;
  /** One more holder. */
  retain(): Folder;
  release(): void;
  /** Makes the names in it durable. */
  sync(): Promise<void>;
}

const FD = '/proc/self/fd';

/** Whether paths can be anchored to an open folder here. */
export function canAnchor(): boolean {
  return process.platform === 'linux' && fs.existsSync(FD);
}

/** Where an open folder is, as the kernel sees it. A read of /proc waits for no disk. */
function whereIs(fd: number): string {
  return fs.readlinkSync(`${FD}/${fd}`);
}

class AnchoredFolder implements Folder {
  readonly path: RelPath;
  readonly #fd: number;
  readonly #place: string;
  readonly #closed: (folder: AnchoredFolder) => void;
  #holders = 1;

  constructor(path: RelPath, fd: number, place: string, closed: (folder: AnchoredFolder) => void) {
    this.path = path;
    this.#fd = fd;
    this.#place = place;
    this.#closed = closed;
  }

  at(name?: string): string {
    return name === undefined ? `${FD}/${this.#fd}` : `${FD}/${this.#fd}/${name}`;
  }

  isInPlace(): boolean {
    return this.#holders > 0 && whereIs(this.#fd) === this.#place;
  }

  async stands(): Promise<boolean> {
    return this.isInPlace();
  }

  async reaches(): Promise<boolean> {
    return true;
  }

  retain(): Folder {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.#closed(this);
    fs.close(this.#fd, () => {});
  }

  async sync(): Promise<void> {
    await fsync(this.#fd);
  }
}

class CheckedFolder implements Folder {
  readonly path: RelPath;
  readonly #absolute: string;
  readonly #walk: () => Promise<void>;

  constructor(path: RelPath, absolute: string, walk: () => Promise<void>) {
    this.path = path;
    this.#absolute = absolute;
    this.#walk = walk;
  }

  at(name?: string): string {
    return name === undefined ? this.#absolute : this.#absolute + (this.#absolute.endsWith(sep) ? '' : sep) + name;
  }

  async stands(): Promise<boolean> {
    return this.#walk().then(
      () => true,
      () => false,
    );
  }

  reaches(): Promise<boolean> {
    return this.stands();
  }

  retain(): Folder {
    return this;
  }

  release(): void {}

  async sync(): Promise<void> {
    if (process.platform === 'win32') return; // a directory cannot be synced there
    const fd = await openNumber(this.#absolute, fs.constants.O_RDONLY);
    try {
      await fsync(fd);
    } finally {
      fs.close(fd, () => {});
    }
  }
}

/** The folders of one root. */
export class Folders {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly #anchored: boolean;
  // Folders that someone holds; a held one is shared, after a look whether its path still leads there.
  readonly #held = new Map<RelPath, AnchoredFolder>();

  constructor(root: string, anchored: boolean = canAnchor()) {
    this.root = root;
    this.#anchored = anchored;
  }

  /** Where an open file really is; undefined where the system does not say. */
  whereIs(fd: number): string | undefined {
    return this.#anchored ? whereIs(fd) : undefined;
  }

  /** The absolute path, for messages and for reading. */
  absolute(path: RelPath): string {
    if (path === ROOT) return this.root;
    const native = sep === '/' ? path : path.replaceAll('/', sep);
    return this.root.endsWith(sep) ? this.root + native : this.root + sep + native;
  }

  /** Whether an absolute path, its links resolved, is the root or below it. */
  contains(real: string): boolean {
    return real === this.root || real.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep);
  }

  /**
   * Reaches a folder. Rejects with a LocalError: ELOOP if a component is a link, ENOTDIR if it is something else,
   * ENOENT if it is missing. `doing` completes the message's 'cannot …'.
   */
  async enter(path: RelPath, doing: string): Promise<Folder> {
    if (!this.#anchored) {
      await this.#walk(path, doing);
      return new CheckedFolder(path, this.absolute(path), () => this.#walk(path, doing));
    }
    const shared = this.#held.get(path);
    if (shared?.isInPlace()) return shared.retain();
    const absolute = this.absolute(path);
    let fd: number;
    try {
      fd = await openNumber(absolute, fs.constants.O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ELOOP' || errno === 'ENOTDIR') await this.#walk(path, doing);
      throw localError(error, doing, absolute);
    }
    try {
      const place = whereIs(fd);
      if (place !== absolute) await this.#recognise(path, doing, fd);
      const folder = new AnchoredFolder(path, fd, place, (closed) => {
        if (this.#held.get(path) === closed) this.#held.delete(path);
      });
      this.#held.set(path, folder);
      return folder;
    } catch (error) {
      fs.close(fd, () => {});
      throw localError(error, doing, absolute);
    }
  }

  /**
   * Reaches a folder for reading where links are followed: its real place need only be inside the root.
   */
  async enterFollowing(path: RelPath, doing: string): Promise<Folder> {
    const absolute = this.absolute(path);
    let real: string;
    try {
      real = await realpath(absolute);
    } catch (error) {
      throw localError(error, doing, absolute);
    }
    if (!this.contains(real)) throw refusal('ELOOP', doing, absolute, 'a link in it leads out of the folder');
    const inside = real.slice(this.root.length).split(sep).filter(Boolean).join('/') as RelPath;
    return this.enter(inside, doing);
  }

  // Where the file system folds case or Unicode forms, the kernel spells the place in its own way. It is the right one
  // if no component is a link and both ways lead to the same inode.
  async #recognise(path: RelPath, doing: string, fd: number): Promise<void> {
    await this.#walk(path, doing);
    const named = await lstat(this.absolute(path));
    const opened = fs.fstatSync(fd);
    if (named.ino !== opened.ino || named.dev !== opened.dev) throw refusal('ELOOP', doing, this.absolute(path));
  }

  async #walk(path: RelPath, doing: string): Promise<void> {
    let at = ROOT;
    await this.#requireDirectory(at, doing);
    for (const segment of path === ROOT ? [] : path.split('/')) {
      at = (at === ROOT ? segment : `${at}/${segment}`) as RelPath;
      await this.#requireDirectory(at, doing);
    }
  }

  async #requireDirectory(path: RelPath, doing: string): Promise<void> {
    const absolute = this.absolute(path);
    let stats: fs.Stats;
    try {
      stats = await lstat(absolute);
    } catch (error) {
      throw localError(error, doing, absolute);
    }
    if (stats.isSymbolicLink()) throw refusal('ELOOP', doing, absolute);
    if (!stats.isDirectory()) throw refusal('ENOTDIR', doing, absolute);
  }
}
