/** Moves the files of a plan, many at once, and remembers each one as soon as it is in place. */
import { Order } from '../diff/index.ts';
import {
  ChangingError,
  fingerprintOf,
  type RelPath,
  ReplyError,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { type Job, rateLimit, TransferQueue } from '../queue/index.ts';
import { Download, namesOf, type Transfer, type TransferContext, Upload } from '../transfer/index.ts';
import type { Acting } from './act.ts';
import { isFull } from './failure.ts';

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

/** The files that nothing holds back, then those of each `order` pattern in turn. */
function inWaves(transfers: readonly TransferAction[], patterns: readonly string[]): TransferAction[][] {
  const order = new Order(patterns);
  const waves = new Map<number, TransferAction[]>();
  for (const transfer of transfers) {
    const rank = order.rank(transfer.path);
    const wave = waves.get(rank);
    if (wave) wave.push(transfer);
    else waves.set(rank, [transfer]);
  }
  return [...waves].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}

class Mover implements Waiting {
  private readonly acting: Acting;
  private readonly makingWay: ReadonlySet<RelPath>;
  private readonly context: TransferContext;
  private readonly queue: TransferQueue;
  private readonly waiting: Transfer[] = [];
  /** Why nothing more is sent to a side that is full. */
  private full: string | undefined;
  private readonly total: { files: number; bytes: number } = { files: 0, bytes: 0 };
  private readonly past: { files: number; bytes: number } = { files: 0, bytes: 0 };

  constructor(acting: Acting, makingWay: ReadonlySet<RelPath>) {
    const { pair, tally, signal, limitRate, attempts, strict, tell, direction, chmod } = acting.options;
    this.acting = acting;
    this.makingWay = makingWay;
    this.context = {
      ...pair,
      direction,
      signal,
      strict,
      modeOf: ({ mode }) => (chmod === 'none' ? undefined : chmod === 'preserve' ? mode : chmod.files),
      naming: { style: 'hidden' },
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
        if (this.acting.isBlocked(transfer.path)) this.acting.skipped(transfer);
        else if (this.full) this.acting.failed(transfer, new ReplyError('STOR', 452, this.full));
        else await this.take(transfer);
      }
      await this.queue.idle();
    } finally {
      clearInterval(ticker);
      await this.queue.settled();
    }
    this.progress();
  }

  /** Publishes what waited for a directory to make way. */
  async publish(): Promise<void> {
    for (const transfer of this.waiting) {
      const { action, attempt } = transfer;
      try {
        // The directory that stands in the way could not be removed, and that was said.
        if (this.acting.isBlocked(action.path)) {
          await transfer.discard();
          this.acting.skipped(action);
        } else await this.settle(transfer);
      } catch (error) {
        this.acting.failed(action, error, attempt);
      } finally {
        await transfer.close();
      }
    }
  }

  private async take(planned: TransferAction): Promise<void> {
    const { acting, context } = this;
    const { tell, signal } = acting.options;
    let action = planned;
    let changes = 0;
    let last = 1;
    let bytesBefore = 0;
    const job: Job<Transfer> = {
      open: (attempt) => {
        last = attempt;
        return action.action === 'upload'
          ? Upload.open(context, action, attempt)
          : Download.open(context, action, attempt);
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
        if (this.makingWay.has(action.path)) this.waiting.push(transfer);
        else await this.settle(transfer);
      },
      close: async (transfer) => {
        if (!this.waiting.includes(transfer)) await transfer.close();
      },
      retried: (error, attempt, delay) => {
        const message = error instanceof Error ? error.message : String(error);
        tell({ type: 'retry', path: action.path, attempt, delay, message });
      },
      progressed: () => {
        const moved = this.past.bytes > bytesBefore;
        bytesBefore = this.past.bytes;
        return moved;
      },
      prepare: async (error) => {
        if (!(error instanceof ChangingError)) return;
        if (++changes >= MOST_CHANGES) {
          throw new StaleError('it keeps changing while it is copied; the other side was left as it is');
        }
        action = await this.asItIsNow(action);
      },
    };
    await this.queue.add(job, (error) => {
      this.past.files++;
      if (error === undefined) return;
      if (signal.aborted) throw error;
      if (isFull(error)) this.full = this.sayFull(error);
      acting.failed(action, error, last);
    });
  }

  private async settle(transfer: Transfer): Promise<void> {
    const { memory } = this.context;
    const { action, attempt, bytes, resumedFrom } = transfer;
    const agreement = await transfer.publish();
    // In one write: a kill leaves either both or neither.
    await Promise.all([
      memory.learn(agreement),
      memory.dropCheckpoint(action.path, action.action === 'upload' ? 'upload' : 'download'),
    ]);
    this.acting.done(action, attempt, bytes, resumedFrom);
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

  private sayFull(error: unknown): string {
    const missing = Math.max(0, this.total.bytes - this.past.bytes);
    const message = error instanceof Error ? error.message : String(error);
    return `there is no room left (${message}); about ${missing} more bytes are needed`;
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
