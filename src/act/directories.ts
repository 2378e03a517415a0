/** Makes directories, parents first, and renames; on the server all of them travel together, in the plan's order. */

import { directoryAgreement, rememberedAs } from '../diff/index.ts';
import {
  type DeleteAction,
  type Fingerprint,
  type Lane,
  lineage,
  type MkdirAction,
  parentOf,
  type RelPath,
  type RenameAction,
  StaleError,
} from '../model/index.ts';
import { sameVersion, tentatively } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { isStillExpected } from './expectation.ts';
import { isConnectionGone } from './failure.ts';
import { inPasses, LEFT_OUT, type Pass } from './passes.ts';
import { removeRemote } from './removals.ts';

type Making = MkdirAction | RenameAction | DeleteAction;

/** How many commands are on their way before the oldest answer is waited for. */
const AHEAD = 256;

export async function actOnDirectories(acting: Acting, makings: readonly Making[]): Promise<void> {
  const doubtful = new Set<RelPath>();
  await inPasses(acting, makings, (pass) => makeAll(acting, pass, doubtful));
}

/**
 * @param doubtful names under which the server showed a file, and then, when that was to make way, none: a directory
 * that is there all the same is nobody knows what, such as a link to a folder in a listing that does not tell links.
 */
async function makeAll(acting: Acting, { left, failures }: Pass<Making>, doubtful: Set<RelPath>): Promise<void> {
  const { pair, signal } = acting.options;
  const remote = [...left].some((making) => making.side === 'remote');
  const lane = remote ? await pair.remote.lane(signal) : undefined;
  const underway: Promise<void>[] = [];
  const barred = new Set<RelPath>();
  const take = async (making: Making) => {
    acting.started(making);
    try {
      const claim = making.action === 'mkdir' && making.side === 'remote' && doubtful.has(making.path);
      if (claim) await claimDirectory(lane!, making.path, barred);
      await make(acting, making, lane, doubtful);
      left.delete(making);
      acting.done(making);
    } catch (error) {
      if (isConnectionGone(error)) throw error;
      failures.set(making, error);
    }
  };
  try {
    for (const making of [...left]) {
      signal.throwIfAborted();
      if ([...lineage(parentOf(making.path))].some((at) => barred.has(at))) {
        failures.set(making, LEFT_OUT);
        continue;
      }
      const step = take(making);
      step.catch(() => undefined);
      // What changes a name that a later step builds on is waited for; plain MKDs follow each other on the wire.
      const plain = making.action === 'mkdir' && making.side === 'remote' && !doubtful.has(making.path);
      if (plain) underway.push(step);
      else await step;
      if (underway.length >= AHEAD) await Promise.all(underway.splice(0, AHEAD / 2));
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane?.release();
  }
}

/** Only as a directory of our own making. */
async function claimDirectory(lane: Lane, path: RelPath, barred: Set<RelPath>): Promise<void> {
  if (await lane.claimDirectory(path)) return;
  barred.add(path);
  throw new StaleError('the server lists it as a file and has a folder there, or a link to one: see what it is');
}

async function make(acting: Acting, making: Making, lane: Lane | undefined, doubtful: Set<RelPath>): Promise<void> {
  const { pair, direction } = acting.options;
  const side = making.side === 'remote' ? lane! : pair.local;
  const { path } = making;
  const known = rememberedAs(making, direction);
  if (making.action === 'mkdir') {
    const outcome = directoryAgreement(known);
    const mkdir = () => side.makeDirectory(path);
    await (making.side === 'remote' ? tentatively(pair.memory, { path: known, name: path, outcome }, mkdir) : mkdir());
    return pair.memory.learn(outcome);
  }
  const from = making.action === 'rename' ? making.from : path;
  if (making.side === 'local') {
    await isStillExpected(pair, from, making.expected);
  } else {
    // Asked on the connection that is held already: there may be no second one to be had.
    const now = await seen(lane!, from);
    if (!now) {
      // The reply to an earlier attempt may have been lost.
      const moved = making.action === 'rename' ? await seen(lane!, path) : undefined;
      if (making.action === 'rename' && moved && sameVersion(moved, making.expected)) return pair.memory.forget(from);
      doubtful.add(from);
      if (making.action !== 'rename') return pair.memory.forget(known);
      throw new StaleError('it is gone from the server since it was listed');
    }
    if (!sameVersion(now, making.expected)) throw new StaleError('it changed on the server since it was listed');
  }
  if (making.action === 'rename') {
    const rename = () => side.rename(from, path);
    await (making.side === 'remote' ? tentatively(pair.memory, { path: from, outcome: null }, rename) : rename());
  } else if (making.side === 'remote') await removeRemote(acting, making, lane!);
  else await side.remove(path);
  // That it is gone under its old name is Ferry's doing, whatever comes of the rest.
  await pair.memory.forget(making.action === 'rename' ? from : known);
}

/** The file under a name; undefined where the server says that there is none. */
async function seen(lane: Lane, path: RelPath): Promise<Fingerprint | undefined> {
  const found = await lane.find(path);
  return found ? { size: found.size ?? 0, stamps: found.stamps } : undefined;
}
