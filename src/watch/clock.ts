/** Time and timers, handed in so that what depends on them can be tested without waiting. */

export interface Clock {
  /** ms since the epoch, UTC. */
  now(): number;
  /** Calls back once, after so many ms; returns what calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
