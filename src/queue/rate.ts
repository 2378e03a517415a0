/** A limit in bytes a second that all connections share. */
import { pause } from './retry.ts';

/** Asks for leave to move so many bytes; resolves when they may go. */
export type Pace = (bytes: number, signal?: AbortSignal) => Promise<void> | void;

/**
 * A token bucket: at most `rate` bytes a second over any second or longer, with a burst of a quarter second.
 * Callers are served in the order in which they ask.
 */
export function rateLimit(rate: number, now: () => number = () => performance.now(), sleep = pause): Pace {
  const burst = rate / 4;
  let saved = burst;
  let last = now();
  return (bytes, signal) => {
    const time = now();
    saved = Math.min(burst, saved + ((time - last) * rate) / 1000);
    last = time;
    // A debt is allowed and slept off: pieces larger than the burst pass whole.
    saved -= bytes;
    return saved >= 0 ? undefined : sleep((-saved * 1000) / rate, signal);
  };
}
