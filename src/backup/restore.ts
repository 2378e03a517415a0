/**
 * Brings files of a snapshot back, into a folder of their own: each is held against its SHA-256 while it is copied, under
 * a temporary name, and never takes the place of another one unless that is asked for.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, relative, resolve } from 'node:path';
import { isFull, problemOf } from '../act/failure.ts';
import { Tally } from '../act/tally.ts';
import type { JobSettings } from '../config/settings.ts';
import { openLocal } from '../local/index.ts';
import {
  EXIT,
  exitCodeOf,
  interruptionBy,
  isWithin,
  type Local,
  LocalError,
  lineage,
  MismatchError,
  parentOf,
  printable,
  type RelPath,
  ROOT,
  StateError,
  type Summary,
  type Tell,
  temporaryFor,
  toRelPath,
  UsageError,
} from '../model/index.ts';
import { choose, type Wanted } from './as-of.ts';
import { type Manifest, readManifest, type StoredFile } from './manifest.ts';
import { several } from './several.ts';
import { homeOf, readStore, type Snapshot } from './store.ts';
import { holding } from './target.ts';

/** Files at a time. */
const WIDTH = 4;

export interface RestoreOptions extends Wanted {
  readonly tell: Tell;
  readonly signal: AbortSignal;
  /** Files and folders as they are called in the snapshot; none: everything. */
  readonly paths: readonly string[];
  /** The folder that they are brought to, each under its own path. */
  readonly to: string;
  /** Whether a file that is there already, and is another one, is replaced. */
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  /** Where states are kept; the user's state folder otherwise. */
  readonly stateBase?: string;
}

/**
 * Exit code 3 where a file could not be brought back: it is damaged, or another one is in its place; all others are.
 * @throws UsageError where there is no such snapshot, or the folder is not one to restore to.
 */
export async function restore(job: JobSettings, options: RestoreOptions): Promise<Summary> {
  const home = homeOf(job);
  const { tell, signal, dryRun = false } = options;
  const to = resolve(options.to);
  if (isInside(to, home)) {
    throw new UsageError(`${printable(to)} is in the folder of the snapshots; name another one with --to`);
  }
  const { snapshots } = await readStore(home);
  const snapshot = choose(snapshots, options, job.name);
  const since = performance.now();
  const tally = new Tally(tell);
  tell({ type: 'start', job: job.name, direction: 'pull', verb: 'restore', local: to, remote: snapshot.root, dryRun });
  let end: { exitCode?: number; message?: string } = {};
  try {
    const manifest = await wholeManifest(snapshot);
    await new Restoring(snapshots, snapshot, manifest, to, tally, options).run();
    if (tally.problems > 0) end = { message: sayIncomplete(tally.problems) };
  } catch (error) {
    const cause = signal.aborted ? interruptionBy(signal) : error;
    end = { exitCode: exitCodeOf(cause), message: cause instanceof Error ? cause.message : String(cause) };
    if (end.exitCode === EXIT.unforeseen && !(cause instanceof StateError)) throw cause;
  }
  tally.snapshot = snapshot.name;
  const summary = tally.summary(job.name, since, undefined, end);
  tell({ type: 'summary', ...summary });
  return summary;
}

function sayIncomplete(problems: number): string {
  const paths = problems === 1 ? '1 path' : `${problems} paths`;
  return `${paths} could not be brought back; everything else is done`;
}

function isInside(path: string, folder: string): boolean {
  const within = relative(folder, path);
  return within === '' || (!within.startsWith('..') && !isAbsolute(within));
}

async function wholeManifest(snapshot: Snapshot): Promise<Manifest> {
  try {
    return await readManifest(snapshot.root);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new LocalError(`${error.message}; choose another snapshot, or copy what you need by hand`, 'EIO');
  }
}

class Restoring {
  readonly #snapshots: readonly Snapshot[];
  readonly #snapshot: Snapshot;
  readonly #manifest: Manifest;
  readonly #to: string;
  readonly #tally: Tally;
  readonly #options: RestoreOptions;
  readonly #total = { files: 0, bytes: 0 };
  readonly #past = { files: 0, bytes: 0 };

  constructor(
    snapshots: readonly Snapshot[],
    snapshot: Snapshot,
    manifest: Manifest,
    to: string,
    tally: Tally,
    options: RestoreOptions,
  ) {
    this.#snapshots = snapshots;
    this.#snapshot = snapshot;
    this.#manifest = manifest;
    this.#to = to;
    this.#tally = tally;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { dryRun, signal } = this.#options;
    const { files, directories } = await this.#selected();
    this.#sayPlanned(files);
    if (dryRun) return;
    const source = await openLocal(this.#snapshot.root);
    const target = await openLocal(this.#to, { create: true });
    const { job } = this.#snapshot.header;
    const held = { job, stateBase: this.#options.stateBase, paths: files.map(({ path }) => path) };
    await holding(target, held, async () => {
      for (const path of directories) await this.#attempt(path, () => target.makeDirectory(path));
      const ticker = setInterval(() => this.#progress(), 200);
      try {
        await several(files, WIDTH, async (file) => {
          signal.throwIfAborted();
          await this.#attempt(file.path, () => this.#bring(file, source, target));
          this.#past.files++;
        });
      } finally {
        clearInterval(ticker);
      }
      await target.flush();
    });
  }

  /** What is asked for, and the folders on the way to it. */
  async #selected(): Promise<{ files: StoredFile[]; directories: RelPath[] }> {
    const { files, directories } = this.#manifest;
    if (this.#options.paths.length === 0) return { files: [...files.values()], directories: sorted(directories) };
    const found = { files: new Map<RelPath, StoredFile>(), directories: new Set<RelPath>() };
    for (const written of this.#options.paths) {
      const path = askedPath(written);
      const below = [...files.values()].filter((file) => isWithin(file.path, path));
      const folders = directories.filter((folder) => isWithin(folder, path));
      for (const file of below) found.files.set(file.path, file);
      for (const folder of folders) found.directories.add(folder);
      if (below.length + folders.length === 0 && path !== ROOT) await this.#sayMissing(path);
      else for (const at of lineage(parentOf(path))) if (at !== ROOT) found.directories.add(at);
    }
    for (const path of found.files.keys())
      for (const at of lineage(parentOf(path))) if (at !== ROOT) found.directories.add(at);
    return { files: [...found.files.values()], directories: sorted([...found.directories]) };
  }

  async #bring(file: StoredFile, source: Local, target: Local): Promise<void> {
    const { path, size, mtime, sha256 } = file;
    const there = await target.look(path);
    if (there !== null) {
      if (there.kind !== 'file') throw new LocalError('something else of that name is there', 'EEXIST');
      if (there.size === size && (await target.sha256(path)) === sha256) {
        this.#tally.untouched = { ...this.#tally.untouched, unchanged: this.#tally.untouched.unchanged + 1 };
        return;
      }
      if (!this.#options.overwrite) {
        const message = 'another file of that name is there, and was left as it is; --overwrite replaces it';
        throw new LocalError(message, 'EEXIST');
      }
    }
    const opened = await source.open(path);
    try {
      const stage = await target.stage(path, temporaryFor(path, sha256.slice(0, 8)));
      try {
        const hash = createHash('sha256');
        for await (const chunk of opened.chunks(0)) {
          this.#options.signal.throwIfAborted();
          hash.update(chunk);
          await stage.write(chunk);
          this.#past.bytes += chunk.length;
        }
        if (hash.digest('hex') !== sha256) throw new MismatchError(this.#sayDamaged(file));
        const mode = opened.entry.mode === undefined ? {} : { mode: opened.entry.mode & 0o777 };
        await stage.commit({ mtime, ...mode, expected: there });
      } catch (error) {
        await stage.discard();
        throw error;
      }
    } finally {
      await opened.close();
    }
    this.#tally.downloaded++;
    this.#tally.moved('received', size);
    this.#tell(path, size, 'done');
  }

  /** What is wrong with one path is said, and the others go on; a full disk ends it. */
  async #attempt(path: RelPath, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.#options.signal.aborted || isFull(error)) throw error;
      const problem = problemOf(error, path, 'local');
      this.#tally.problem(error instanceof LocalError && error.errno === 'ENOENT' ? this.#gone(path) : problem);
    }
  }

  #gone(path: RelPath) {
    return { path, side: 'local', code: 'failed', message: 'it is missing in the snapshot, which is damaged' } as const;
  }

  #sayDamaged({ path }: StoredFile): string {
    return `the stored file is damaged: its content is not what was backed up, in ${this.#snapshot.name}/${printable(path)}; it was not restored, and an older or newer snapshot may have it whole`;
  }

  /** Says which snapshot has a path that this one lacks. */
  async #sayMissing(path: RelPath): Promise<void> {
    const has = ({ files, directories }: Manifest) => files.has(path) || directories.includes(path);
    let where = '';
    for (const other of [...this.#snapshots].reverse()) {
      if (other === this.#snapshot) continue;
      const manifest = await readManifest(other.root).catch(() => undefined);
      if (!manifest || !has(manifest)) continue;
      where = `; ${other.name} has it: --snapshot ${other.name}`;
      break;
    }
    const message = `it is not in the snapshot ${this.#snapshot.name}${where}`;
    this.#tally.problem({ path, side: 'local', code: 'failed', message });
  }

  #sayPlanned(files: readonly StoredFile[]): void {
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    Object.assign(this.#total, { files: files.length, bytes });
    const counts = { upload: 0, download: files.length, mkdir: 0, delete: 0, rename: 0, replace: 0 };
    this.#options.tell({ type: 'plan', counts, bytes, conflicts: 0, guard: { refused: false, reasons: [] } });
  }

  #progress(): void {
    const { files: filesTotal, bytes: bytesTotal } = this.#total;
    this.#options.tell({ type: 'progress', phase: 'transfer', ...this.#past, filesTotal, bytesTotal });
  }

  #tell(path: RelPath, size: number, status: 'done'): void {
    const reason = `from ${this.#snapshot.name}`;
    const how = { side: 'local', reason, size, status, attempt: 1, bytes: size } as const;
    this.#options.tell({ type: 'action', action: 'restore', path, ...how });
  }
}

const sorted = (paths: readonly RelPath[]) => [...paths].sort((a, b) => (a < b ? -1 : 1));

/** A path in a snapshot, as a person writes it. @throws UsageError. */
export function askedPath(written: string): RelPath {
  try {
    return toRelPath(
      written
        .replace(/^(?:\.?\/)+/, '')
        .replace(/\/+$/, '')
        .replace(/^\.$/, ''),
    );
  } catch (error) {
    throw new UsageError(`${printable(written)} is no path in a snapshot: ${(error as Error).message}`);
  }
}
