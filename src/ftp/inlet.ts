/**
 * Receives into buffers of its own that are used again and again. Node would allocate a new piece of memory for every
 * read, which costs a quarter of the processor time of a large download.
 */

/** Bytes of a buffer: what is written to the disk in one go at most. */
const SIZE = 256 * 1024;
/** Less room than this is not read into. */
const LEAST_ROOM = 16 * 1024;
/** Pairs of buffers that are kept for the next connection. */
const KEPT = 8;

type Pair = readonly [Uint8Array, Uint8Array];

const spare: Pair[] = [];

/** A stretch of a buffer that has arrived and was not taken yet. */
interface Stretch {
  readonly buffer: Uint8Array;
  readonly from: number;
  to: number;
}

/** Two buffers in turn: one is filled while what is in the other is used. */
export class Inlet {
  /** Told when something has arrived. */
  onArrival: (() => void) | undefined;
  #pair: Pair | undefined = spare.pop() ?? [Buffer.allocUnsafeSlow(SIZE), Buffer.allocUnsafeSlow(SIZE)];
  /** The buffer that is being filled, and up to where. */
  #filling: Uint8Array = this.#pair![0];
  #filled = 0;
  readonly #arrived: Stretch[] = [];
  /** The buffer of which a stretch is in use. */
  #lent: Uint8Array | undefined;
  #resume: (() => void) | undefined;
  #paused = false;

  /** What `net.Socket` takes as its option `onread`. */
  readonly onread = {
    buffer: () => this.#filling.subarray(this.#filled),
    callback: (count: number) => this.#arrive(count),
  };

  /** @param resume called when there is room again after there was none */
  set resume(resume: () => void) {
    this.#resume = resume;
  }

  /** All that has arrived in one stretch, or null. It may be overwritten from the next call on. */
  take(): Uint8Array | null {
    this.#lent = undefined;
    const next = this.#arrived.shift();
    this.#lent = next?.buffer;
    if (this.#paused && this.#isFree(this.#filling)) {
      this.#paused = false;
      this.#resume?.();
    }
    return next ? next.buffer.subarray(next.from, next.to) : null;
  }

  /** Gives the buffers back. Only once nothing arrives any more, and nobody uses what was taken. */
  close(): void {
    if (this.#pair && spare.length < KEPT) spare.push(this.#pair);
    this.#pair = undefined;
  }

  #isFree(buffer: Uint8Array): boolean {
    return this.#lent !== buffer && this.#arrived.every((stretch) => stretch.buffer !== buffer);
  }

  /** Returns whether there is room for more. The next read goes to what {@link onread} then names. */
  #arrive(count: number): boolean {
    const last = this.#arrived.at(-1);
    if (last?.buffer === this.#filling && last.to === this.#filled) last.to += count;
    else this.#arrived.push({ buffer: this.#filling, from: this.#filled, to: this.#filled + count });
    this.#filled += count;
    if (this.#filling.length - this.#filled < LEAST_ROOM) {
      const [first, second] = this.#pair!;
      this.#filling = this.#filling === first ? second : first;
      this.#filled = 0;
      this.#paused = !this.#isFree(this.#filling);
    }
    this.onArrival?.();
    return !this.#paused;
  }
}
