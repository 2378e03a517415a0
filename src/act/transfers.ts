/** Moves the files of a plan, many at once, and remembers each one as soon as it is in place. */
import { setMaxListeners } from 'node:events';
import { lasting, Order } from '../diff/index.ts';
import {
  type Agreement,
  ChangingError,
  fingerprintOf,
  type RelPath,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { isRetryable, type Job, rateLimit, TransferQueue } from '../queue/index.ts';
import {
  Download,
  type Naming,
  namesOf,
  newCourse,
  newNaming,
  type Staged,
  type Transfer,
  type TransferContext,
  Upload,
} from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { endsRun, FullError, isFull } from './failure.ts';
import { Namesakes } from './one-name.ts';

/** Received files that are made durable and remembered in one go: so many, or what came in so many ms. */
const LANDED_TOGETHER = 256;
const LANDED_WITHIN = 2_000;
/** How often a source may change under a transfer before it becomes a Problem. */
const MOST_CHANGES = 3;

/** Files that wait, complete under their temporary names, for a directory to make way. */
export interface Waiting {
  publish(): Promise<void>;
}

export async function actOnTransfers(
  acting: Acting,
  transfers: readonly TransferAction[],
  makingWay: ReadonlySet<RelPath>,
): Promise<Waiting> {
  const mover = new Mover(acting, makingWay);
  for (const wave of inWaves(transfers, acting.options.order)) await mover.move(wave);
  return mover;
}

/** Sends everything to temporary names and leaves it there. Resolves with what is complete. */
export async function stageTransfers(
  acting: Acting,
  transfers: readonly TransferAction[],
  naming: Naming,
): Promise<Staged[]> {
  const staged: Staged[] = [];
  const mover = new Mover(acting, new Set(), { naming, staged });
  for (const wave of inWaves(transfers, acting.options.order)) await mover.move(wave);
  return staged;
}

/**
 * The files that nothing holds back, then those of each `order` pattern in turn. Of names that may be one to the server,
 * each goes after the one before is in place, where it is then seen.
 */
function inWaves(transfers: readonly TransferAction[], patterns: readonly string[]): TransferAction[][] {
  const order = new Order(patterns);
  const namesakes = new Namesakes();
  const waves = new Map<number, TransferAction[]>();
  for (const transfer of transfers) {
    const before = transfer.action === 'upload' ? namesakes.before(transfer.alias ?? transfer.path) : 0;
    // Between its rank and the next.
    const rank = order.rank(transfer.path) + before / (before + 1);
    const wave = waves.get(rank);
    if (wave) wave.push(transfer);
    else waves.set(rank, [transfer]);
  }
  return [...waves].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}

class Mover implements Waiting {
  private readonly acting: Acting;
  private makingWay: ReadonlySet<RelPath>;
  private readonly context: TransferContext;
  private readonly queue: TransferQueue;
  /** Received, in place, and not remembered yet. */
  private readonly landed: Agreement[] = [];
  private lastRemembered = performance.now();
  private readonly waiting = new Set<Transfer>();
  /** Aborted by what ends the run for every path. */
  private readonly stop = new AbortController();
  /** Why nothing more is sent to a side that is full. */
  private readonly full: { upload?: Error; download?: Error } = {};
  private readonly total: { files: number; bytes: number } = { files: 0, bytes: 0 };
  private readonly past: { files: number; bytes: number } = { files: 0, bytes: 0 };

  /** Takes what is complete and waits for the rest of its release. */
  private readonly staged: Staged[] | undefined;

  constructor(
    acting: Acting,
    makingWay: ReadonlySet<RelPath>,
    { naming = newNaming(), staged }: { readonly naming?: Naming; readonly staged?: Staged[] } = {},
  ) {
    const { versions } = acting.options;
    this.staged = staged;
    const { pair, tally, limitRate, attempts, strict, tell, direction, chmod, isText, salt } = acting.options;
    const signal = AbortSignal.any([acting.options.signal, this.stop.signal]);
    setMaxListeners(0, signal);
    this.acting = acting;
    this.makingWay = makingWay;
    this.context = {
      ...pair,
      direction,
      signal,
      strict,
      isText: isText ?? (() => false),
      ...(salt === undefined ? {} : { salt }),
      modeOf: ({ mode }) => (chmod === 'none' ? undefined : chmod === 'preserve' ? mode : chmod.files),
      naming,
      staged: staged !== undefined,
      ...(versions ? { keep: (path: RelPath) => versions.pathOf(path) } : {}),
      ...(limitRate === null ? {} : { pace: rateLimit(limitRate) }),
      moved: (side, bytes) => {
        tally.moved(side, bytes);
        this.past.bytes += bytes;
      },
      warn: (message) => tell({ type: 'warning', message }),
    };
    this.queue = new TransferQueue({ width: () => pair.remote.width, attempts, signal });
  }

  async move(wave: readonly TransferAction[]): Promise<void> {
    const { signal } = this.acting.options;
    for (const transfer of wave) {
      this.total.files++;
      this.total.bytes += transfer.size;
    }
    const ticker = setInterval(() => this.progress(), 200);
    try {
      for (const transfer of wave) {
        signal.throwIfAborted();
        if (this.isBlocked(transfer)) this.acting.skipped(transfer);
        else if (this.full[transfer.action]) this.acting.failed(transfer, this.full[transfer.action]);
        else await this.take(transfer);
      }
      await this.queue.idle();
    } finally {
      clearInterval(ticker);
      await this.queue.settled();
      await this.rememberLanded();
    }
    this.progress();
  }

  /** Publishes what waited for a directory to make way. */
  async publish(): Promise<void> {
    const waiting = [...this.waiting];
    this.waiting.clear();
    this.makingWay = new Set();
    for (const transfer of waiting) {
      const { action, attempt } = transfer;
      try {
        // The directory that stands in the way could not be removed, and that was said.
        if (this.isBlocked(action)) {
          await transfer.discard();
          this.acting.skipped(action);
        } else await this.settle(transfer);
      } catch (error) {
        // The connection that it came by may have been closed for long. It ends first: the next attempt writes to the
        // same temporary file.
        await transfer.close();
        if (isRetryable(error)) await this.take(action);
        else if (endsRun(error)) throw error;
        else this.acting.failed(action, error, attempt);
      } finally {
        await transfer.close();
      }
    }
    await this.queue.idle();
    await this.rememberLanded();
  }

  private isBlocked(action: TransferAction): boolean {
    return this.acting.isBlocked(action.path) || this.acting.isBlocked(action.alias ?? action.path);
  }

  private waitsForWay(action: TransferAction): boolean {
    return this.makingWay.has(action.alias ?? action.path);
  }

  private async take(planned: TransferAction): Promise<void> {
    const { acting, context } = this;
    const { tell, strict } = acting.options;
    const { signal } = context;
    const course = newCourse();
    let action = planned;
    let changes = 0;
    let before = 0;
    const job: Job<Transfer> = {
      open: (attempt) => {
        course.attempt = attempt;
        return action.action === 'upload'
          ? Upload.open(context, action, course)
          : Download.open(context, action, course);
      },
      move: async (transfer) => {
        const lane = await context.remote.lane(signal);
        acting.started(action, transfer.attempt);
        try {
          await transfer.move(lane);
        } finally {
          lane.release();
        }
      },
      settle: async (transfer) => {
        if (this.staged && transfer instanceof Upload) this.staged.push(await transfer.stage());
        else if (this.waitsForWay(action)) this.waiting.add(transfer);
        else await this.settle(transfer);
      },
      close: async (transfer) => {
        if (!this.waiting.has(transfer)) await transfer.close();
      },
      retried: (error, attempt, delay) => {
        const message = error instanceof Error ? error.message : String(error);
        tell({ type: 'retry', path: action.path, attempt: attempt + 1, delay, message });
      },
      progressed: () => {
        // Bytes that have to be sent again are no progress.
        const moved = course.farthest > before;
        before = course.farthest;
        return moved;
      },
      prepare: async (error) => {
        if (!(error instanceof ChangingError)) return;
        if (strict) throw new StaleError('it is no longer the version that was planned');
        if (++changes >= MOST_CHANGES) {
          throw new StaleError('it keeps changing while it is copied; the other side was left as it is');
        }
        action = await this.asItIsNow(action);
      },
    };
    await this.queue.add(job, (error) => {
      this.past.files++;
      if (error === undefined) return;
      if (endsRun(error)) this.stop.abort(error);
      if (signal.aborted) throw error;
      if (!isFull(error)) return acting.failed(action, error, course.attempt);
      this.full[action.action] ??= this.sayFull(error as Error);
      acting.failed(action, this.full[action.action], course.attempt);
    });
  }

  private async settle(transfer: Transfer): Promise<void> {
    const { memory } = this.context;
    const { action, attempt, bytes, resumedFrom } = transfer;
    const agreement = await transfer.publish();
    if (action.action === 'download') {
      this.landed.push(agreement);
      const due = performance.now() - this.lastRemembered > LANDED_WITHIN;
      if (due || this.landed.length >= LANDED_TOGETHER) await this.rememberLanded();
    } else {
      // In one write: a kill leaves either both or neither.
      await Promise.all([memory.learn(agreement), memory.dropCheckpoint(action.path, 'upload')]);
    }
    this.acting.done(action, attempt, bytes, resumedFrom);
  }

  /**
   * Remembers what was received once its name is on the disk. A memory that were ahead of the disk at a power cut would
   * make a file that never came read as one that was deleted here.
   */
  private async rememberLanded(): Promise<void> {
    const { local, memory } = this.context;
    const landed = this.landed.splice(0);
    this.lastRemembered = performance.now();
    if (landed.length === 0) return;
    await local.flush();
    const now = Date.now();
    await Promise.all(
      landed.flatMap((agreement) => [
        memory.learn(lasting(agreement, now)),
        memory.dropCheckpoint(agreement.path, 'download'),
      ]),
    );
  }

  /** The same transfer for the version of the source that is there by now. */
  private async asItIsNow(action: TransferAction): Promise<TransferAction> {
    const { local, remote } = this.context;
    if (action.action === 'upload') {
      const entry = await local.look(namesOf(this.context, action).local);
      if (entry?.kind !== 'file') throw new StaleError('it is gone since it was looked at');
      return { ...action, size: entry.size ?? 0, source: fingerprintOf(entry), mtime: entry.mtime };
    }
    const [sighting] = await remote.sight([namesOf(this.context, action).remote], this.acting.options.signal);
    if (sighting?.found !== 'present' || sighting.entry.kind !== 'file') {
      throw new StaleError('it is gone from the server since it was listed');
    }
    const { entry } = sighting;
    return { ...action, size: entry.size ?? 0, source: fingerprintOf(entry), mtime: entry.mtime };
  }

  private sayFull(error: Error): Error {
    const missing = Math.max(0, this.total.bytes - this.past.bytes);
    return new FullError(
      `there is no room left (${error.message}); about ${missing} more bytes are needed: make room and run again`,
    );
  }

  private progress(): void {
    this.acting.options.tell({
      type: 'progress',
      phase: 'transfer',
      files: this.past.files,
      filesTotal: this.total.files,
      bytes: this.past.bytes,
      bytesTotal: this.total.bytes,
    });
  }
}
