/**
 * Makes renames durable, many at a time: a new name is on the disk only once its directory is synced, and one sync
 * serves all the names that a directory got meanwhile.
 */
import { errnoOf, localError } from './failure.ts';
import type { Folder } from './safe-path.ts';

/** The longest a rename waits to be made durable, in ms. */
const LONGEST_WAIT = 1000;
/** The most directories that wait together. */
const MOST_FOLDERS = 256;
// What file systems answer that cannot sync a directory: there is nothing to be done about it.
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'EISDIR', 'EBADF']);

export class DirectorySyncs {
  readonly #absolute: (folder: Folder) => string;
  readonly #waiting = new Map<string, Folder>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  // What went wrong while nobody waited; told to the next who asks.
  #failure: unknown;

  constructor(absolute: (folder: Folder) => string) {
    this.#absolute = absolute;
  }

  /** Notes that names in a folder changed. Holds the folder open until it is synced. */
  add(folder: Folder): void {
    // Mostly the same one. Else one that was opened again, or one that was moved away and whose names are nobody's now.
    const before = this.#waiting.get(folder.path);
    this.#waiting.set(folder.path, folder.retain());
    before?.release();
    if (this.#waiting.size >= MOST_FOLDERS) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), LONGEST_WAIT).unref();
  }

  /** Resolves once every change noted so far is durable. Rejects with a LocalError if one could not be made so. */
  async flush(): Promise<void> {
    this.#start();
    await this.#running;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const folders = [...this.#waiting.values()];
    this.#waiting.clear();
    if (folders.length === 0) return;
    const syncs = folders.map((folder) => this.#sync(folder));
    this.#running = Promise.all([this.#running, ...syncs]).then(() => {});
  }

  async #sync(folder: Folder): Promise<void> {
    try {
      await folder.sync();
    } catch (error) {
      if (!CANNOT_SYNC.has(errnoOf(error))) this.#failure ??= localError(error, 'sync', this.#absolute(folder));
    } finally {
      folder.release();
    }
  }
}
