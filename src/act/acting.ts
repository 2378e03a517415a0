/** What the steps of one run share: what they were told, and which paths failed. */

import type { JobSettings } from '../config/settings.ts';
import {
  type Action,
  type Direction,
  isTransfer,
  lineage,
  type Pair,
  type RelPath,
  type Side,
  StaleError,
  type Tell,
} from '../model/index.ts';
import { problemOf } from './failure.ts';
import { WrittenNames } from './one-name.ts';
import type { Tally } from './tally.ts';
import type { Versions } from './versions.ts';

/** Programs around the moment in which a release is published. */
export interface Maintenance {
  /** @throws HookError where it must not be published. */
  enter(): Promise<void>;
  leave(): Promise<void>;
}

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
  /** Sets temporary names apart; see `TransferContext`. */
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

export class Acting {
  readonly options: ActOptions;
  /** What the plan writes on the server. */
  readonly written: WrittenNames;
  private readonly failures = new Set<RelPath>();
  /** Every directory with a failure in or below it. */
  private readonly above = new Set<RelPath>();

  constructor(options: ActOptions, actions: readonly Action[] = []) {
    this.options = options;
    this.written = new WrittenNames(actions);
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
    if (error instanceof StaleError) this.options.versions?.spared(action);
    this.failedAlone(action, error, attempt);
  }

  /** Of what nothing else depends on. */
  failedAlone(action: Action, error: unknown, attempt = 1): void {
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
