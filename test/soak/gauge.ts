/** Memory and descriptors of a process over its life, and whether they grow (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

interface Sample {
  /** Events so far. */
  readonly at: number;
  /** Resident memory in KiB. */
  readonly memory: number;
  readonly descriptors: number;
}

export class Gauge {
  readonly #pid: number;
  readonly #samples: Sample[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  sample(at: number): void {
    const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1] ?? 0);
    this.#samples.push({ at, memory, descriptors: readdirSync(`/proc/${this.#pid}/fd`).length });
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Growth per 1,000 events, by least squares, over the second half: the first one is for warming up. */
  slope(what: 'memory' | 'descriptors'): number {
    const some = this.#samples.slice(Math.floor(this.#samples.length / 2));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x, y] = [mean(some.map(({ at }) => at)), mean(some.map((one) => one[what]))];
    const over = some.reduce((sum, one) => sum + (one.at - x) * (one[what] - y), 0);
    const under = some.reduce((sum, one) => sum + (one.at - x) ** 2, 0);
    return under === 0 ? 0 : (over / under) * 1000;
  }
}
