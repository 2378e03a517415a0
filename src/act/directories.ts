/** Makes directories, parents first, and renames; on the server all of them travel together, in the plan's order. */

import { directoryAgreement } from '../diff/index.ts';
import {
  type DeleteAction,
  type Fingerprint,
  type Lane,
  type MkdirAction,
  type RelPath,
  type RenameAction,
  StaleError,
} from '../model/index.ts';
import { sameVersion, tentatively } from '../transfer/index.ts';
import type { Acting } from './act.ts';
import { isStillExpected } from './expectation.ts';
import { isConnectionGone } from './failure.ts';
import { inPasses, type Pass } from './passes.ts';
import { removeRemote } from './removals.ts';

type Making = MkdirAction | RenameAction | DeleteAction;

/** How many commands are on their way before the oldest answer is waited for. */
const AHEAD = 256;

export async function actOnDirectories(acting: Acting, makings: readonly Making[]): Promise<void> {
  await inPasses(acting, makings, (pass) => makeAll(acting, pass));
}

async function makeAll(acting: Acting, { left, failures }: Pass<Making>): Promise<void> {
  const { pair, signal } = acting.options;
  const remote = [...left].some((making) => making.side === 'remote');
  const lane = remote ? await pair.remote.lane(signal) : undefined;
  const underway: Promise<void>[] = [];
  const take = async (making: Making) => {
    acting.started(making);
    try {
      await make(acting, making, lane);
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
      const step = take(making);
      step.catch(() => undefined);
      // What changes a name that a later step builds on is waited for; plain MKDs follow each other on the wire.
      if (making.action === 'mkdir' && making.side === 'remote') underway.push(step);
      else await step;
      if (underway.length >= AHEAD) await Promise.all(underway.splice(0, AHEAD / 2));
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane?.release();
  }
}

async function make(acting: Acting, making: Making, lane: Lane | undefined): Promise<void> {
  const { pair } = acting.options;
  const side = making.side === 'remote' ? lane! : pair.local;
  const { path } = making;
  if (making.action === 'mkdir') {
    const outcome = directoryAgreement(path);
    if (making.side === 'remote') await tentatively(pair.memory, { path, outcome }, () => side.makeDirectory(path));
    else await side.makeDirectory(path);
    return pair.memory.learn(outcome);
  }
  const from = making.action === 'rename' ? making.from : path;
  if (making.side === 'local') {
    await isStillExpected(pair, 'local', from, making.expected);
  } else {
    // Asked on the connection that is held already: there may be no second one to be had.
    const now = await seen(lane!, from);
    if (!now) {
      // The reply to an earlier attempt may have been lost.
      const moved = making.action === 'rename' ? await seen(lane!, path) : undefined;
      if (making.action !== 'rename') return pair.memory.forget(path);
      if (moved && sameVersion(moved, making.expected)) return pair.memory.forget(from);
      throw new StaleError('it is gone from the server since it was listed');
    }
    if (!sameVersion(now, making.expected)) throw new StaleError('it changed on the server since it was listed');
  }
  if (making.action === 'rename') {
    const rename = () => side.rename(from, path);
    await (making.side === 'remote' ? tentatively(pair.memory, { path: from, outcome: null }, rename) : rename());
  } else if (making.side === 'remote') await removeRemote(acting, { path, kind: 'file' }, lane!);
  else await side.remove(path);
  // That it is gone under its old name is Ferry's doing, whatever comes of the rest.
  await pair.memory.forget(from);
}

/** The file under a name; undefined where the server says that there is none. */
async function seen(lane: Lane, path: RelPath): Promise<Fingerprint | undefined> {
  const found = await lane.find(path);
  return found ? { size: found.size ?? 0, stamps: found.stamps } : undefined;
}
