// A transfer's speed limit: bytes are paid for with waiting.
import type { Readable, Writable } from 'node:stream';

export class Rate {
  readonly #bytesPerSecond: number;
  // When all bytes so far would have been through at exactly the limit, ms of `performance.now()`.
  #paidUntil = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The most to move at once so that the flow stays even, bytes. */
  get piece(): number {
    return Math.max(4096, Math.floor(this.#bytesPerSecond / 8));
  }

  /** Waits until `bytes` that were just moved are paid for, or the connection they moved on is gone. */
  async pay(bytes: number, connection: Readable | Writable): Promise<void> {
    const now = performance.now();
    this.#paidUntil = Math.max(now, this.#paidUntil) + (bytes / this.#bytesPerSecond) * 1000;
    const wait = this.#paidUntil - now;
    if (wait <= 1 || connection.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        connection.off('close', done);
        resolve();
      };
      const timer = setTimeout(done, wait);
      connection.once('close', done);
    });
  }
}
