/**
 * Carries a plan out: directories first, then transfers, deletes last and only where nothing below failed. One path's
 * failure never stops the others; what ends the whole run is thrown.
 */

import {
  type Action,
  comparePaths,
  type DeleteAction,
  isTransfer,
  type MkdirAction,
  type RenameAction,
  type TransferAction,
} from '../model/index.ts';
import { mendSwaps, settleTentatives } from '../transfer/index.ts';
import { Acting, type ActOptions } from './acting.ts';
import { actOnDirectories } from './directories.ts';
import { actOnMoves } from './moves.ts';
import { actOnRecasings, isRecasing } from './recasing.ts';
import { actOnRelease } from './release.ts';
import { actOnRemovals } from './removals.ts';
import { actOnTransfers } from './transfers.ts';

/** @throws whatever ends the run: a lost server, a limit, an interruption. */
export async function act(planned: readonly Action[], options: ActOptions): Promise<void> {
  const acting = new Acting(options, planned);
  // What is published at one moment, or kept when it goes, is sent and deleted.
  const recasings = planned.filter(isRecasing);
  const plainly = options.staged || options.versions !== undefined;
  const others = recasings.length > 0 ? planned.filter((action) => !isRecasing(action)) : planned;
  const actions = plainly ? others.flatMap(withoutMove) : others;
  await options.versions?.begin(actions);
  // To the server both are one name, by which everything else is found.
  await actOnRecasings(acting, recasings);
  if (options.staged) await actOnRelease(acting, actions);
  else await actInOrder(acting, actions);
  const { local, memory, remote } = options.pair;
  // Where an attempt was cut off between two renames and a later one finished the work, the old file still lies aside.
  await mendSwaps(remote, memory, options.signal);
  await local.flush();
  await options.versions?.end();
  await memory.flush();
  await settleTentatives(remote, memory, options.signal);
  // A server that dropped some paths is told from one that is gone altogether: that ends the run in another way.
  if (options.tally.lost > 0) await remote.open(options.signal);
}

function withoutMove(action: Action): readonly Action[] {
  return action.action === 'rename' && action.instead ? action.instead : [action];
}

async function actInOrder(acting: Acting, actions: readonly Action[]): Promise<void> {
  const transfers: TransferAction[] = [];
  const removals: DeleteAction[] = [];
  const makings: (MkdirAction | RenameAction | DeleteAction)[] = [];
  const moves: RenameAction[] = [];
  for (const action of actions) {
    if (action.action === 'rename' && action.instead) moves.push(action);
    else if (isTransfer(action)) transfers.push(action);
    // A file that makes way for a directory goes before that directory is made; all other removals come last.
    else if (action.action === 'replace' && action.kind === 'file') makings.push(action);
    else if (action.action === 'delete' || action.action === 'replace') removals.push(action);
    else makings.push(action);
  }
  await actOnDirectories(acting, makings);
  const instead = await actOnMoves(acting, moves);
  await actOnDirectories(
    acting,
    instead.filter((one) => one.action === 'mkdir'),
  );
  for (const one of instead) {
    if (isTransfer(one)) transfers.push(one);
    else if (one.action !== 'mkdir') removals.push(one);
  }
  // What was to be removed anyway may be in it: children before parents, as ever.
  if (instead.length > 0) removals.sort((a, b) => comparePaths(b.path, a.path));
  const waiting = await actOnTransfers(acting, transfers, new Set(removals.map((removal) => removal.path)));
  await actOnRemovals(acting, removals);
  await waiting.publish();
}
