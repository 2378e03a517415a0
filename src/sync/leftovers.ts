/** Takes away what earlier runs left behind: temporary files of transfers that were cut off and are not taken up again. */
import {
  type Action,
  type Checkpoint,
  fingerprintOf,
  isTemporary,
  isTransfer,
  LocalError,
  nameOf,
  type Pair,
  type RelPath,
  ReplyError,
  type Side,
} from '../model/index.ts';
import { temporaryFor } from '../model/temporary.ts';
import { retrying } from '../queue/index.ts';
import { sameVersion, tagOf } from '../transfer/index.ts';
import type { Observed } from './observe.ts';

export interface Sweeping {
  /** What the temporary names of this job are set apart by. */
  readonly salt: string;
  readonly attempts: number;
  /** Whether the remote folder is held against runs on other machines. */
  readonly locked: boolean;
}

/** Removes the temporary files of checkpoints that no action of this plan goes on from, and those too old to matter. */
export async function sweepLeftovers(
  pair: Pair,
  actions: readonly Action[],
  stale: Observed['stale'],
  signal: AbortSignal,
  options: Sweeping,
): Promise<void> {
  /** What is gone on from, by the names of the temporary files that it is looked for under. */
  const wanted = new Map<string, ReadonlySet<RelPath>>();
  const named = new Set<string>();
  for (const action of actions) {
    if (!isTransfer(action)) continue;
    const tag = tagOf(action.source, options.salt);
    const names = [action.path, action.alias ?? action.path].map((path) => temporaryFor(path, tag));
    wanted.set(`${action.action} ${action.path} ${tag}`, new Set(names));
    named.add(`${action.action} ${action.path}`);
  }
  const journalled: { side: Side; path: RelPath }[] = [];
  const kept = new Set<RelPath>();
  for await (const checkpoint of pair.memory.checkpoints()) {
    // One of another kind of name, as a server wanted it then, would be forgotten once the transfer takes the first kind.
    const tag = tagOf(checkpoint.source, options.salt);
    const names = wanted.get(`${checkpoint.direction} ${checkpoint.path} ${tag}`);
    if (names?.has(checkpoint.temporary)) {
      kept.add(checkpoint.temporary);
      continue;
    }
    // A file begun under its final name, on a server that takes no other: the transfer writes over it, whole this time.
    if (!isTemporary(nameOf(checkpoint.temporary)) && named.has(`${checkpoint.direction} ${checkpoint.path}`)) continue;
    journalled.push({ side: sideOf(checkpoint), path: checkpoint.temporary });
  }
  // What is complete has the time of its source, which may be an old one.
  const leftovers = [...stale.filter(({ path }) => !kept.has(path)), ...(isShared(pair, options) ? [] : journalled)];
  const left = new Set<RelPath>();
  for (const { side, path } of leftovers) {
    // Whatever the journal says, nothing but a file of our own naming is ever swept.
    if (isTemporary(nameOf(path)) && !(await remove(pair, side, path, { ...options, signal }))) left.add(path);
  }
  for await (const checkpoint of pair.memory.checkpoints()) {
    if (left.has(checkpoint.temporary)) continue;
    if ([...leftovers, ...journalled].some(({ path }) => path === checkpoint.temporary)) {
      await pair.memory.dropCheckpoint(checkpoint.path, checkpoint.direction);
    }
  }
}

/**
 * Removes what the server holds of files that are gone here, or others by now: nobody will go on from it, and it would
 * keep its directory from being removed. For a run that does not speak of everything.
 */
export async function sweepAbandoned(pair: Pair, signal: AbortSignal, options: Sweeping): Promise<void> {
  const { local, memory } = pair;
  if (isShared(pair, options)) return;
  for await (const { path, direction, source, temporary } of memory.checkpoints()) {
    if (direction !== 'upload' || !isTemporary(nameOf(temporary))) continue;
    const now = await local.look(path).catch(() => undefined);
    if (now === undefined || (now?.kind === 'file' && sameVersion(fingerprintOf(now), source))) continue;
    if (await remove(pair, 'remote', temporary, { ...options, signal })) await memory.dropCheckpoint(path, direction);
  }
}

/** Another checkout may be at a transfer right now, and share this memory; what it left for good will be old in a day. */
function isShared({ memory }: Pair, { locked }: Sweeping): boolean {
  return memory.travels && !locked;
}

/** The side that a transfer writes. */
function sideOf({ direction }: Checkpoint): Side {
  return direction === 'upload' ? 'remote' : 'local';
}

/**
 * Whether it is gone. What cannot be removed now is no reason to fail: it is known of, and a later run comes back for it.
 * @throws what became of the connection
 */
async function remove(
  pair: Pair,
  side: Side,
  path: RelPath,
  { attempts, signal }: { readonly attempts: number; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    if (side === 'local') return await removeLocal(pair.local, path);
    return await retrying(() => removeRemote(pair.remote, path, signal), { attempts, signal });
  } catch (error) {
    if (!(error instanceof ReplyError || error instanceof LocalError)) throw error;
    return false;
  }
}

async function removeLocal(local: Pair['local'], path: RelPath): Promise<boolean> {
  const entry = await local.look(path);
  if (entry?.kind === 'file') await local.remove(path);
  return true;
}

async function removeRemote(remote: Pair['remote'], path: RelPath, signal: AbortSignal): Promise<boolean> {
  const lane = await remote.lane(signal);
  try {
    await lane.remove(path);
    return true;
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable) throw error;
    return (await lane.find(path)) === null;
  } finally {
    lane.release();
  }
}
