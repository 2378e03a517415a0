/** Takes away what earlier runs left behind: temporary files of transfers that were cut off and are not taken up again. */
import {
  type Action,
  type Checkpoint,
  isTemporary,
  nameOf,
  type RelPath,
  ReplyError,
  type Side,
} from '../model/index.ts';
import { tagOf } from '../transfer/index.ts';
import type { Observed } from './observe.ts';
import type { Pair } from './pair.ts';

/** Removes the temporary files of checkpoints that no action of this plan goes on from, and those too old to matter. */
export async function sweepLeftovers(
  pair: Pair,
  actions: readonly Action[],
  stale: Observed['stale'],
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set<string>();
  for (const action of actions) {
    if ('source' in action) wanted.add(`${action.action} ${action.path} ${tagOf(action.source)}`);
  }
  const leftovers: { side: Side; path: RelPath }[] = [...stale];
  for await (const checkpoint of pair.memory.checkpoints()) {
    if (wanted.has(`${checkpoint.direction} ${checkpoint.path} ${tagOf(checkpoint.source)}`)) continue;
    leftovers.push({ side: sideOf(checkpoint), path: checkpoint.temporary });
  }
  for (const { side, path } of leftovers) {
    signal.throwIfAborted();
    // Whatever the journal says, nothing but a file of our own naming is ever swept.
    if (isTemporary(nameOf(path))) await remove(pair, side, path, signal);
  }
  for await (const checkpoint of pair.memory.checkpoints()) {
    if (leftovers.some(({ path }) => path === checkpoint.temporary)) {
      await pair.memory.dropCheckpoint(checkpoint.path, checkpoint.direction);
    }
  }
}

/** The side that a transfer writes. */
function sideOf({ direction }: Checkpoint): Side {
  return direction === 'upload' ? 'remote' : 'local';
}

async function remove(pair: Pair, side: Side, path: RelPath, signal: AbortSignal): Promise<void> {
  if (side === 'local') {
    const entry = await pair.local.look(path);
    if (entry?.kind === 'file') await pair.local.remove(path);
    return;
  }
  const lane = await pair.remote.lane(signal);
  try {
    await lane.remove(path);
  } catch (error) {
    // Gone already, or not ours to remove: neither is a reason to fail.
    if (!(error instanceof ReplyError)) throw error;
  } finally {
    lane.release();
  }
}
