/** Ferry's own files in the listings of a walk: what earlier runs left behind, and what of it goes. */
import type { JobSettings } from '../config/settings.ts';
import {
  type Entry,
  isAside,
  isTemporary,
  type Listing,
  nameOf,
  type Pair,
  type RelPath,
  type Side,
} from '../model/index.ts';

/** A temporary file without a checkpoint is left alone for so long (ms): it may belong to a run on another machine. */
const STALE_AFTER = 24 * 3600 * 1000;

interface Circumstances {
  readonly pair: Pair;
  readonly job: JobSettings;
  /** Now, in ms since the epoch, UTC. */
  readonly now: number;
  /** Whether the run is about everything, and changes what it is about: only then all that is left over goes. */
  readonly sweeps: boolean;
  /** Whether it changes anything. */
  readonly acts: boolean;
}

export class Temporaries {
  /** Those that nobody will come back for. */
  readonly stale: { side: Side; path: RelPath }[] = [];
  /** Old files on the server that were set aside, and are there still. */
  readonly asides: RelPath[] = [];
  readonly #circumstances: Circumstances;
  #begun: Promise<Record<Side, ReadonlySet<RelPath>>> | undefined;

  constructor(circumstances: Circumstances) {
    this.#circumstances = circumstances;
  }

  /**
   * Takes note of those in a listing, and resolves with the listing without what goes before anything is removed: that is
   * no reason to keep a directory whose source is gone. The part of a file whose source is still there stays as surely as
   * its directory does.
   */
  async sift(side: Side, listing: Listing): Promise<Listing> {
    // Nothing is changed there.
    if (side === 'remote' && this.#circumstances.job.direction === 'pull') return listing;
    const own = listing.entries.filter(({ kind, path }) => kind === 'file' && isTemporary(nameOf(path)));
    if (own.length === 0) return listing;
    // A memory that knows no names learns them as they are seen.
    if (this.#circumstances.pair.memory.travels) this.#begun = undefined;
    const going = new Set<Entry>();
    for (const entry of own) {
      if (isAside(nameOf(entry.path))) {
        if (side === 'remote') this.asides.push(entry.path);
      } else if (this.#isStale(entry)) {
        this.stale.push({ side, path: entry.path });
        if (this.#circumstances.sweeps) going.add(entry);
      } else if (await this.#isAbandoned(side, entry)) going.add(entry);
    }
    return { ...listing, entries: listing.entries.filter((entry) => !going.has(entry)) };
  }

  #isStale({ mtime, zoned }: Entry): boolean {
    if (mtime === null) return false;
    // A zone that is not known may be half a day off, either way.
    return this.#circumstances.now - mtime - (zoned ? 0 : STALE_AFTER / 2) > STALE_AFTER;
  }

  /** What a run of this job began, and no other checkout may be at. */
  async #isAbandoned(side: Side, { path }: Entry): Promise<boolean> {
    const { pair, job, sweeps, acts } = this.#circumstances;
    if (pair.memory.travels && job.serverLock === undefined) return false;
    // Of what a batch is not about only that on the server goes whose source went.
    if (!sweeps && !(acts && side === 'remote')) return false;
    return (await (this.#begun ??= begunIn(pair)))[side].has(path);
  }
}

async function begunIn({ memory }: Pair): Promise<Record<Side, ReadonlySet<RelPath>>> {
  const begun = { local: new Set<RelPath>(), remote: new Set<RelPath>() };
  for await (const { direction, temporary } of memory.checkpoints())
    begun[direction === 'upload' ? 'remote' : 'local'].add(temporary);
  return begun;
}
