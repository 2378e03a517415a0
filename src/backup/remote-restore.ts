/**
 * Brings files back that a push has replaced or deleted on its server, as they were at a time, into a folder here: by the
 * engine that downloads everything else, so that each is whole before it gets its name.
 */
import { resolve } from 'node:path';
import { act } from '../act/act.ts';
import { listRemote } from '../act/listings.ts';
import { endOf, type Manifest, timeOf } from '../act/manifest.ts';
import { Tally } from '../act/tally.ts';
import type { JobSettings } from '../config/settings.ts';
import { textsOf } from '../diff/index.ts';
import { instantOf, sameInstant, TELLING_PRECISION } from '../diff/times.ts';
import { openLocal } from '../local/index.ts';
import {
  type Action,
  type Entry,
  exitCodeOf,
  fingerprintOf,
  interruptionBy,
  isWithin,
  type Local,
  LocalError,
  lineage,
  type ProblemCode,
  parentOf,
  type RelPath,
  ROOT,
  type RunEventBody,
  type Sighting,
  type Summary,
  type Tell,
  type TransferAction,
  UntrustedError,
  UsageError,
} from '../model/index.ts';
import { explain, filterOf, powersOf } from '../sync/index.ts';
import { RemotePast } from './remote-past.ts';
import { onServer, type RemoteSession, type SessionOptions } from './remote-session.ts';
import { type Chosen, chooseState, gapBetween } from './remote-states.ts';
import { askedPath } from './restore.ts';
import { holding } from './target.ts';

export interface RemoteRestoreOptions extends SessionOptions {
  /** The state that began then, by the name that it is listed under. */
  readonly snapshot?: string | undefined;
  /** ms since the epoch, UTC; without either, what is there now. */
  readonly asOf?: number | undefined;
  /** Files and folders as they are called below the remote folder; none: everything. */
  readonly paths: readonly string[];
  /** The folder that they are brought to, each under its own path. */
  readonly to: string;
  /** Whether a file that is there already, and is another one, is replaced. */
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

interface Checked extends RemoteRestoreOptions {
  readonly paths: readonly RelPath[];
}

/** A file as it was, and where on the server it is now. */
interface Found {
  readonly path: RelPath;
  readonly entry: Entry;
  readonly sha256?: string;
}

/**
 * Exit code 3 where a file could not be brought back: it is kept nowhere, or another one is in its place; all others are.
 * @throws UsageError where nothing is kept of that time, or the job keeps nothing.
 */
export async function restoreFromServer(job: JobSettings, options: RemoteRestoreOptions): Promise<Summary> {
  const { signal, dryRun = false } = options;
  const to = resolve(options.to);
  const paths = options.paths.map(askedPath);
  const since = performance.now();
  const own = new Map<string, RelPath>();
  const tell = inTheirNames(options.tell, own);
  const tally = new Tally(tell);
  tell({ type: 'start', job: job.name, direction: 'pull', verb: 'restore', local: to, remote: job.remoteUrl, dryRun });
  let summary: Summary;
  let session: RemoteSession | undefined;
  try {
    await onServer(job, options, !dryRun, async (opened) => {
      session = opened;
      const { capabilities } = opened.remote;
      const uses = powersOf(capabilities, true);
      tell({ type: 'capabilities', software: capabilities.software, uses, lacks: powersOf(capabilities, false) });
      await new Restoring(job, opened, to, tally, { ...options, tell, paths }, own).run();
    });
    summary = tally.summary(job.name, since, session?.remote, {});
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const cause = signal.aborted ? interruptionBy(signal) : error;
    const end = { exitCode: exitCodeOf(cause), message: explain(cause) };
    summary = tally.summary(job.name, since, session?.remote, end);
  }
  tell({ type: 'summary', ...summary });
  return summary;
}

/** Where a file lies on the server is nothing to anyone; it is spoken of under the name that it had. */
function inTheirNames(tell: Tell, own: ReadonlyMap<string, RelPath>): Tell {
  return (event: RunEventBody) => {
    if (!('path' in event) || event.path === undefined) return tell(event);
    const path = own.get(event.path) ?? event.path;
    if (event.type !== 'action') return tell({ ...event, path } as RunEventBody);
    tell({ ...event, path, action: event.action === 'download' ? 'restore' : event.action });
  };
}

class Restoring {
  readonly #job: JobSettings;
  readonly #session: RemoteSession;
  readonly #to: string;
  readonly #tally: Tally;
  readonly #options: Checked;
  /** The path of each file by the one that it has on the server now. */
  readonly #own: Map<string, RelPath>;

  constructor(
    job: JobSettings,
    session: RemoteSession,
    to: string,
    tally: Tally,
    options: Checked,
    own: Map<string, RelPath>,
  ) {
    this.#job = job;
    this.#session = session;
    this.#to = to;
    this.#tally = tally;
    this.#options = options;
    this.#own = own;
  }

  async run(): Promise<void> {
    const { tell, dryRun = false } = this.#options;
    const chosen = await this.#choose();
    this.#tally.snapshot = chosen.since;
    if (chosen.instead !== undefined) tell({ type: 'warning', message: chosen.instead });
    const files = await this.#filesOf(chosen);
    for (const { path, entry } of files) this.#own.set(entry.path, path);
    const local = await this.#target();
    const actions = await this.#actionsFor(files, local);
    this.#sayPlanned(actions);
    if (dryRun || !local) return;
    const { signal, remote, memory } = this.#session;
    const { limitRate, retries } = this.#job;
    const paths = files.map(({ path }) => path);
    const held = { job: this.#job.name, stateBase: this.#options.stateBase, paths };
    await holding(local, held, () =>
      act(actions, {
        pair: { local, remote, memory },
        tally: this.#tally,
        tell,
        signal,
        direction: 'pull',
        attempts: retries + 1,
        limitRate,
        chmod: 'none',
        order: [],
        strict: false,
      }),
    );
  }

  async #choose(): Promise<Chosen> {
    const { shelf } = this.#session;
    const { whole } = await shelf.releases();
    // The oldest state may have begun with a release that was let go since: it is listed under that one's time.
    const isAskedFor = (this.#options.asOf ?? this.#options.snapshot) !== undefined;
    const began = whole[0] && isAskedFor ? (await shelf.read(whole[0])).after : undefined;
    return chooseState(whole, began, this.#options, this.#job.name);
  }

  async #filesOf(chosen: Chosen): Promise<Found[]> {
    const { shelf } = this.#session;
    const { after } = chosen;
    const manifests = await Promise.all(after.map((release) => shelf.read(release)));
    this.#requireAll(chosen, manifests);
    const past = new RemotePast(manifests);
    const wanted = this.#options.paths.length > 0 ? this.#options.paths : [ROOT];
    const seen = new Map<RelPath, Sighting>();
    for (const path of wanted) await this.#look(path, seen);
    const named = [...past.paths].filter((path) => wanted.some((one) => isWithin(path, one)));
    const asked = named.flatMap((path) => past.placesOf(path)).filter((path) => !seen.has(path));
    const known = new Map([...(await shelf.sight(asked)), ...seen]);
    const files: Found[] = [];
    for (const path of new Set([...seen.keys(), ...named])) {
      const was = past.was(path, (place) => known.get(place));
      if (was.found === 'lost') this.#problem(path, 'failed', was.why);
      else if (was.found === 'present') files.push({ path, ...was });
    }
    for (const path of wanted)
      if (path !== ROOT && !files.some((file) => isWithin(file.path, path)) && !named.includes(path))
        this.#problem(path, 'failed', 'it was not there');
    return files;
  }

  /** @throws UntrustedError where one of the releases is missing: what it did is then told by none of them. */
  #requireAll({ since }: Chosen, manifests: readonly Manifest[]): void {
    const { asOf } = this.#options;
    let before = since;
    for (const [index, manifest] of manifests.entries()) {
      const gap = gapBetween(before, manifest);
      // The missing one may be older than what is asked for.
      const isOlder = index === 0 && asOf !== undefined && timeOf(manifest.after ?? '') <= asOf;
      if (gap !== undefined && !isOlder) throw new UntrustedError(gap);
      before = endOf(manifest);
    }
  }

  /** What is under a path on the server now, with all that is in it. */
  async #look(path: RelPath, seen: Map<RelPath, Sighting>): Promise<void> {
    const filter = await filterOf(this.#job, this.#job.local);
    const pending: RelPath[] = [];
    const take = (entries: readonly Entry[]) => {
      for (const entry of entries) {
        if (!filter.admits(entry.path, entry.kind)) continue;
        if (entry.kind === 'directory') pending.push(entry.path);
        else if (entry.kind === 'file') seen.set(entry.path, { path: entry.path, found: 'present', entry });
      }
    };
    if (path === ROOT) pending.push(ROOT);
    else take(((await this.#list(parentOf(path), true)) ?? []).filter((entry) => entry.path === path));
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) take((await this.#list(at, at === ROOT)) ?? []);
  }

  async #list(directory: RelPath, supposed: boolean): Promise<readonly Entry[] | null> {
    const { remote, signal } = this.#session;
    const listing = await listRemote({ remote }, directory, signal, this.#job.retries + 1, supposed);
    if (listing === null && !(await this.#isAbsent(directory)))
      this.#problem(directory, 'unreadable', 'the server would not list it, so that nobody knows what is in it');
    for (const problem of listing?.problems ?? []) this.#tally.problem(problem);
    if (listing?.incomplete !== undefined && listing.problems.every(({ code }) => code !== 'incomplete'))
      this.#problem(directory, 'incomplete', listing.incomplete);
    return listing?.entries ?? null;
  }

  /** Whether a directory that could not be entered is known not to be there; of the root nobody can tell. */
  async #isAbsent(directory: RelPath): Promise<boolean> {
    const { remote, signal } = this.#session;
    const [seen] = await remote.sight([directory], signal);
    return seen?.found === 'absent';
  }

  /** Undefined where it is not there, and nothing is to be changed. */
  async #target(): Promise<Local | undefined> {
    const { dryRun = false } = this.#options;
    try {
      return await openLocal(this.#to, { create: !dryRun });
    } catch (error) {
      if (dryRun && error instanceof LocalError && error.errno === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #actionsFor(files: readonly Found[], local: Local | undefined): Promise<Action[]> {
    const folders = new Set<RelPath>();
    const transfers: TransferAction[] = [];
    const taken = new Map<string, RelPath>();
    const folds = (await local?.foldsCase()) ?? false;
    const isFile = new Set(files.map(({ path }) => path));
    for (const file of files) {
      const key = folds ? file.path.normalize('NFC').toLowerCase() : file.path;
      const above = [...lineage(parentOf(file.path))].filter((at) => at !== ROOT);
      if (taken.has(key)) {
        this.#problem(
          file.path,
          'name',
          `it would get the same name as ${taken.get(key)}; restore one of them elsewhere`,
        );
      } else if (above.some((at) => isFile.has(at))) {
        this.#problem(file.path, 'kind', 'where its folder would be there was a file');
      } else {
        taken.set(key, file.path);
        const action = await this.#transferOf(file, local);
        if (!action) continue;
        for (const at of above) folders.add(at);
        transfers.push(action);
      }
    }
    const mkdirs: Action[] = [];
    for (const path of [...folders].sort()) {
      if ((await local?.look(path))?.kind === 'directory') continue;
      mkdirs.push({ action: 'mkdir', side: 'local', path, reason: 'directory of a new file' });
    }
    return [...mkdirs, ...transfers];
  }

  /** Undefined where it is here already, or must not be brought. */
  async #transferOf({ path, entry, sha256 }: Found, local: Local | undefined): Promise<TransferAction | undefined> {
    const there = (await local?.look(path)) ?? null;
    if (there && there.kind !== 'file') {
      this.#problem(path, 'kind', 'something else of that name is there', 'local');
      return undefined;
    }
    // The hash is of what is here; texts get other line ends on their way.
    const hash = textsOf(this.#job.ascii)(path) ? undefined : sha256;
    if (there && local && (await isSame(there, entry, hash, () => local.sha256(path)))) {
      const { untouched } = this.#tally;
      this.#tally.untouched = { ...untouched, unchanged: untouched.unchanged + 1 };
      return undefined;
    }
    if (there && !this.#options.overwrite) {
      const message = 'another file of that name is there, and was left as it is; --overwrite replaces it';
      this.#problem(path, 'failed', message, 'local');
      return undefined;
    }
    const { size, stamps } = fingerprintOf(entry);
    return {
      action: 'download',
      path: entry.path,
      reason: 'asked for',
      size,
      source: { size, stamps: hash === undefined ? stamps : { ...stamps, sha256: hash } },
      replaces: there && fingerprintOf(there),
      mtime: entry.zoned ? entry.mtime : null,
      ...(entry.path === path ? {} : { alias: path }),
    };
  }

  #sayPlanned(actions: readonly Action[]): void {
    const counts = { upload: 0, download: 0, mkdir: 0, delete: 0, rename: 0, replace: 0 };
    let bytes = 0;
    for (const action of actions) {
      counts[action.action]++;
      if (action.action === 'download') bytes += action.size;
    }
    this.#options.tell({ type: 'plan', counts, bytes, conflicts: 0, guard: { refused: false, reasons: [] } });
  }

  #problem(path: RelPath, code: ProblemCode, message: string, side: 'local' | 'remote' = 'remote'): void {
    this.#tally.problem({ path, side, code, message });
  }
}

/** By content where that is known, else by size and time. */
async function isSame(
  there: Entry,
  entry: Entry,
  sha256: string | undefined,
  hashThere: () => Promise<string>,
): Promise<boolean> {
  if (there.size !== entry.size) return false;
  if (sha256 !== undefined) return (await hashThere()) === sha256;
  const [x, y] = [instantOf(there), instantOf(entry)];
  return x !== null && y !== null && Math.max(x.precision, y.precision) <= TELLING_PRECISION && sameInstant(x, y);
}
