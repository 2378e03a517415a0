/** A run that is under way: a promise of what comes of it, and its events one after another. */
import type { RunEvent } from '../model/index.ts';

/**
 * What {@link Ferry.run} and its like return at once. Await it for the result, or go through its events first:
 *
 * ```ts
 * const running = ferry.run();
 * for await (const event of running) if (event.type === 'action') console.log(event.path, event.status);
 * const summary = await running;
 * ```
 *
 * Events are kept for an iteration from the moment on that it begins; begun in the same turn as the run, it gets all.
 * Leaving the loop early does not stop the run: an AbortSignal does. Where the run rejects, so does the iteration, at its
 * end.
 */
export class Running<T> implements Promise<T>, AsyncIterable<RunEvent> {
  readonly [Symbol.toStringTag] = 'Running';
  readonly #result: Promise<T>;
  readonly #readers = new Set<Reader>();

  /** @param start begins the work; it is given where events go. */
  constructor(start: (told: (event: RunEvent) => void) => Promise<T>) {
    this.#result = start((event) => {
      for (const reader of this.#readers) reader.take(event);
    });
    const end = () => {
      for (const reader of this.#readers) reader.end();
    };
    this.#result.then(end, end);
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#result.catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.#result.finally(settled);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    // Whoever iterates meets the failure at the end of the loop.
    this.#result.catch(() => {});
    const reader = new Reader();
    this.#readers.add(reader);
    this.#result.then(
      () => reader.end(),
      () => reader.end(),
    );
    try {
      yield* reader.events();
      await this.#result;
    } finally {
      this.#readers.delete(reader);
    }
  }
}

/** Events that were told and not yet read by one iteration. */
class Reader {
  #waiting: RunEvent[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  take(event: RunEvent): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *events(): AsyncGenerator<RunEvent, void, undefined> {
    for (;;) {
      const events = this.#waiting;
      this.#waiting = [];
      yield* events;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
