/**
 * The queue of transfers, on p-queue: as many at once as the server allows connections, each tried again while that
 * can help. A transfer holds its place only while bytes move; verifying and renaming go on while the next one begins.
 */
import PQueue from 'p-queue';
import { pause, retrying } from './retry.ts';

export interface TransferQueueOptions {
  /** How many may move bytes at once; asked again before each one, as it may shrink. */
  readonly width: () => number;
  /** How often each is tried at most. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** One transfer: `move` needs a place, `settle` completes it afterwards. */
export interface Job<S> {
  move(attempt: number): Promise<S>;
  settle(moved: S, attempt: number): Promise<void>;
  /** Called before a wait of `delay` ms. */
  retried(error: unknown, attempt: number, delay: number): void;
  /** Whether bytes came through since the last call. */
  progressed(): boolean;
  /** Prepares for another attempt after this error; what it throws is the error that counts. */
  prepare(error: unknown): Promise<void>;
}

export class TransferQueue {
  private readonly queue: PQueue;
  private readonly options: TransferQueueOptions;
  private readonly open = new Set<Promise<void>>();

  constructor(options: TransferQueueOptions) {
    this.options = options;
    this.queue = new PQueue({ concurrency: Math.max(1, options.width()) });
  }

  /**
   * Takes a job on as soon as few enough are waiting, so that a plan of any length needs little memory.
   * `outcome` is called once, without an error when all went well; what it throws ends {@link idle}.
   */
  async add<S>(job: Job<S>, outcome: (error?: unknown) => Promise<void> | void): Promise<void> {
    this.queue.concurrency = Math.max(1, this.options.width());
    await this.queue.onSizeLessThan(this.queue.concurrency + 1);
    const flow = this.attempt(job).then(
      () => outcome(),
      (error) => outcome(error),
    );
    const tracked: Promise<void> = flow.finally(() => this.open.delete(tracked));
    // The failure is met again by idle(); it must not count as unhandled until then.
    tracked.catch(() => undefined);
    this.open.add(tracked);
  }

  /** Resolves when everything taken on has come to its end. */
  async idle(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }

  /** Resolves when nothing is under way any more, however it ended. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.allSettled(this.open);
  }

  private attempt<S>(job: Job<S>): Promise<void> {
    const { attempts, signal } = this.options;
    return retrying(
      async (number) => {
        // Those that were begun go first: an unfinished transfer is worth more than a new one.
        try {
          const moved = await this.queue.add(() => job.move(number), { priority: number === 1 ? 0 : 1 });
          await job.settle(moved as S, number);
        } catch (error) {
          await job.prepare(error);
          throw error;
        }
      },
      { attempts, signal, sleep: pause, onRetry: job.retried.bind(job), progressed: job.progressed.bind(job) },
    );
  }
}
