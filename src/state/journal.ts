/**
 * Collects what is to be written while a write is under way, and writes it as one: thousands of small agreements a
 * second cost a few writes, and each caller still waits for its own.
 */
import type { Operation, Store } from './store.ts';

export class Journal {
  readonly #store: Store;
  #collected: Operation[] = [];
  #next: Promise<void> | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves once the operations are written. They take effect in the order of the calls. */
  write(...operations: Operation[]): Promise<void> {
    this.#collected.push(...operations);
    this.#next ??= this.#writeNext();
    return this.#next;
  }

  /** Resolves once all that was asked for so far is written, or has failed (which its own caller is told). */
  async settled(): Promise<void> {
    await (this.#next ?? this.#current).catch(() => {});
  }

  async #writeNext(): Promise<void> {
    await this.#current.catch(() => {});
    const operations = this.#collected;
    this.#collected = [];
    this.#current = this.#store.write(operations, false);
    this.#next = undefined;
    await this.#current;
  }
}
