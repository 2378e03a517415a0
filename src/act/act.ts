/**
 * Carries a plan out: directories first, then transfers, deletes last and only where nothing below failed. One path's
 * failure never stops the others; what ends the whole run is thrown.
 */

import type { JobSettings } from '../config/settings.ts';
import {
  type Action,
  comparePaths,
  type DeleteAction,
  type Direction,
  isTransfer,
  lineage,
  type MkdirAction,
  type Pair,
  type RelPath,
  type RenameAction,
  type Side,
  type Tell,
  type TransferAction,
} from '../model/index.ts';
import { mendSwaps, settleTentatives } from '../transfer/index.ts';
import { actOnDirectories } from './directories.ts';
import { problemOf } from './failure.ts';
import { actOnMoves } from './moves.ts';
import { actOnRelease, type Maintenance } from './release.ts';
import { actOnRemovals } from './removals.ts';
import type { Tally } from './tally.ts';
import { actOnTransfers } from './transfers.ts';
import type { Versions } from './versions.ts';

export interface ActOptions {
  readonly pair: Pair;
  readonly tally: Tally;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly direction: Direction;
  /** Attempts per transfer, the first included. */
  readonly attempts: number;
  /** Bytes a second; null for no limit. */
  readonly limitRate: number | null;
  /** Which permission bits copies get. */
  readonly chmod: JobSettings['chmod'];
  /** Which paths are texts, whose line ends are converted; none unless said. */
  readonly isText?: (path: RelPath) => boolean;
  /** Sets the temporary names of this run apart; see `TransferContext`. */
  readonly salt?: string;
  /** gitignore patterns of files that wait until the others are done. */
  readonly order: readonly string[];
  /** Whether everything is sent before anything is published. */
  readonly staged?: boolean;
  /** Run around the moment in which a staged release is published. */
  readonly maintenance?: Maintenance | undefined;
  /** Where old versions on the server are kept. */
  readonly versions?: Versions | undefined;
  /** Whether a source that is no longer what the plan saw is refused (a saved plan). */
  readonly strict: boolean;
}

/** What the steps of one run share. */
export class Acting {
  readonly options: ActOptions;
  private readonly failures = new Set<RelPath>();
  /** Every directory with a failure in or below it. */
  private readonly above = new Set<RelPath>();

  constructor(options: ActOptions) {
    this.options = options;
  }

  started(action: Action, attempt = 1): void {
    this.say(action, 'started', attempt, 0);
  }

  done(action: Action, attempt = 1, bytes = 0, resumedFrom?: number): void {
    this.options.tally.done(action);
    this.say(action, 'done', attempt, bytes, resumedFrom);
  }

  failed(action: Action, error: unknown, attempt = 1): void {
    this.note(action);
    this.options.tally.failed++;
    this.say(action, 'failed', attempt, 0);
    this.options.tally.problem(problemOf(error, action.path, sideOf(action)));
  }

  /** Leaves an action out because of something that was already said. */
  skipped(action: Action): void {
    this.note(action);
    this.options.tally.failed++;
    this.say(action, 'skipped', 1, 0);
  }

  /** Whether a directory that this path needs could not be made. */
  isBlocked(path: RelPath): boolean {
    for (const at of lineage(path)) if (this.failures.has(at)) return true;
    return false;
  }

  /** Whether anything at or below this path failed. */
  failedBelow(path: RelPath): boolean {
    return this.above.has(path);
  }

  /** Under both of its names, where the sides call it differently. */
  private note(action: Action): void {
    const names = 'alias' in action && action.alias !== undefined ? [action.path, action.alias] : [action.path];
    for (const name of names) {
      this.failures.add(name);
      for (const at of lineage(name)) {
        if (this.above.has(at)) break;
        this.above.add(at);
      }
    }
  }

  private say(
    action: Action,
    status: 'started' | 'done' | 'failed' | 'skipped',
    attempt: number,
    bytes: number,
    resumedFrom?: number,
  ): void {
    this.options.tell({
      type: 'action',
      action: action.action,
      side: sideOf(action),
      path: action.path,
      reason: action.reason,
      size: 'size' in action ? action.size : 0,
      status,
      attempt,
      bytes,
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
    });
  }
}

/** The side that an action changes. */
export function sideOf(action: Action): Side {
  if (isTransfer(action)) return action.action === 'upload' ? 'remote' : 'local';
  return action.side;
}

/** @throws whatever ends the run: a lost server, a limit, an interruption. */
export async function act(planned: readonly Action[], options: ActOptions): Promise<void> {
  const acting = new Acting(options);
  // What is published at one moment, or kept when it goes, is sent and deleted.
  const plainly = options.staged || options.versions !== undefined;
  const actions = plainly ? planned.flatMap(withoutMove) : planned;
  await options.versions?.begin(actions);
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
