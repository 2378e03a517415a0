/**
 * Fills the folder of the next snapshot with what the one before holds: each file gets a second name there, which costs no
 * bytes. The run that follows replaces what is other on the server by new files under those names, and never writes into one;
 * so the older snapshot stays as it is. What is no longer as its manifest says is not taken over, and so fetched anew.
 */
import { Disk } from '../local/disk.ts';
import { isAbsence, localError } from '../local/failure.ts';
import { openLocal } from '../local/index.ts';
import { type Folder, Folders } from '../local/safe-path.ts';
import { giveSecondName } from '../local/second-name.ts';
import {
  type EntryKind,
  LocalError,
  lineage,
  nameOf,
  parentOf,
  type RelPath,
  ROOT,
  temporaryFor,
} from '../model/index.ts';
import type { Manifest, StoredFile } from './manifest.ts';
import { several } from './several.ts';
import type { Snapshot } from './store.ts';

/** Directories at a time. */
const WIDTH = 4;
/** Of a copy under way; its source is known by its path. */
const TAG = '00000000';

export interface Filling {
  readonly previous: Snapshot;
  readonly manifest: Manifest;
  /** Absolute. */
  readonly target: string;
  /** What is in scope. */
  readonly admits: (path: RelPath, kind: EntryKind) => boolean;
  /** Whether the content of each file is read and held against its SHA-256. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

export interface Filled {
  /** What the older snapshot no longer holds as it was stored, and how that shows. */
  readonly damaged: readonly { readonly path: RelPath; readonly why: string }[];
}

/** @throws LocalError; what the signal was aborted for. */
export async function fill({ previous, manifest, target, admits, verify, signal }: Filling): Promise<Filled> {
  const source = await openLocal(previous.root);
  const made = await openLocal(target, { durable: false });
  const [from, to] = [new Folders(source.root), new Folders(made.root)];
  const disk = new Disk();
  const damaged: { path: RelPath; why: string }[] = [];

  const inScope = (path: RelPath, kind: EntryKind) =>
    admits(path, kind) && [...lineage(parentOf(path))].every((at) => admits(at, 'directory'));
  for (const path of [...manifest.directories].sort()) {
    if (inScope(path, 'directory')) await made.makeDirectory(path);
  }
  const take = async ({ path, size, mtime, sha256 }: StoredFile, here: Folder, there: Folder) => {
    const name = nameOf(path);
    const stats = await disk.lstat(here.at(name));
    const why = !stats.isFile()
      ? 'it is no file any more'
      : stats.size !== size
        ? `it has ${stats.size} of ${size} bytes`
        : Math.floor(stats.mtimeMs) !== mtime
          ? 'it was written to since'
          : verify && (await source.sha256(path)) !== sha256
            ? 'its content is another one'
            : undefined;
    if (why !== undefined) damaged.push({ path, why });
    else await giveSecondName(disk, here.at(name), there.at(name), there.at(nameOf(temporaryFor(path, TAG))));
  };
  await several(byDirectory(manifest), WIDTH, async ([directory, files]) => {
    const wanted = files.filter(({ path }) => inScope(path, 'file'));
    if (wanted.length === 0) return;
    const there = await to.enter(directory, 'write');
    try {
      const here = await from.enter(directory, 'read').catch((error: unknown) => {
        if (!isAbsence(error)) throw error;
        return undefined;
      });
      try {
        for (const file of wanted) {
          signal.throwIfAborted();
          if (here === undefined) damaged.push({ path: file.path, why: 'it is gone' });
          else await take(file, here, there).catch((error: unknown) => damage(error, file.path));
        }
      } finally {
        here?.release();
      }
    } finally {
      there.release();
    }
  });
  return { damaged };

  function damage(error: unknown, path: RelPath): void {
    if (isAbsence(error)) damaged.push({ path, why: 'it is gone' });
    else if (error instanceof LocalError && verify) damaged.push({ path, why: error.message });
    else throw localError(error, 'take over', from.absolute(path));
  }
}

function byDirectory({ files, directories }: Manifest): Map<RelPath, StoredFile[]> {
  const found = new Map<RelPath, StoredFile[]>([ROOT, ...directories].map((path) => [path, []]));
  for (const file of files.values()) found.get(parentOf(file.path))?.push(file);
  return found;
}
