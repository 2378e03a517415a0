/**
 * Whether the disk answers at once. A call that waits for nothing costs a tenth of what handing it to a thread costs,
 * and a tree of small files is made of such calls; but on a cold disk or a network mount they would hold up everything
 * else. So calls are made directly while they are quick, and handed to threads for a while after one that was not.
 */

/** ms that a direct call may take without being called slow. */
const QUICK = 4;
/** ms for which calls are handed to threads after a slow one: at most one in so many is held up. */
const PATIENCE = 2_000;

export class Brisk {
  readonly #now: () => number;
  #slowUntil = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `direct` if the disk is quick, and says how long it took; undefined if it is not. */
  try<T>(direct: () => T): T | undefined {
    const before = this.#now();
    if (before < this.#slowUntil) return undefined;
    try {
      return direct();
    } finally {
      const after = this.#now();
      if (after - before > QUICK) this.#slowUntil = after + PATIENCE;
    }
  }
}
