/** The folder on the server that holds kept versions and their manifests: what is there, and how it is read and written. */
import {
  type Entry,
  type Lane,
  lineage,
  MismatchError,
  type Pair,
  parentOf,
  type RelPath,
  ReplyError,
  type Sighting,
  toRelPath,
  UntrustedError,
} from '../model/index.ts';
import { publish } from '../transfer/index.ts';
import {
  endOf,
  folderOf,
  type Kept,
  keeps,
  keptPath,
  keyOf,
  type Manifest,
  manifestPath,
  parseManifest,
  type Release,
  releaseAt,
  VERSIONS,
} from './manifest.ts';

/** At the end of the name of a manifest that is being written. */
const UNWRITTEN = '.new';

export interface ShelfOptions {
  readonly pair: Pick<Pair, 'remote' | 'memory'>;
  readonly job: string;
  readonly signal: AbortSignal;
}

/** The releases of one job, as its manifests tell of them. */
export interface Releases {
  /** Each once, the oldest first. */
  readonly whole: readonly Release[];
  /** What became part of one of those and is not cleared away yet. */
  readonly takenIn: readonly Release[];
  /** What was to be written of them and has not come to its name: a run was cut off before it had touched anything. */
  readonly unwritten: readonly Release[];
}

export class VersionShelf {
  readonly #options: ShelfOptions;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** @throws UntrustedError where the server may not have told of all: what stands for what hangs on each of them. */
  async releases(): Promise<Releases> {
    const { all: seen, unwritten, incomplete } = await this.#all();
    if (incomplete !== undefined)
      throw new UntrustedError(`the listing of ${VERSIONS} on the server may be incomplete (${incomplete}); run again`);
    const own = keyOf(this.#options.job);
    const ownOf = (some: typeof seen) =>
      some
        .filter(({ key }) => key === own)
        .map(({ release, until }): Release => ({ release, ...(until === undefined ? {} : { until }) }))
        .sort((a, b) => (a.release < b.release ? -1 : 1));
    const all = ownOf(seen);
    const isTakenIn = (one: Release) =>
      all.some((other) => other !== one && other.release <= one.release && endOf(one) <= endOf(other));
    return {
      whole: all.filter((one) => !isTakenIn(one)),
      takenIn: all.filter(isTakenIn),
      unwritten: ownOf(unwritten),
    };
  }

  /** The times of the newest release of any job, whose names they are, and of this one. */
  async newest(): Promise<{ readonly any: string | undefined; readonly own: string | undefined }> {
    const { all } = await this.#all();
    const newestOf = (releases: readonly Release[]) => releases.map(endOf).sort().at(-1);
    const own = keyOf(this.#options.job);
    return { any: newestOf(all), own: newestOf(all.filter(({ key }) => key === own)) };
  }

  /** @throws UntrustedError where it cannot be understood, or names what is not a path of this folder. */
  async read(release: Release): Promise<Manifest> {
    const path = manifestPath(release, this.#options.job);
    const pieces: Buffer[] = [];
    await this.withLane((lane) => lane.read(path, { write: (piece) => void pieces.push(Buffer.from(piece)) }));
    try {
      return parseManifest(Buffer.concat(pieces).toString(), release);
    } catch (error) {
      throw new UntrustedError(
        `${path} on the server cannot be used: ${(error as Error).message}. Nothing was changed`,
        {
          cause: error,
        },
      );
    }
  }

  /**
   * Whole under its name at every moment, like any other file.
   * @param folders are made when it is there, and before it has its name: a run that is cut off in between leaves nothing
   * that the next one does not know of
   */
  async write(lane: Lane, manifest: Manifest, folders: Iterable<RelPath> = []): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(manifest)}\n`);
    const path = manifestPath(manifest, this.#options.job);
    const chunks = async function* () {
      yield bytes;
    };
    const temporary = toRelPath(`${path}${UNWRITTEN}`);
    await lane.write(temporary, { chunks });
    // They travel together, each folder after the one that it is in.
    const [held, there] = await Promise.all([
      lane.find(temporary),
      lane.find(path),
      ...[...folders].map((folder) => lane.makeDirectory(folder)),
    ]);
    if (held !== null && held.size !== null && held.size !== bytes.length) {
      throw new MismatchError(`the server holds ${held.size} of the ${bytes.length} bytes of ${path}; run again`);
    }
    const old = there && { size: there.size ?? 0, stamps: there.stamps };
    await publish(lane, this.#options.pair.memory, temporary, path, old, { style: 'hidden' });
  }

  /** Removes what a run has left that was cut off before it had touched anything: folders that are empty, and its note. */
  async removeUnwritten(one: Release): Promise<void> {
    const { whole, takenIn } = await this.releases();
    const isNamed = [...whole, ...takenIn].some(({ release }) => release === one.release);
    if (!isNamed) await this.#removeEmpty(folderOf(one.release));
    const note = toRelPath(`${manifestPath(one, this.#options.job)}${UNWRITTEN}`);
    await this.withLane((lane) => lane.remove(note));
  }

  async removeManifest(release: Release): Promise<void> {
    await this.withLane((lane) => lane.remove(manifestPath(release, this.#options.job)));
  }

  /**
   * Removes what a release has kept, with its folder. Nothing but what is below that is ever removed so.
   * @param kept what it says it has kept: listings may leave hidden names out
   */
  async removeFolder(release: string, kept: readonly Kept[] = []): Promise<void> {
    const hidden = kept.filter((one) => keeps(one) && /(?:^|\/)\./.test(one.path));
    const seen = await this.sight(hidden.map(({ path }) => keptPath(release, path)));
    const there = [...seen].flatMap(([path, { found }]) => (found === 'present' ? [path] : []));
    await this.withLane(async (lane) => {
      await Promise.all(there.map((path) => lane.remove(path)));
      // Their folders may be hidden, too. What is not empty is refused, and comes next.
      const top = folderOf(release);
      const folders = new Set(
        there.flatMap((path) => [...lineage(parentOf(path))]).filter((at) => at.startsWith(`${top}/`)),
      );
      for (const folder of [...folders].sort().reverse()) {
        await lane.removeDirectory(folder).catch((error) => {
          if (!(error instanceof ReplyError) || error.retryable) throw error;
        });
      }
    });
    await this.#removeAll(folderOf(release));
  }

  async #removeAll(folder: RelPath): Promise<void> {
    const entries = await this.#listed(folder);
    if (!entries) return;
    for (const { path, kind } of entries) if (kind === 'directory') await this.#removeAll(path);
    await this.withLane(async (lane) => {
      const files = entries.filter(({ kind }) => kind !== 'directory');
      await Promise.all(files.map(({ path }) => lane.remove(path)));
      await lane.removeDirectory(folder);
    });
  }

  /** Undefined where it is not there. */
  async #listed(folder: RelPath): Promise<readonly Entry[] | undefined> {
    try {
      return (await this.#options.pair.remote.list(folder, this.#options.signal)).entries;
    } catch (error) {
      if (error instanceof ReplyError && error.reply === 550) return undefined;
      throw error;
    }
  }

  async #removeEmpty(folder: RelPath): Promise<void> {
    const entries = await this.#listed(folder);
    if (!entries) return;
    for (const { path, kind } of entries) if (kind === 'directory') await this.#removeEmpty(path);
    if (entries.every(({ kind }) => kind === 'directory'))
      await this.withLane((lane) => lane.removeDirectory(folder)).catch((error) => {
        // It is not there, or something is in it after all.
        if (!(error instanceof ReplyError) || error.retryable) throw error;
      });
  }

  /** Asks for these very paths. */
  async sight(paths: readonly RelPath[]): Promise<Map<RelPath, Sighting>> {
    if (paths.length === 0) return new Map();
    const { pair, signal } = this.#options;
    const sightings = await pair.remote.sight([...new Set(paths)], signal);
    return new Map(sightings.map((sighting) => [sighting.path, sighting]));
  }

  async withLane<T>(run: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#options.pair.remote.lane(this.#options.signal);
    try {
      return await run(lane);
    } finally {
      lane.release();
    }
  }

  /** @throws UntrustedError where the folder is there, or may be: what is not told of is not what never was. */
  async #requireAbsent(refusal: ReplyError): Promise<void> {
    const [seen] = await this.#options.pair.remote.sight([VERSIONS], this.#options.signal);
    if (seen?.found === 'absent') return;
    throw new UntrustedError(
      `old versions cannot be kept or told of: the server would not list ${VERSIONS} (${refusal.message}). Nothing was changed. Run again; should it stay so, look what is there`,
      { cause: refusal },
    );
  }

  async #all() {
    const { pair, signal } = this.#options;
    try {
      const { entries, incomplete } = await pair.remote.list(VERSIONS, signal);
      const unwritten = entries.flatMap(({ path }) =>
        path.endsWith(UNWRITTEN) ? (releaseAt(path.slice(0, -UNWRITTEN.length) as RelPath) ?? []) : [],
      );
      return { all: entries.flatMap(({ path }) => releaseAt(path) ?? []), unwritten, incomplete };
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
      await this.#requireAbsent(error);
      return { all: [], unwritten: [], incomplete: undefined };
    }
  }
}
