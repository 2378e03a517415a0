/**
 * Kept versions (`keepVersions`): what a run replaces or deletes on the server is renamed into
 * `.ferry/versions/<UTC time>/`, so that no byte travels, and a manifest beside it says what the run set out to do. The
 * newest are kept.
 */
import { createHash } from 'node:crypto';
import {
  type Action,
  type Fingerprint,
  isTransfer,
  isWithin,
  type Lane,
  type Listing,
  lineage,
  nameOf,
  type Pair,
  parentOf,
  printable,
  type RelPath,
  ReplyError,
  ROOT,
  StateError,
  type Tell,
  toRelPath,
} from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { publish, sameVersion } from '../transfer/index.ts';

/** What a run set out to do with one path on the server. */
export interface Kept {
  readonly did: 'replaced' | 'deleted' | 'added' | 'made' | 'renamed';
  readonly path: RelPath;
  /** What was there before; undefined where nothing was, and for a directory. */
  readonly was?: Fingerprint;
  /** What it was when the run was over; undefined where it did not come to its end. */
  readonly now?: Fingerprint;
  /** SHA-256 of what was there, where it was known. */
  readonly sha256?: string;
  /** What it was called before. */
  readonly from?: RelPath;
}

export interface Manifest {
  readonly version: 1;
  readonly job: string;
  /** UTC, as in the name of its folder: `20261121T144158Z`. */
  readonly release: string;
  /** The release that this one took back. */
  readonly rollbackOf?: string;
  /** Whether it came to its end. */
  readonly ended?: boolean;
  readonly kept: readonly Kept[];
}

/** Where all of it is. */
const FOLDER = toRelPath(`${OWN_FOLDER}/versions`);
const MANIFEST = /^(\d{8}T\d{6}Z)\.([0-9a-f]{8})\.json$/;

/** A release that something is kept of. */
export interface Release {
  readonly release: string;
  readonly manifest: RelPath;
}

/** Names a job among others that use the same remote folder. */
function keyOf(job: string): string {
  return createHash('sha256').update(job).digest('hex').slice(0, 8);
}

export function folderOf(release: string): RelPath {
  return toRelPath(`${FOLDER}/${release}`);
}

/** Where a release keeps what was under a path. */
export function keptPath(release: string, path: RelPath): RelPath {
  return toRelPath(`${FOLDER}/${release}/${path}`);
}

export interface VersionsOptions {
  readonly pair: Pair;
  readonly job: string;
  /** Releases to keep. */
  readonly keep: number;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly rollbackOf?: string;
}

export class Versions {
  readonly #options: VersionsOptions;
  #release: string | undefined;
  #manifest: Manifest | undefined;

  constructor(options: VersionsOptions) {
    this.#options = options;
  }

  /** Where the old version of a file goes. */
  pathOf(path: RelPath): RelPath {
    return keptPath(this.#release ?? stampOf(this.#options.now), path);
  }

  /** Makes ready to keep what these actions replace or delete. Nothing where they change nothing. */
  async begin(actions: readonly Action[]): Promise<void> {
    await this.keep(await this.#keptOf(actions));
  }

  async keep(kept: readonly Kept[]): Promise<void> {
    if (kept.length === 0) return;
    const { pair, job, now, rollbackOf } = this.#options;
    // Never before one that is there: the clock of another machine may be ahead, and the newest are found by their names.
    const newest = (await this.#all())
      .map(({ release }) => release)
      .sort()
      .at(-1);
    const release = stampOf(newest === undefined ? now : new Date(Math.max(now.getTime(), timeOf(newest) + 1000)));
    this.#release = release;
    const manifest: Manifest = { version: 1, job, release, ...(rollbackOf === undefined ? {} : { rollbackOf }), kept };
    this.#manifest = manifest;
    await this.#withLane(async (lane) => {
      const folders = new Set<RelPath>([OWN_FOLDER, FOLDER, folderOf(release)]);
      for (const { did, path } of kept) {
        if (did === 'added' || did === 'made' || did === 'renamed') continue;
        for (const above of [...lineage(parentOf(path))].reverse())
          if (above !== ROOT) folders.add(keptPath(release, above));
      }
      try {
        // They travel together, each after the one that it is in.
        await Promise.all([...folders].map((folder) => lane.makeDirectory(folder)));
        await this.#write(lane, manifest);
      } catch (error) {
        if (!(error instanceof ReplyError) || error.retryable) throw error;
        throw new StateError(
          `old versions cannot be kept on the server: ${error.message}. Nothing was changed. Ferry needs to write below ${FOLDER} in the remote folder; or leave "keepVersions" out`,
          { cause: error },
        );
      }
    });
    await pair.memory.flush();
  }

  /** Notes what became of it, and removes what is too old. What cannot be removed is said, and no reason to fail. */
  async end(): Promise<void> {
    if (this.#manifest === undefined) return;
    const { keep, tell, pair } = this.#options;
    const kept = await Promise.all(
      this.#manifest.kept.map(async (one) => {
        const agreed = one.did === 'made' ? undefined : await pair.memory.get(one.path);
        return agreed ? { ...one, now: agreed.remote } : one;
      }),
    );
    await this.#withLane((lane) => this.#write(lane, { ...this.#manifest!, ended: true, kept }));
    // To take one back is no reason to let an older one go.
    if (this.#options.rollbackOf !== undefined) return;
    const releases = await this.releases();
    for (const { release, manifest } of releases.slice(keep)) {
      try {
        await this.#removeAll(folderOf(release));
        await this.#withLane((lane) => lane.remove(manifest));
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error;
        tell({ type: 'warning', message: `the old version ${release} could not be removed: ${error.message}` });
      }
    }
  }

  /** @throws StateError where it cannot be understood, or names what is not a path of this folder. */
  async read({ release, manifest }: Release): Promise<Manifest> {
    const pieces: Buffer[] = [];
    await this.#withLane((lane) => lane.read(manifest, { write: (piece) => void pieces.push(Buffer.from(piece)) }));
    try {
      const read = JSON.parse(Buffer.concat(pieces).toString()) as Manifest;
      if (read.version !== 1)
        throw new RangeError(`its version is ${printable(String(read.version))}, and this ferry knows 1`);
      if (read.release !== release || !Array.isArray(read.kept)) throw new RangeError('it is not whole');
      return { ...read, kept: read.kept.map(checked) };
    } catch (error) {
      throw new StateError(
        `${manifest} on the server cannot be used: ${(error as Error).message}. Nothing was changed`,
        {
          cause: error,
        },
      );
    }
  }

  async #write(lane: Lane, manifest: Manifest): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(manifest)}\n`);
    const path = toRelPath(`${FOLDER}/${manifest.release}.${keyOf(this.#options.job)}.json`);
    const chunks = async function* () {
      yield bytes;
    };
    // Whole under its name at every moment, like any other file.
    const temporary = toRelPath(`${path}.new`);
    await lane.write(temporary, { chunks });
    const there = await lane.find(path);
    const old = there && { size: there.size ?? 0, stamps: there.stamps };
    await publish(lane, this.#options.pair.memory, temporary, path, old, { style: 'hidden' });
  }

  /** This job's, the newest first. */
  async releases(): Promise<Release[]> {
    const own = keyOf(this.#options.job);
    return (await this.#all())
      .filter(({ key }) => key === own)
      .sort((a, b) => (a.release < b.release ? 1 : -1))
      .map(({ release, manifest }) => ({ release, manifest }));
  }

  async #all(): Promise<(Release & { readonly key: string })[]> {
    const { pair, signal } = this.#options;
    let listing: Listing;
    try {
      listing = await pair.remote.list(FOLDER, signal);
    } catch (error) {
      if (error instanceof ReplyError && !error.retryable) return [];
      throw error;
    }
    return listing.entries.flatMap(({ path }) => {
      const [, release, key] = MANIFEST.exec(nameOf(path)) ?? [];
      return release === undefined || key === undefined ? [] : [{ release, key, manifest: path }];
    });
  }

  async #keptOf(actions: readonly Action[]): Promise<Kept[]> {
    const { memory } = this.#options.pair;
    const kept: Kept[] = [];
    const old = async (path: RelPath, was: Fingerprint) => {
      const agreed = await memory.get(path);
      const known = agreed?.sha256 !== undefined && sameVersion(agreed.remote, was);
      return { path, was, ...(known ? { sha256: agreed.sha256 } : {}) } as const;
    };
    for (const action of actions) {
      if (isTransfer(action)) {
        if (action.action !== 'upload') continue;
        const path = action.alias ?? action.path;
        if (action.replaces) kept.push({ did: 'replaced', ...(await old(path, action.replaces)) });
        else kept.push({ did: 'added', path });
      } else if (action.side === 'remote') {
        const { path } = action;
        if (action.action === 'mkdir') kept.push({ did: 'made', path });
        else if (action.action === 'rename')
          kept.push({ did: 'renamed', path, from: action.from, was: action.expected });
        else if (action.kind === 'file') kept.push({ did: 'deleted', ...(await old(path, action.expected)) });
      }
    }
    return kept;
  }

  /** Nothing but what is below a folder of versions is ever removed so. */
  async #removeAll(folder: RelPath): Promise<void> {
    const { pair, signal } = this.#options;
    let listing: Listing;
    try {
      listing = await pair.remote.list(folder, signal);
    } catch (error) {
      if (error instanceof ReplyError && error.reply === 550) return;
      throw error;
    }
    for (const { path, kind } of listing.entries) if (kind === 'directory') await this.#removeAll(path);
    await this.#withLane(async (lane) => {
      const files = listing.entries.filter(({ kind }) => kind !== 'directory');
      await Promise.all(files.map(({ path }) => lane.remove(path)));
      await lane.removeDirectory(folder);
    });
  }

  async #withLane<T>(run: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#options.pair.remote.lane(this.#options.signal);
    try {
      return await run(lane);
    } finally {
      lane.release();
    }
  }
}

const DEEDS = new Set<unknown>(['replaced', 'deleted', 'added', 'made', 'renamed']);

/** What comes from a server is checked before it is acted on. */
function checked(one: Kept): Kept {
  const inside = (path: unknown): RelPath => {
    const checkedPath = toRelPath(String(path));
    if (checkedPath === ROOT || isWithin(checkedPath, OWN_FOLDER))
      throw new RangeError(`it names ${printable(checkedPath)}`);
    return checkedPath;
  };
  if (!DEEDS.has(one.did)) throw new RangeError('it tells of something unknown');
  const from = one.from === undefined ? {} : { from: inside(one.from) };
  for (const print of [one.was, one.now]) {
    if (print !== undefined && (typeof print.size !== 'number' || typeof print.stamps !== 'object')) {
      throw new RangeError('it is not whole');
    }
  }
  return { ...one, path: inside(one.path), ...from };
}

function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
