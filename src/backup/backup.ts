/**
 * A pull that makes snapshots: the ordinary run, with all its guards, on a folder that begins as the previous snapshot and
 * becomes the next one. A run that does not end well leaves no snapshot, and a folder that the next one goes on with.
 */
import type { JobSettings } from '../config/settings.ts';
import { openLocal } from '../local/index.ts';
import { GuardError, type Local, type Pair, printable, StateError, type Summary, UsageError } from '../model/index.ts';
import { type Lock, pastRuns } from '../state/index.ts';
import { filterOf, type RunOptions, run, type SnapshotScene, stateOf, waitingFor } from '../sync/index.ts';
import { type Filled, fill } from './fill.ts';
import { finish } from './finish.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { judge, removeSnapshot, sweepRemoved } from './prune.ts';
import { homeOf, lockStore, makeFolder, readStore, type Snapshot, unfinishedIn } from './store.ts';
import { readMarker, takeUp, writeMarker } from './work-folder.ts';

export interface BackupOptions extends RunOptions {
  /** Whether unchanged files are read, and held against their SHA-256, before they are taken over. */
  readonly verify?: boolean;
  /** ms since the epoch, UTC. */
  readonly now?: () => number;
}

/** As `run`; the summary names the snapshot that was made. @throws UsageError for a job that is no backup by pulling. */
export async function backup(job: JobSettings, options: BackupOptions): Promise<Summary> {
  const home = homeOf(job);
  const { verify, now, ...engine } = options;
  if (options.dryRun) return run(await onNewest(job), { ...engine, verb: 'backup' });
  const making = new Making(job, home, options);
  try {
    return await run(makingOf(job, unfinishedIn(home)), { ...engine, verb: 'backup', snapshot: making });
  } finally {
    await making.close();
  }
}

/** The job with a folder of its snapshots as its local one, to be looked at: an unfinished one, else the newest. */
export async function onNewest(job: JobSettings): Promise<JobSettings> {
  const home = homeOf(job);
  const unfinished = (await readMarker(home))?.filled === true;
  const newest = (await readStore(home)).snapshots.at(-1);
  return makingOf(job, unfinished || newest === undefined ? unfinishedIn(home) : newest.root);
}

/** The job with its newest snapshot as its local folder. @throws UsageError where there is none yet. */
export async function onNewestFinished(job: JobSettings): Promise<JobSettings> {
  const newest = (await readStore(homeOf(job))).snapshots.at(-1);
  if (newest === undefined) {
    throw new UsageError(`the job ${job.name} has no snapshot yet; "ferry backup ${job.name}" makes one`);
  }
  return makingOf(job, newest.root);
}

/** An ordinary pull into a folder where nobody else writes: it becomes what the server holds. */
function makingOf({ backup: _, ...job }: JobSettings, local: string): JobSettings {
  return Object.freeze({ ...job, local, home: job.local, delete: 'all', drift: 'overwrite', links: 'skip' });
}

/** What unchanged files are shared with. */
interface Previous {
  readonly snapshot: Snapshot;
  readonly manifest: Manifest;
  readonly look: Local;
}

/** Names that a message lists at most. */
const MOST_NAMED = 3;

class Making {
  readonly #job: JobSettings;
  readonly #home: string;
  readonly #options: BackupOptions;
  readonly #now: () => number;
  readonly #began: number;
  #lock: Lock | undefined;
  #previous: Previous | undefined;
  /** The time that the new one must come after. */
  #newest = 0;

  constructor(job: JobSettings, home: string, options: BackupOptions) {
    this.#job = job;
    this.#home = home;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#began = this.#now();
  }

  async prepare(scene: SnapshotScene): Promise<void> {
    const home = this.#home;
    await this.#refuseEmptied();
    await makeFolder(home);
    this.#lock = await waitingFor(() => lockStore(home, this.#job.name), this.#job, scene);
    await sweepRemoved(home);
    const { snapshots, oddities } = await readStore(home);
    for (const { name, why } of oddities) {
      scene.tell({ type: 'warning', message: `${printable(name)} is no snapshot that can be used: ${why}` });
    }
    this.#newest = snapshots.at(-1)?.time ?? 0;
    this.#previous = await newestWhole(snapshots, scene);
    if (await takeUp(home)) return scene.tell({ type: 'snapshot', name: 'unfinished', state: 'resumed' });
    const from = this.#previous?.snapshot.name ?? null;
    const begun = new Date(this.#began).toISOString();
    await writeMarker(home, { begun, from, filled: false });
    if (this.#previous) this.#sayDamaged(await this.#fill(this.#previous, scene), scene);
    await writeMarker(home, { begun, from, filled: true });
  }

  /** A folder that held snapshots and holds none is not begun anew unasked. @throws GuardError. */
  async #refuseEmptied(): Promise<void> {
    if (this.#options.adopt || (await readMarker(this.#home)) || (await readStore(this.#home)).snapshots.length > 0)
      return;
    const runs = await pastRuns(stateOf(this.#job, this.#options.stateBase));
    const last = runs.findLast(({ summary }) => summary?.snapshot !== undefined)?.summary?.snapshot;
    if (last === undefined) return;
    throw new GuardError(
      `${printable(this.#home)} holds no snapshot, although ${last} was made there; is its disk mounted? To begin anew: --adopt`,
    );
  }

  async finish({ pair, signal, tell }: SnapshotScene & { readonly pair: Pair }) {
    const header = await finish({
      job: this.#job,
      home: this.#home,
      work: unfinishedIn(this.#home),
      pair,
      filter: await filterOf(this.#job, this.#home),
      previous: this.#previous,
      began: this.#began,
      newest: this.#newest,
      now: this.#now,
      signal,
    });
    const { snapshot, files, bytes, newFiles, newBytes, changed } = header;
    tell({ type: 'snapshot', name: snapshot, state: 'made', files, bytes, newFiles, newBytes, changed });
    const trouble = await this.#prune({ tell, signal }).catch((error: unknown) => (error as Error).message);
    const name = header.snapshot;
    return trouble === undefined ? { name } : { name, trouble: `the snapshot ${name} was made, but ${trouble}` };
  }

  async close(): Promise<void> {
    await this.#lock?.release();
  }

  async #fill({ snapshot, manifest }: Previous, { signal }: SnapshotScene): Promise<Filled> {
    const filter = await filterOf(this.#job, this.#home);
    return fill({
      previous: snapshot,
      manifest,
      target: unfinishedIn(this.#home),
      admits: filter.admits.bind(filter),
      verify: this.#options.verify ?? false,
      signal,
    });
  }

  #sayDamaged({ damaged }: Filled, { tell }: SnapshotScene): void {
    if (damaged.length === 0 || this.#previous === undefined) return;
    const named = damaged.slice(0, MOST_NAMED).map(({ path, why }) => `${printable(path)} (${why})`);
    const more = damaged.length > MOST_NAMED ? ` and ${damaged.length - MOST_NAMED} more` : '';
    tell({
      type: 'warning',
      message: `the snapshot ${this.#previous.snapshot.name} is damaged, and what is new here is fetched anew: ${named.join(', ')}${more}`,
    });
  }

  /** Lets go what `keep` does not keep. Resolves with what went wrong. */
  async #prune({ tell, signal }: SnapshotScene): Promise<string | undefined> {
    const { keep } = this.#job.backup ?? {};
    if (keep === undefined) return undefined;
    const { snapshots } = await readStore(this.#home);
    for (const { snapshot, stays } of judge(snapshots, keep)) {
      if (stays || signal.aborted) continue;
      await removeSnapshot(this.#home, snapshot);
      const { files, bytes } = snapshot.header;
      tell({ type: 'snapshot', name: snapshot.name, state: 'removed', files, bytes });
    }
    return undefined;
  }
}

/** The newest snapshot whose manifest is whole. */
async function newestWhole(snapshots: readonly Snapshot[], { tell }: SnapshotScene): Promise<Previous | undefined> {
  for (const snapshot of [...snapshots].reverse()) {
    try {
      const manifest = await readManifest(snapshot.root);
      return { snapshot, manifest, look: await openLocal(snapshot.root) };
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      tell({ type: 'warning', message: `the snapshot ${snapshot.name} is not built on: ${error.message}` });
    }
  }
  return undefined;
}
