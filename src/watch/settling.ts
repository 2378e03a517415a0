/**
 * Which of the paths that something happened to stand still by now. Pure: told what was noticed, and what a look at a
 * path showed, it says what to look at, and hands out all that settled as one batch.
 */
import type { RelPath } from '../model/index.ts';

/** What a look at a path showed. */
export interface Look {
  /** Another one as soon as size or modification time is another, or what is there. */
  readonly mark: string;
  /** When it was last changed by the clock of this machine, in ms since the epoch; what is gone did so long ago. */
  readonly changedAt: number;
}

export interface Asked {
  readonly path: RelPath;
  /** Which notice the look is about: a later one makes it worthless. */
  readonly notice: number;
}

interface Moving {
  readonly notice: number;
  /** When something was last noticed. */
  readonly since: number;
  readonly mark?: string;
}

/** A batch waits for what is still moving so many times as long as for a single path. */
const PATIENCE = 10;
const LEAST_PATIENCE = 5000;

export class Settling {
  readonly #settle: number;
  readonly #patience: number;
  #notices = 0;
  /** In the order of the last notice. */
  readonly #moving = new Map<RelPath, Moving>();
  /** With the time since when, in that order. */
  readonly #still = new Map<RelPath, number>();

  /** `settle`: how long a path must have stood still, in ms. */
  constructor(settle: number) {
    this.#settle = settle;
    this.#patience = Math.max(LEAST_PATIENCE, PATIENCE * settle);
  }

  /** Paths that wait, still or not. */
  get size(): number {
    return this.#moving.size + this.#still.size;
  }

  /** Something happened to a path. */
  notice(path: RelPath, now: number): void {
    this.#still.delete(path);
    this.#moving.delete(path);
    this.#moving.set(path, { notice: ++this.#notices, since: now });
  }

  /** Paths about which nothing was heard for long enough; whether they stand still takes a look. */
  due(now: number): Asked[] {
    const due: Asked[] = [];
    for (const [path, { notice, since }] of this.#moving) {
      if (since + this.#settle > now) break;
      due.push({ path, notice });
    }
    return due;
  }

  looked({ path, notice }: Asked, { mark, changedAt }: Look, now: number): void {
    const moving = this.#moving.get(path);
    if (moving?.notice !== notice) return;
    this.#moving.delete(path);
    // A time that lies ahead is no time to go by: then two looks have to agree.
    const still = changedAt <= now - this.#settle || moving.mark === mark;
    if (still) this.#still.set(path, now);
    else this.#moving.set(path, { notice, since: now, mark });
  }

  /** Everything that settled, once nothing moves any more or the first of it has waited long enough; else nothing. */
  take(now: number): RelPath[] {
    if (!this.isReady(now)) return [];
    const paths = [...this.#still.keys()];
    this.#still.clear();
    return paths;
  }

  isReady(now: number): boolean {
    const first = this.#firstStill();
    return first !== undefined && (this.#moving.size === 0 || first + this.#patience <= now);
  }

  /** ms until there is something to look at, or to hand out; undefined while there is nothing to wait for. */
  wait(now: number): number | undefined {
    const waits: number[] = [];
    const [moving] = this.#moving.values();
    if (moving) waits.push(moving.since + this.#settle - now);
    const first = this.#firstStill();
    if (first !== undefined) waits.push(moving ? first + this.#patience - now : 0);
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  #firstStill(): number | undefined {
    for (const since of this.#still.values()) return since;
    return undefined;
  }
}
