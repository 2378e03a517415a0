/** What a watch has to do next, and when. Pure: time and chance are handed in. */
import type { RelPath } from '../model/index.ts';

/** One run to be made: of everything, or of some paths. */
export type Work = { readonly everything: true } | { readonly everything: false; readonly paths: readonly RelPath[] };

export interface AgendaOptions {
  /** ms between two runs of everything. */
  readonly every: number;
  /** From 0 to 1: so that many watches do not come back to a server at the same moment. */
  readonly random: () => number;
}

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 60_000;
/** ms until a path that failed is tried again, doubling. */
const AGAIN = 60_000;

export class Agenda {
  readonly #options: AgendaOptions;
  readonly #paths = new Set<RelPath>();
  /** What the guard refused: part of the next batch, whose other half may be what explains it. */
  readonly #refused = new Set<RelPath>();
  /** Paths that failed. */
  readonly #again = new Map<RelPath, { readonly at: number; readonly failures: number }>();
  /** When everything is to be looked at. */
  #everythingAt = Number.NEGATIVE_INFINITY;
  /** How often a run of everything was broken off, one after the other. */
  #brokenOff = 0;
  #offline = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: AgendaOptions) {
    this.#options = options;
  }

  /** Paths that are known to wait. */
  get size(): number {
    return this.#paths.size + this.#refused.size + this.#again.size;
  }

  get isOffline(): boolean {
    return this.#offline > 0;
  }

  add(paths: Iterable<RelPath>): void {
    for (const path of paths) this.#paths.add(path);
  }

  /** Nothing that was noticed is to be relied on: everything is due. */
  everything(): void {
    this.#everythingAt = Number.NEGATIVE_INFINITY;
  }

  /** What is to be done now, which is then off the agenda; or how many ms to wait for it. */
  next(now: number): Work | { readonly wait: number } {
    if (now < this.#notBefore) return { wait: this.#notBefore - now };
    if (now >= this.#everythingAt) {
      this.#paths.clear();
      this.#refused.clear();
      this.#again.clear();
      return { everything: true };
    }
    const due = [...this.#again].filter(([, { at }]) => at <= now).map(([path]) => path);
    if (this.#paths.size + due.length > 0) {
      const paths = new Set([...this.#paths, ...this.#refused, ...due]);
      this.#paths.clear();
      this.#refused.clear();
      return { everything: false, paths: [...paths] };
    }
    const times = [...this.#again.values()].map(({ at }) => at);
    return { wait: Math.min(this.#everythingAt, ...times) - now };
  }

  /** It was done, except for what failed. */
  done(work: Work, failed: readonly RelPath[], now: number): void {
    this.#online();
    const before = new Map(this.#again);
    if (work.everything) {
      this.#again.clear();
      this.#brokenOff = 0;
      this.#everythingAt = now + this.#options.every;
    } else for (const path of work.paths) this.#again.delete(path);
    for (const path of failed) {
      const failures = (before.get(path)?.failures ?? 0) + 1;
      this.#again.set(path, { at: now + Math.min(this.#options.every, AGAIN * 2 ** (failures - 1)), failures });
    }
  }

  /** Something that is about no path in particular ended it: all of it is tried again. */
  brokenOff(work: Work, now: number): void {
    if (work.everything) {
      this.#online();
      this.#everythingAt = now + Math.min(this.#options.every, AGAIN * 2 ** this.#brokenOff++);
    } else this.done(work, work.paths, now);
  }

  /** The guard refused it. */
  refused(work: Work, now: number): void {
    this.#online();
    if (work.everything) this.#everythingAt = now + this.#options.every;
    else for (const path of work.paths) this.#refused.add(path);
  }

  /** The server could not be reached: all of it is still to be done. Returns the ms until it is tried again. */
  offline(work: Work, now: number, least = 0): number {
    this.#offline++;
    if (work.everything) this.everything();
    else this.add(work.paths);
    const full = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#offline - 1, 10));
    const delay = Math.max(least, Math.round(full / 2 + (full / 2) * this.#options.random()));
    this.#notBefore = now + delay;
    return delay;
  }

  #online(): void {
    this.#offline = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
  }
}
