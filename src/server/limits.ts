// Guessing passwords must be slow: wrong ones are counted by address, over all its sessions.

// After this long without a wrong password an address starts anew, ms.
const forgetAfter = 10 * 60_000;
const longestDelay = 30_000;

export class FailedLogins {
  readonly #delay: number;
  readonly #byAddress = new Map<string, { count: number; last: number }>();

  /** `delay` in ms: for the first wrong password; each further one doubles it, up to 30 s. */
  constructor(delay: number) {
    this.#delay = delay;
  }

  /** Counts a wrong password; answers the ms to wait before saying so. */
  failed(address: string, now: number): number {
    if (this.#byAddress.size > 10_000) this.#forget(now);
    const before = this.#byAddress.get(address);
    const count = before !== undefined && now - before.last < forgetAfter ? before.count + 1 : 1;
    this.#byAddress.set(address, { count, last: now });
    return Math.min(longestDelay, this.#delay * 2 ** Math.min(count - 1, 20));
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address);
  }

  #forget(now: number): void {
    for (const [address, { last }] of this.#byAddress) {
      if (now - last >= forgetAfter) this.#byAddress.delete(address);
    }
  }
}
