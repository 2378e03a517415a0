/** Trying again after failures that may pass: exponential backoff with jitter, begun anew after real progress. */
import { FerryError } from '../model/index.ts';

export interface RetryOptions {
  /** How often at most, the first included. */
  readonly attempts: number;
  readonly signal?: AbortSignal;
  /** Told before each wait; `delay` in ms. */
  readonly onRetry?: (error: unknown, attempt: number, delay: number) => void;
  /** Whether bytes or answers came through since the last call; the count then begins anew. */
  readonly progressed?: () => boolean;
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
/** However much progress each attempt makes, an end is an end. */
const MOST_ATTEMPTS = 1000;

/** Whether trying again can help. */
export function isRetryable(error: unknown): boolean {
  return error instanceof FerryError && error.retryable;
}

function mostAttempts(error: unknown): number {
  return error instanceof FerryError ? error.mostAttempts : Number.POSITIVE_INFINITY;
}

/** How long to wait before attempt `failures + 1`, in ms: 0.5 s doubling to 30 s, half of it by chance. */
export function backoff(failures: number, random: () => number): number {
  const full = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

/** Runs `attempt` until it succeeds, fails for good, or has failed `attempts` times in a row without progress. */
export async function retrying<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, signal, onRetry, progressed, random = Math.random, sleep = pause } = options;
  let failures = 0;
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      failures = progressed?.() ? 1 : failures + 1;
      if (!isRetryable(error) || failures >= Math.min(attempts, mostAttempts(error)) || number >= MOST_ATTEMPTS)
        throw error;
      const delay = backoff(failures, random);
      onRetry?.(error, number, delay);
      await sleep(delay, signal);
    }
  }
}

/** Waits; rejects with the signal's reason when it is aborted first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
