/** The local side of a pair: a folder on this machine, behind the port `Local`. */
import { mkdir as makeDirectories } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Entry,
  type Listing,
  type Local,
  type LocalSource,
  type LocalStage,
  nameOf,
  parentOf,
  type RelPath,
  ROOT,
} from '../model/index.ts';
import { Brisk } from './brisk.ts';
import { mkdir, realpath, rmdir, stat, unlink } from './calls.ts';
import { probeCase } from './case.ts';
import { DirectorySyncs } from './directory-syncs.ts';
import { Disk } from './disk.ts';
import { errnoOf, localError, refusal } from './failure.ts';
import { sha256Of } from './hash.ts';
import type { Links } from './links.ts';
import { listDirectory } from './list.ts';
import { lookAt } from './look.ts';
import { lstatIfThere, renameAfterLook, renameToFree } from './no-replace.ts';
import { type Folder, Folders } from './safe-path.ts';
import { openSource } from './source.ts';
import { openStage, type Staging } from './stage.ts';
import { defaultMode } from './umask.ts';

export interface LocalOptions {
  /** What symbolic links are taken for: links (the default), or what they lead to inside the root. */
  readonly links?: Links;
  /** Whether files and names are synced to the disk; true unless said otherwise. */
  readonly durable?: boolean;
  /** Whether a root that is missing is made, with the folders above it. */
  readonly create?: boolean;
}

/** What it means that a whole folder is not to be had. */
const DETAIL: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist; check the path, or make it',
  EACCES: 'permission denied; give the user that runs Ferry the right to it',
  EPERM: 'not permitted; give the user that runs Ferry the right to it',
};

/**
 * Opens a folder. Links on the way to it are resolved now, once. Rejects with a LocalError: ENOENT where it is missing
 * (unless `create`), ENOTDIR where it is something else.
 */
export async function openLocal(root: string, options: LocalOptions = {}): Promise<Local> {
  const absolute = resolve(root);
  try {
    if (options.create) await makeDirectories(absolute, { recursive: true });
    const real = await realpath(absolute);
    if (!(await stat(real)).isDirectory())
      throw refusal('ENOTDIR', 'open the folder', absolute, 'it is not a directory');
    return new LocalFolder(new Folders(real), options);
  } catch (error) {
    const detail = DETAIL[errnoOf(error)];
    throw localError(error, 'open the folder', absolute, detail);
  }
}

export class LocalFolder implements Local {
  readonly root: string;
  readonly #folders: Folders;
  readonly #links: Links;
  readonly #syncs: DirectorySyncs | null;
  readonly #staging: Staging;
  readonly #brisk = new Brisk();
  readonly #disk = new Disk(this.#brisk);
  #foldsCase: Promise<boolean> | undefined;

  constructor(folders: Folders, options: LocalOptions) {
    this.root = folders.root;
    this.#folders = folders;
    this.#links = options.links ?? 'skip';
    this.#syncs = (options.durable ?? true) ? new DirectorySyncs((folder) => folders.absolute(folder.path)) : null;
    this.#staging = { folders, disk: this.#disk, syncs: this.#syncs, newMode: defaultMode() };
  }

  foldsCase(): Promise<boolean> {
    this.#foldsCase ??= probeCase(this.#folders);
    return this.#foldsCase;
  }

  list(directory: RelPath): Promise<Listing> {
    return listDirectory(this.#folders, directory, this.#links, this.#brisk);
  }

  look(path: RelPath): Promise<Entry | null> {
    return lookAt(this.#folders, path, this.#links);
  }

  open(path: RelPath): Promise<LocalSource> {
    return openSource(this.#folders, path, this.#links, this.#brisk);
  }

  async sha256(path: RelPath): Promise<string> {
    const source = await this.open(path);
    try {
      return await sha256Of(source);
    } finally {
      await source.close();
    }
  }

  stage(path: RelPath, temporary: RelPath, resume = false): Promise<LocalStage> {
    return openStage(this.#staging, path, temporary, resume);
  }

  /** Makes one directory; one that is already there is no error, anything else of that name is. */
  async makeDirectory(path: RelPath): Promise<void> {
    if (path === ROOT) {
      (await this.#folders.enter(ROOT, 'make')).release();
      return;
    }
    await this.#change(path, 'make', async (folder, name) => {
      try {
        await mkdir(folder.at(name));
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST' || !(await lstatIfThere(folder.at(name)))?.isDirectory()) throw error;
      }
    });
  }

  /** Moves a file, link or directory. Rejects with a LocalError, EEXIST if something is under the new name. */
  async rename(from: RelPath, to: RelPath): Promise<void> {
    await this.#change(from, 'rename', async (source, name) => {
      await this.#change(to, 'rename to', async (target, newName) => {
        const old = source.at(name);
        const isFile = (await lstatIfThere(old))?.isFile() && from.toLowerCase() !== to.toLowerCase();
        await (isFile ? renameToFree : renameAfterLook)(this.#disk, old, target.at(newName));
      });
    });
  }

  async remove(path: RelPath): Promise<void> {
    await this.#change(path, 'remove', (folder, name) => unlink(folder.at(name)));
  }

  async removeDirectory(path: RelPath): Promise<void> {
    await this.#change(path, 'remove', (folder, name) => rmdir(folder.at(name)));
  }

  async flush(): Promise<void> {
    await this.#syncs?.flush();
  }

  /** Changes the name of `path` in its folder, which is reached safely and synced later. */
  async #change(path: RelPath, doing: string, act: (folder: Folder, name: string) => Promise<void>): Promise<void> {
    if (path === ROOT) throw refusal('EBUSY', doing, this.root, 'it is the folder itself');
    try {
      const folder = await this.#folders.enter(parentOf(path), doing);
      try {
        await act(folder, nameOf(path));
        this.#syncs?.add(folder);
      } finally {
        folder.release();
      }
    } catch (error) {
      throw localError(error, doing, this.#folders.absolute(path));
    }
  }
}
