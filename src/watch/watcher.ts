/** Watches a folder: notices come in, looks tell what stands still, batches of paths go out. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RelPath } from '../model/index.ts';
import type { Clock } from './clock.ts';
import { look } from './look.ts';
import { Notices, type Trouble } from './notices.ts';
import { type Asked, Settling } from './settling.ts';

export interface WatcherOptions {
  /** Absolute. */
  readonly root: string;
  readonly admits: (path: RelPath, kind: 'file' | 'directory') => boolean;
  readonly followLinks: boolean;
  /** How long a path must have stood still, in ms. */
  readonly settle: number;
  /** ms between two looks at every file, instead of the system's notices; null: notices. */
  readonly polling: number | null;
  readonly clock: Clock;
  /** Told when {@link Watcher.take} has something, and when the first path moves after all was still. */
  readonly onChange: () => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

/** Looks at a time: enough to keep the system's few threads busy. */
const AT_ONCE = 32;
/** How often it is made sure that the folder is still the one that is watched, in ms. */
const ROOT_EVERY = 1000;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #notices: Notices;
  readonly #settling: Settling;
  #cancel: (() => void) | undefined;
  #looking = false;
  #closed = false;
  #cancelRoot: (() => void) | undefined;
  #root: string | undefined;

  private constructor(options: WatcherOptions, root: string) {
    this.#options = options;
    this.#root = root;
    this.#settling = new Settling(options.settle);
    this.#notices = new Notices({
      ...options,
      onPath: (path) => this.notice(path),
    });
    this.#watchRoot();
  }

  /** Resolves once everything is watched, that is at the latest when `onTrouble` was told that it cannot be. */
  static async open(options: WatcherOptions): Promise<Watcher> {
    const watcher = new Watcher(options, await identity(options.root));
    await watcher.#notices.ready();
    return watcher;
  }

  /** Directories that are watched. */
  get directories(): number {
    return this.#notices.directories;
  }

  /** Paths that something happened to and that were not taken yet. */
  get pending(): number {
    return this.#settling.size;
  }

  /** Takes a path for changed. */
  notice(path: RelPath): void {
    if (this.#closed) return;
    const first = this.#settling.size === 0;
    this.#settling.notice(path, this.#options.clock.now());
    this.#arm();
    if (first) this.#options.onChange();
  }

  /** All that settled, as one batch; empty while there is nothing. */
  take(): RelPath[] {
    const paths = this.#settling.take(this.#options.clock.now());
    this.#arm();
    return paths;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    this.#cancelRoot?.();
    await this.#notices.close();
  }

  #arm(): void {
    const { clock } = this.#options;
    if (this.#closed || this.#looking || this.#cancel) return;
    // What is ready to be taken was told already, and waits for whoever takes it.
    if (this.#settling.isReady(clock.now())) return;
    const wait = this.#settling.wait(clock.now());
    if (wait === undefined) return;
    this.#cancel = clock.after(wait, () => {
      this.#cancel = undefined;
      void this.#lookAround();
    });
  }

  async #lookAround(): Promise<void> {
    const { clock, onChange } = this.#options;
    this.#looking = true;
    const due = this.#settling.due(clock.now());
    for (let at = 0; at < due.length && !this.#closed; at += AT_ONCE) {
      await Promise.all(due.slice(at, at + AT_ONCE).map((asked) => this.#look(asked)));
    }
    this.#looking = false;
    if (this.#closed) return;
    if (this.#settling.isReady(clock.now())) onChange();
    this.#arm();
  }

  async #look(asked: Asked): Promise<void> {
    const seen = await look(join(this.#options.root, ...asked.path.split('/')));
    this.#settling.looked(asked, seen, this.#options.clock.now());
    await this.#notices.heed(asked.path, seen);
  }

  /** A folder that is replaced, or unmounted, takes its watches along without a word. */
  #watchRoot(): void {
    const { clock, root, onTrouble } = this.#options;
    this.#cancelRoot = clock.after(ROOT_EVERY, async () => {
      const now = await identity(root).catch(() => undefined);
      if (this.#closed) return;
      if (now !== this.#root) {
        this.#root = now;
        onTrouble({ kind: 'root' });
      }
      this.#watchRoot();
    });
  }
}

async function identity(root: string): Promise<string> {
  const { dev, ino } = await stat(root);
  return `${dev}:${ino}`;
}
