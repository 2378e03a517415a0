/**
 * Collects what is to be written while a write is under way, and where many write for a moment longer, and writes it as
 * one: thousands of small agreements a second cost a few writes, and each caller still waits for its own.
 */
import type { Operation, Store } from './store.ts';

/** ms for which operations are collected: short against a transfer, long against a write. */
const MOMENT = 3;
/** So many are enough to be written at once. */
const ENOUGH = 128;

export class Journal {
  readonly #store: Store;
  #collected: Operation[] = [];
  #next: Promise<void> | undefined;
  #current: Promise<void> = Promise.resolve();
  /** Whether the last write was for more than one caller. Who writes one thing after the other is not kept waiting. */
  #shared = false;
  #callers = 0;
  /** Ends the collecting. */
  #hurry: (() => void) | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves once the operations are written. They take effect in the order of the calls. */
  write(...operations: Operation[]): Promise<void> {
    this.#collected.push(...operations);
    this.#callers += 1;
    this.#next ??= this.#writeNext();
    if (this.#collected.length >= ENOUGH) this.#hurry?.();
    return this.#next;
  }

  /** Resolves once all that was asked for so far is written, or has failed (which its own caller is told). */
  async settled(): Promise<void> {
    this.#hurry?.();
    await (this.#next ?? this.#current).catch(() => {});
  }

  async #writeNext(): Promise<void> {
    await Promise.all([this.#current.catch(() => {}), this.#shared ? this.#moment() : undefined]);
    const operations = this.#collected;
    this.#shared = this.#callers > 1;
    this.#collected = [];
    this.#callers = 0;
    this.#current = this.#store.write(operations, false);
    this.#next = undefined;
    await this.#current;
  }

  #moment(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, MOMENT);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
