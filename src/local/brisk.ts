/**
 * Whether the disk answers at once. A call that waits for nothing costs a tenth of what handing it to a thread costs,
 * and a tree of small files is made of such calls; but on a cold disk or a network mount they would hold up everything
 * else. So calls are made directly while they are quick, and handed to threads for a while after two that were not.
 */

/** ms that a direct call may take without being called slow. */
const QUICK = 4;
/** ms for which calls are handed to threads once the disk is slow: at most a few in so many are held up. */
const PATIENCE = 2_000;
/** Quick calls after which a slow one is forgotten: one alone was the process waiting for its turn, not the disk. */
const FORGETTING = 256;

export class Brisk {
  readonly #now: () => number;
  readonly #quick: number;
  #slowUntil = 0;
  /** Quick calls still to come until the last slow one is forgotten. */
  #suspicious = 0;

  /** @param quick ms that a direct call may take without being called slow */
  constructor(now: () => number = () => performance.now(), quick = QUICK) {
    this.#now = now;
    this.#quick = quick;
  }

  /** Runs `direct` if the disk is quick, and notes how long it took; undefined if it is not. */
  try<T>(direct: () => T): T | undefined {
    const before = this.#now();
    if (before < this.#slowUntil) return undefined;
    try {
      return direct();
    } finally {
      this.#note(before, this.#now());
    }
  }

  /** Runs `direct` if the disk is quick, otherwise `threaded`, which does the same in a thread. */
  call<T>(direct: () => T, threaded: () => Promise<T>): T | Promise<T> {
    const before = this.#now();
    if (before < this.#slowUntil) return threaded();
    try {
      return direct();
    } finally {
      this.#note(before, this.#now());
    }
  }

  #note(before: number, after: number): void {
    if (after - before <= this.#quick) {
      if (this.#suspicious > 0) this.#suspicious -= 1;
    } else if (this.#suspicious > 0) {
      this.#slowUntil = after + PATIENCE;
    } else {
      this.#suspicious = FORGETTING;
    }
  }
}
