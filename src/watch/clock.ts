/** Time and timers, handed in so that what depends on them can be tested without waiting. */

export interface Clock {
  /** ms since the epoch, UTC. */
  now(): number;
  /** Calls back once, after so many ms; returns what calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  // Goes on evenly when somebody sets the clock on the wall.
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, call) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      const now = Math.min(left, LONGEST);
      timer = setTimeout(() => (left > now ? wait(left - now) : call()), now);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** What setTimeout takes at most, in ms: 24.8 days. */
const LONGEST = 2 ** 31 - 1;
