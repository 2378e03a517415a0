/**
 * What the system says about a folder, as paths that something happened to: chokidar, one watch a directory.
 *
 * Files are not watched one by one: what happens in a directory is told by its own watch, under the file's name, so that
 * a folder of 100,000 files in 200 directories takes 200 of the system's watches. What a notice means is found out by a
 * look at the path.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { type RelPath, ROOT, toRelPath } from '../model/index.ts';
import type { Seen } from './look.ts';

/** Why notices cannot be relied on any more. */
export type Trouble =
  /** The system has no watches left. */
  | { readonly kind: 'exhausted'; readonly error: Error }
  /** So much happened at once that the system may have dropped notices. */
  | { readonly kind: 'overflow' }
  /** The folder itself went, or is another one by now; its watch went with it. */
  | { readonly kind: 'root' }
  /** Anything else that was reported; watching goes on. */
  | { readonly kind: 'error'; readonly error: Error };

export interface NoticesOptions {
  /** Absolute. */
  readonly root: string;
  readonly admits: (path: RelPath, kind: 'file' | 'directory') => boolean;
  readonly followLinks: boolean;
  /** ms between two looks at every file, instead of the system's notices; null: notices. */
  readonly polling: number | null;
  readonly onPath: (path: RelPath) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

const EXHAUSTED = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

/** How many notices Linux holds for a program; what comes on top is dropped without a word that Node would pass on. */
function longestQueue(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

export class Notices {
  readonly #options: NoticesOptions;
  readonly #watcher: FSWatcher;
  /** Every directory that is watched, with its inode. */
  readonly #watched = new Map<RelPath, number>();
  readonly #ready: Promise<void>;
  readonly #full = longestQueue() * 0.9;
  #atOnce = 0;
  #closed = false;

  constructor(options: NoticesOptions) {
    this.#options = options;
    const polling = options.polling !== null;
    this.#watcher = watch(options.root, {
      usePolling: polling,
      ...(polling ? { interval: options.polling!, binaryInterval: options.polling! } : {}),
      followSymlinks: options.followLinks,
      // What settles, and what belongs together, is found out elsewhere.
      atomic: false,
      ignored: (file, stats) => this.#isIgnored(file, stats),
    });
    this.#ready = new Promise((resolve) => {
      this.#watcher.once('ready', resolve);
    });
    this.#listen();
  }

  /** Resolves once everything is watched. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Directories that are watched. */
  get directories(): number {
    return this.#watched.size;
  }

  /**
   * Brings the watch in line with what a look at a path showed. A directory that was removed and made again is another
   * one, which chokidar takes for the one it knew, and a directory made while its parent was being read is not known
   * to it: both would never be heard of again.
   */
  async heed(path: RelPath, { directory }: Seen): Promise<void> {
    if (this.#closed || path === ROOT) return;
    if (!directory) return this.#letGo(path);
    if (!this.#options.admits(path, 'directory')) return;
    try {
      if (this.#watched.get(path) !== directory.inode) this.#watchAnew(path, directory.inode);
      else await this.#watchWithin(path);
    } catch (error) {
      this.#options.onTrouble({ kind: 'error', error: error as Error });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watcher.close();
  }

  #listen(): void {
    let ready = false;
    void this.#ready.then(() => {
      ready = true;
    });
    const watcher = this.#watcher;
    watcher.on('raw', (event, name, details) => {
      const { watchedPath } = details as { watchedPath?: string };
      // A poll's notices are told by the events below.
      if (watchedPath !== undefined) this.#heard(String(event), watchedPath, name === null ? null : String(name));
    });
    watcher.on('all', (event, file, stats) => {
      const path = this.#pathOf(file);
      if (path === undefined) return;
      if (event === 'addDir') this.#watched.set(path, stats?.ino ?? 0);
      if (event === 'unlinkDir') this.#watched.delete(path);
      // Though it may be back in a moment, with the same inode.
      if (event === 'unlinkDir' && path === ROOT) this.#lostRoot();
      // What is there to begin with is seen by the run that a watch begins with.
      if (ready) this.#tell(path);
    });
    watcher.on('error', (error) => {
      const kind = EXHAUSTED.has((error as NodeJS.ErrnoException).code ?? '') ? 'exhausted' : 'error';
      if (!this.#closed) this.#options.onTrouble({ kind, error: error as Error });
    });
  }

  #heard(event: string, directory: string, name: string | null): void {
    if (this.#closed) return;
    if (this.#atOnce === 0) {
      setImmediate(() => {
        this.#atOnce = 0;
      });
    }
    if (++this.#atOnce === Math.floor(this.#full)) this.#options.onTrouble({ kind: 'overflow' });
    const own = this.#pathOf(directory);
    if (own === undefined) return;
    // Windows says no name where it lost count.
    if (name === null && own === ROOT) this.#options.onTrouble({ kind: 'overflow' });
    // A directory that goes is told under its own name, as if it were in it.
    if (name === null || name === basename(directory)) {
      // Whatever has its name from now on is another one, though it may well have been given the same inode.
      if (event === 'rename') this.#watched.delete(own);
      if (event === 'rename' && own === ROOT && !existsSync(join(directory, basename(directory)))) this.#lostRoot();
      this.#tell(own);
    }
    const path = name === null ? undefined : this.#pathOf(join(directory, name));
    if (path !== undefined) this.#tell(path);
  }

  #lostRoot(): void {
    if (!this.#closed) this.#options.onTrouble({ kind: 'root' });
  }

  #tell(path: RelPath): void {
    const { admits, onPath } = this.#options;
    if (path !== ROOT && (admits(path, 'file') || admits(path, 'directory'))) onPath(path);
  }

  /** Of a directory that went while it was being read chokidar keeps a record for good; over weeks that adds up. */
  #letGo(path: RelPath): void {
    const file = this.#fileOf(path);
    if (!this.#watcher._closers.has(file)) this.#watcher._watched.delete(file);
  }

  #watchAnew(path: RelPath, inode: number): void {
    const file = this.#fileOf(path);
    for (const known of [...this.#watched.keys()]) {
      if (known === path || known.startsWith(`${path}/`)) this.#watched.delete(known);
    }
    this.#watched.set(path, inode);
    // Lets go of the directory that was there and of all below it; there is no public way to say so.
    this.#watcher._remove(dirname(file), basename(file), true);
    this.#watcher.add(file);
    // By the time it is watched more may have happened in it.
    this.#options.onPath(path);
  }

  async #watchWithin(path: RelPath): Promise<void> {
    const file = this.#fileOf(path);
    const entries = await readdir(file, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const below = this.#pathOf(join(file, entry.name));
      if (below === undefined || this.#watched.has(below) || !this.#options.admits(below, 'directory')) continue;
      if (!this.#closed) this.#options.onPath(below);
    }
  }

  #isIgnored(file: string, stats?: { isDirectory(): boolean; isFile(): boolean; isSymbolicLink(): boolean }): boolean {
    const path = this.#pathOf(file);
    if (path === ROOT) return false;
    if (path === undefined) return true;
    const { admits, polling, followLinks } = this.#options;
    if (stats === undefined) return !admits(path, 'file') && !admits(path, 'directory');
    if (stats.isDirectory()) return !admits(path, 'directory');
    if (stats.isSymbolicLink()) return !followLinks || !admits(path, 'directory');
    return polling === null || !stats.isFile() || !admits(path, 'file');
  }

  #fileOf(path: RelPath): string {
    return join(this.#options.root, ...path.split('/'));
  }

  /** Undefined for what cannot be carried anyway: a walk of everything tells of it. */
  #pathOf(file: string): RelPath | undefined {
    const below = relative(this.#options.root, file);
    if (below === '') return ROOT;
    try {
      return toRelPath(sep === '/' ? below : below.replaceAll(sep, '/'));
    } catch {
      return undefined;
    }
  }
}
