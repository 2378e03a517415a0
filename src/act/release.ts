/**
 * A staged release: everything that is sent waits under temporary names until all of it is there and was seen to be
 * whole; then one burst of renames publishes it, and deletes come last. Where anything failed before the burst, nothing
 * is published, and what did arrive is kept for the next run.
 */
import { Order } from '../diff/index.ts';
import {
  type Action,
  comparePaths,
  type DeleteAction,
  fingerprintOf,
  isTransfer,
  isWithin,
  type Listing,
  MismatchError,
  type MkdirAction,
  parentOf,
  type RelPath,
  type RenameAction,
  ROOT,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { dressStaged, isExpectedUnder, type Naming, newNaming, placeStaged, type Staged } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { actOnDirectories } from './directories.ts';
import { listRemote } from './listings.ts';
import { Namesakes } from './one-name.ts';
import { inFlight, inPasses } from './passes.ts';
import { actOnRemovals } from './removals.ts';
import { actOnTransfers, stageTransfers } from './transfers.ts';

/** @throws whatever ends the run; HookError where a program around it failed. */
export async function actOnRelease(acting: Acting, actions: readonly Action[]): Promise<void> {
  const { pair, signal, tally, order, maintenance } = acting.options;
  const parts = partsOf(actions);
  await actOnDirectories(acting, parts.mkdirs);
  const naming = newNaming();
  const staged = await stageTransfers(acting, parts.transfers, naming);
  const making = new Set(parts.removals.map(({ path }) => path));
  const verify = (all: readonly Staged[]) => verifyAll(acting, all, (path) => making.has(path));
  if (tally.agreed) await verify(staged);
  const keepForNext = () => {
    const { length } = parts.transfers;
    tally.unpublished = `nothing was published, because not everything could be made ready${length > 0 ? ` (${staged.length} of ${length} files arrived; they are kept for the next run)` : ''}; see to the problems and run again`;
    return pair.memory.flush();
  };
  if (!tally.agreed) return keepForNext();
  // A kill from here on finds its way back by what is remembered of the temporary files.
  await pair.memory.flush();
  signal.throwIfAborted();
  const changes = staged.length + parts.renames.length + parts.late.makings.length + parts.removals.length;
  const paused = maintenance !== undefined && changes > 0;
  if (paused) await maintenance.enter();
  try {
    const ready = await dressAll(acting, staged, naming);
    // Those programs may have taken minutes, and somebody used them.
    if (paused && tally.agreed) await verify(ready);
    if (!tally.agreed) return await keepForNext();
    signal.throwIfAborted();
    await actOnDirectories(acting, parts.renames);
    const waits = ({ target }: Staged) => making.has(target);
    const burst = new Burst(acting, naming.style);
    await burst.publish(
      ready.filter((one) => !waits(one)),
      order,
    );
    signal.throwIfAborted();
    // LIMIT: what takes the place of a file of that name can only be sent once that is gone, so it comes after the burst.
    await actOnDirectories(acting, parts.late.makings);
    await (await actOnTransfers(acting, parts.late.transfers, new Set())).publish();
    await actOnRemovals(acting, parts.removals);
    await burst.publish(ready.filter(waits), order);
  } finally {
    if (paused) await maintenance.leave();
  }
}

interface Parts {
  readonly mkdirs: readonly MkdirAction[];
  readonly transfers: readonly TransferAction[];
  readonly renames: readonly RenameAction[];
  /** What needs a file to make way first. */
  readonly late: {
    readonly makings: readonly (MkdirAction | DeleteAction)[];
    readonly transfers: readonly TransferAction[];
  };
  readonly removals: readonly DeleteAction[];
}

function partsOf(actions: readonly Action[]): Parts {
  const makeWay = actions.filter((action) => action.action === 'replace' && action.kind === 'file') as DeleteAction[];
  const isLate = (path: RelPath) => makeWay.some((one) => isWithin(path, one.path));
  const transfers = actions.filter(isTransfer);
  const isLateTransfer = ({ path, alias }: TransferAction) => isLate(alias ?? path);
  const mkdirs = actions.filter((action) => action.action === 'mkdir');
  return {
    mkdirs: mkdirs.filter(({ path }) => !isLate(path)),
    transfers: makeWay.length === 0 ? transfers : transfers.filter((one) => !isLateTransfer(one)),
    renames: actions.filter((action) => action.action === 'rename'),
    late: {
      makings: actions.filter(
        (action) => makeWay.includes(action as DeleteAction) || (action.action === 'mkdir' && isLate(action.path)),
      ) as (MkdirAction | DeleteAction)[],
      transfers: makeWay.length === 0 ? [] : transfers.filter(isLateTransfer),
    },
    // Children before parents, wherever a step came from.
    removals: actions
      .filter(
        (action): action is DeleteAction =>
          (action.action === 'delete' || action.action === 'replace') && !makeWay.includes(action),
      )
      .sort((a, b) => comparePaths(b.path, a.path)),
  };
}

/** Lists every directory that holds something of the release once more: is it whole, and is its place as it was? */
async function verifyAll(
  acting: Acting,
  staged: readonly Staged[],
  makesWay: (path: RelPath) => boolean,
): Promise<void> {
  const byDirectory = new Map<RelPath, Staged[]>();
  for (const one of staged) {
    const directory = parentOf(one.temporary);
    const others = byDirectory.get(directory);
    if (others) others.push(one);
    else byDirectory.set(directory, [one]);
  }
  const pending = [...byDirectory];
  const workers = Array.from({ length: Math.min(pending.length, acting.options.pair.remote.width) }, async () => {
    for (let next = pending.pop(); next; next = pending.pop()) await verifyIn(acting, ...next, makesWay);
  });
  await Promise.all(workers);
}

async function verifyIn(
  acting: Acting,
  directory: RelPath,
  staged: readonly Staged[],
  makesWay: (path: RelPath) => boolean,
): Promise<void> {
  const { pair, signal, attempts } = acting.options;
  const listing = await listRemote(pair, directory, signal, attempts);
  const seen = new Map((listing?.entries ?? []).map((entry) => [entry.path, entry]));
  // Names that a listing leaves out (hidden ones, on some servers) are asked for by themselves.
  const asked = staged.flatMap(({ temporary, target }) =>
    [temporary, target].filter((path) => !seen.has(path) && mayHide(listing, path === temporary)),
  );
  const sightings = asked.length === 0 ? [] : await pair.remote.sight(asked, signal);
  for (const sighting of sightings) if (sighting.found === 'present') seen.set(sighting.path, sighting.entry);
  for (const one of staged) {
    const held = seen.get(one.temporary);
    const there = seen.get(one.target);
    const { size } = one.agreement.remote;
    if (!held || (held.size !== null && held.size !== size)) {
      const has = held ? `holds ${held.size} of its ${size} bytes` : 'does not show it any more';
      acting.failed(one.action, new MismatchError(`once all was there, the server ${has}; run again`));
    } else if (
      there &&
      !makesWay(one.target) &&
      (there.kind !== 'file' || !isExpectedUnder(one, fingerprintOf(there)))
    ) {
      acting.failed(one.action, new StaleError('it changed on the server since it was listed'));
    }
  }
}

/**
 * Gives everything that waits its time, just before it is published: until then each file showed when it had arrived, so
 * that no other run could take it for an old leftover.
 */
async function dressAll(acting: Acting, staged: readonly Staged[], naming: Naming): Promise<Staged[]> {
  const { pair, tell, signal } = acting.options;
  const warning = { naming, warn: (message: string) => tell({ type: 'warning', message }) };
  const ready = new Map<Action, Staged>(staged.map((one) => [one.action, one]));
  await inPasses(acting, [...ready.keys()], async (pass) => {
    const lane = await pair.remote.lane(signal);
    await inFlight(pass, lane, async (action) => {
      signal.throwIfAborted();
      ready.set(action, await dressStaged(lane, ready.get(action)!, warning));
    });
  });
  return [...ready.values()];
}

function mayHide(listing: Listing | null, temporary: boolean): boolean {
  return temporary || listing === null || listing.incomplete !== undefined;
}

/** Renames what is ready, all in a few flights on one connection, each rank of `order` once the one before is in place. */
class Burst {
  readonly #acting: Acting;
  readonly #style: ReturnType<typeof newNaming>['style'];
  readonly #tried = new Set<Staged>();
  readonly #namesakes = new Namesakes();
  #unkept = false;

  constructor(acting: Acting, style: ReturnType<typeof newNaming>['style']) {
    this.#acting = acting;
    this.#style = style;
  }

  async publish(staged: readonly Staged[], patterns: readonly string[]): Promise<void> {
    const order = new Order(patterns);
    const ranks = new Map<number, Staged[]>();
    for (const one of staged) {
      // What may have the name of one before it goes after that one, and is looked at as if it had been tried already.
      const before = this.#namesakes.before(one.target);
      if (before > 0) this.#tried.add(one);
      const rank = order.rank(one.action.path) + before / (before + 1);
      const rest = ranks.get(rank);
      if (rest) rest.push(one);
      else ranks.set(rank, [one]);
    }
    let heldBack = 0;
    for (const [, rank] of [...ranks].sort(([a], [b]) => a - b)) {
      // A page must not name what is not there.
      if (this.#acting.failedBelow(ROOT)) {
        for (const { action } of rank) this.#acting.skipped(action);
        heldBack += rank.length;
      } else await this.#rename(rank);
    }
    if (heldBack > 0) {
      const message = `${heldBack} files were held back, because something before them failed`;
      this.#acting.options.tell({ type: 'warning', message });
    }
  }

  async #rename(rank: readonly Staged[]): Promise<void> {
    const byAction = new Map(rank.map((one) => [one.action, one]));
    await inPasses(this.#acting, [...byAction.keys()], async (pass) => {
      const lane = await this.#acting.options.pair.remote.lane();
      await inFlight(pass, lane, (action) => this.#place(lane, byAction.get(action)!));
    });
  }

  async #place(lane: Parameters<typeof placeStaged>[0], one: Staged): Promise<void> {
    const { pair, tell, versions } = this.#acting.options;
    const { memory } = pair;
    const again = this.#tried.has(one);
    this.#tried.add(one);
    const unkept = (error: Error) => {
      if (!this.#unkept)
        tell({ type: 'warning', message: `the old version of some files could not be kept (${error.message})` });
      this.#unkept = true;
    };
    await placeStaged(lane, memory, one, { style: this.#style, keep: versions?.pathOf(one.target), unkept, again });
    const { action, attempt, bytes, resumedFrom, agreement } = one;
    await Promise.all([memory.learn(agreement), memory.dropCheckpoint(action.path, 'upload')]);
    this.#acting.done(action, attempt, bytes, resumedFrom);
  }
}
