/**
 * Removes what a plan says must go, children before parents. Just before anything is removed both sides are looked at
 * once more: it must still be what was seen, a local file goes only if the server, asked for that very path, says that it
 * is not there, and a remote one only if it did not come back here.
 */

import { rememberedAs } from '../diff/index.ts';
import {
  type DeleteAction,
  isWithin,
  type Lane,
  NameError,
  parentOf,
  printable,
  type RelPath,
  type Remote,
  type Sighting,
  StaleError,
} from '../model/index.ts';
import { tentatively } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { isStillExpected, matches } from './expectation.ts';
import { isConnectionGone } from './failure.ts';
import { oneNameOn } from './one-name.ts';
import { inPasses, LEFT_OUT, type Pass } from './passes.ts';
import { sightPatiently } from './sight-patiently.ts';
import { sightInAnyForm } from './spellings.ts';

/** Paths asked about in one go. */
const BATCH = 256;

export async function actOnRemovals(acting: Acting, removals: readonly DeleteAction[]): Promise<void> {
  /** Directories of which a listing turned out to be wrong. */
  const doubtful = new Set<RelPath>();
  for (let at = 0; at < removals.length; at += BATCH) {
    await inPasses(acting, removals.slice(at, at + BATCH), (pass) => removeAll(acting, pass, doubtful));
  }
}

async function removeAll(
  acting: Acting,
  { left, failures }: Pass<DeleteAction>,
  doubtful: Set<RelPath>,
): Promise<void> {
  const { pair, signal, attempts } = acting.options;
  const batch = [...left];
  const sightings = await sightAll(pair.remote, batch, { attempts, signal });
  batch.forEach((removal, index) => {
    const doubt = removal.side === 'local' && removal.action === 'delete' && sightings[index]?.found === 'present';
    if (doubt) doubtful.add(parentOf(removal.path));
  });
  const kept = await sameNames(acting, batch);
  const lane = batch.some((removal) => removal.side === 'remote') ? await pair.remote.lane(signal) : undefined;
  const underway: Promise<void>[] = [];
  const take = async (removal: DeleteAction, sighting: Sighting | undefined) => {
    acting.started(removal);
    try {
      const twin = kept.get(removal);
      if (twin !== undefined) throw new StaleError(sayTwin(twin));
      await remove(acting, removal, sighting, doubtful, lane);
      left.delete(removal);
      acting.done(removal);
    } catch (error) {
      if (isConnectionGone(error)) throw error;
      failures.set(removal, error);
    }
  };
  const failedBelow = (path: RelPath) =>
    acting.failedBelow(path) || [...failures.keys()].some((failure) => isWithin(failure.path, path));
  try {
    for (const [index, removal] of batch.entries()) {
      signal.throwIfAborted();
      // Whether a directory may go depends on what became of its children, so it waits for them.
      if (removal.kind === 'directory') await Promise.all(underway.splice(0));
      if (failedBelow(removal.path)) {
        failures.set(removal, LEFT_OUT);
        continue;
      }
      const step = take(removal, sightings[index]);
      step.catch(() => undefined);
      if (removal.side === 'remote') underway.push(step);
      else await step;
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane?.release();
  }
}

/** What the server has of each: of what goes there, that very name; of what goes here, whatever it may be called there. */
async function sightAll(
  remote: Remote,
  batch: readonly DeleteAction[],
  asking: Parameters<typeof sightInAnyForm>[2],
): Promise<readonly Sighting[]> {
  const here = batch.filter(({ side }) => side === 'local');
  const there = batch.filter(({ side }) => side === 'remote');
  const [ofHere, ofThere] = await Promise.all([
    sightInAnyForm(
      remote,
      here.map(({ path, alias }) => alias ?? path),
      asking,
    ),
    sightPatiently(
      remote,
      there.map(({ path }) => path),
      asking,
    ),
  ]);
  const [nextHere, nextThere] = [ofHere.values(), ofThere.values()];
  return batch.map(({ side }) => (side === 'local' ? nextHere : nextThere).next().value!);
}

/** Those whose name is one with another to this server, which the plan writes there; with that name. */
async function sameNames(
  { options, written }: Acting,
  batch: readonly DeleteAction[],
): Promise<ReadonlyMap<DeleteAction, RelPath>> {
  const same = new Map<DeleteAction, RelPath>();
  const areOne = oneNameOn(options.pair, options);
  for (const removal of batch) {
    const twin = removal.side === 'remote' ? written.twinOf(removal.path) : undefined;
    if (twin !== undefined && (await areOne(removal.path, twin))) same.set(removal, twin);
  }
  return same;
}

function sayTwin(twin: RelPath): string {
  return `the server seems to take it and ${printable(twin)} for one, so it stays; give it that name there by hand`;
}

async function remove(
  acting: Acting,
  removal: DeleteAction,
  sighting: Sighting | undefined,
  doubtful: ReadonlySet<RelPath>,
  lane: Lane | undefined,
): Promise<void> {
  const { pair } = acting.options;
  const { path, kind, side } = removal;
  // Whatever makes way for another kind goes by what stands here; the other side has something of that name.
  if (sighting?.found === 'unknown' && (side === 'remote' || removal.action === 'delete')) {
    if (sighting.unspeakable) throw new NameError(sighting.because);
    throw new StaleError(`the server could not be asked about it once more, so it stays: ${sighting.because}`);
  }
  if (side === 'remote') {
    if (sighting?.found === 'present') {
      if (!matches(sighting.entry, removal.expected, kind)) {
        throw new StaleError('it changed on the server since it was listed, so it stays');
      }
      if (removal.action === 'delete' && (await isBack(acting, removal))) {
        throw new StaleError('it is here again since it was looked at, so it stays on the server');
      }
      await removeRemote(acting, removal, lane!);
    }
  } else {
    if (doubtful.has(parentOf(path))) {
      throw new StaleError(
        'the server still has something that its listing of this directory left out, so nothing is deleted here',
      );
    }
    await isStillExpected(pair, path, removal.expected, kind);
    if (kind === 'directory') await pair.local.removeDirectory(path);
    else await pair.local.remove(path);
  }
  await pair.memory.forget(rememberedAs(removal, acting.options.direction));
}

/** What is of another kind here may be out of scope. */
async function isBack({ options }: Acting, removal: DeleteAction): Promise<boolean> {
  const here = await options.pair.local.look(rememberedAs(removal, options.direction));
  return here?.kind === removal.kind;
}

/**
 * Both ways it is journalled first: should the reply be lost, and the same come back here before the next run, its
 * absence there would read as somebody else's removal, and take along what came back.
 */
export async function removeRemote(
  { options }: Acting,
  removal: Pick<DeleteAction, 'side' | 'path' | 'alias' | 'kind'>,
  lane: Lane,
): Promise<void> {
  const { pair, versions, direction } = options;
  const { path, kind } = removal;
  const outcome = { path: rememberedAs(removal, direction), name: path, outcome: null };
  const tell = () => {
    if (kind === 'directory') return lane.removeDirectory(path);
    return versions ? lane.rename(path, versions.pathOf(path)) : lane.remove(path);
  };
  if (direction === 'sync') await tentatively(pair.memory, outcome, tell);
  else await tell();
}
