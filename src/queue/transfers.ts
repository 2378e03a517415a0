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

/**
 * One transfer, attempt by attempt: `open` gets ready and needs no place, `move` moves the bytes and holds one, `settle`
 * verifies and renames while the next one moves, `close` ends every attempt that was opened.
 */
export interface Job<T> {
  open(attempt: number): Promise<T>;
  move(opened: T): Promise<void>;
  settle(opened: T): Promise<void>;
  close(opened: T): Promise<void>;
  /** Called before a wait of `delay` ms. */
  retried(error: unknown, attempt: number, delay: number): void;
  /** Whether bytes came through since the last call. */
  progressed(): boolean;
  /** Prepares for another attempt after this error; what it throws is the error that counts. */
  prepare(error: unknown): Promise<void>;
}

/** Jobs that may be under way beyond those that move bytes: settling, or waiting for another attempt. */
const MOST_TRAILING = 64;

export class TransferQueue {
  /** Those that hold a place: bytes move. */
  private readonly moving = new PQueue();
  /** Those and as many again that are opened, so that a place that becomes free is taken at once. */
  private readonly opened = new PQueue();
  private readonly options: TransferQueueOptions;
  private readonly open = new Set<Promise<void>>();
  /** Told when a job has come to its end. */
  private ended: (() => void) | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(options: TransferQueueOptions) {
    this.options = options;
    this.fit();
  }

  /**
   * Takes a job on as soon as few enough are waiting, so that a plan of any length needs little memory.
   * `outcome` is called once, without an error when all went well; what it throws ends {@link idle}, and nothing more
   * is taken on then. One caller at a time.
   */
  async add<T>(job: Job<T>, outcome: (error?: unknown) => Promise<void> | void): Promise<void> {
    this.fit();
    await this.opened.onSizeLessThan(1);
    while (this.open.size >= this.opened.concurrency + MOST_TRAILING && !this.failure) {
      await new Promise<void>((resolve) => {
        this.ended = resolve;
      });
    }
    if (this.failure) throw this.failure.error;
    const flow = this.attempt(job).then(
      () => outcome(),
      (error) => outcome(error),
    );
    const tracked: Promise<void> = flow.finally(() => {
      this.open.delete(tracked);
      this.ended?.();
    });
    // The failure is met again by add() and idle(); it must not count as unhandled until then.
    tracked.catch((error) => {
      this.failure ??= { error };
    });
    this.open.add(tracked);
  }

  /** Resolves when everything taken on has come to its end. */
  async idle(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
    if (this.failure) throw this.failure.error;
  }

  /** Resolves when nothing is under way any more, however it ended. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.allSettled(this.open);
  }

  private attempt<T>(job: Job<T>): Promise<void> {
    const { attempts, signal } = this.options;
    return retrying(
      async (number) => {
        try {
          await this.once(job, number);
        } catch (error) {
          await job.prepare(error);
          throw error;
        }
      },
      { attempts, signal, sleep: pause, onRetry: job.retried.bind(job), progressed: job.progressed.bind(job) },
    );
  }

  private async once<T>(job: Job<T>, number: number): Promise<void> {
    // Those that were begun go first: an unfinished transfer is worth more than a new one.
    const priority = number === 1 ? 0 : 1;
    const opened = await this.opened.add(() => this.openAndMove(job, number, priority), { priority });
    try {
      await job.settle(opened);
    } finally {
      await job.close(opened);
    }
  }

  private async openAndMove<T>(job: Job<T>, number: number, priority: number): Promise<T> {
    const opened = await job.open(number);
    try {
      await this.moving.add(() => job.move(opened), { priority });
      return opened;
    } catch (error) {
      await job.close(opened);
      throw error;
    }
  }

  private fit(): void {
    const width = Math.max(1, this.options.width());
    this.moving.concurrency = width;
    this.opened.concurrency = 2 * width;
  }
}
