/** What a process holds over its life, and whether that grows: live memory, resident memory, descriptors (Linux). */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Sample {
  /** Events so far. */
  readonly at: number;
  /** KiB that are in use once the garbage is collected. */
  readonly live: number;
  /** KiB that the system has given it: what the collector has not handed back counts too. */
  readonly resident: number;
  readonly descriptors: number;
}

const IN_A_ROW = 5;

export class Gauge {
  readonly #process: ChildProcess;
  readonly #samples: Sample[] = [];
  #answered: (bytes: number) => void = () => {};

  /** Of a process that has loaded `children/measure.mjs`, and was begun with `--expose-gc`. */
  constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (bytes) => this.#answered(Number(bytes)));
    process.once('exit', () => this.#answered(Number.NaN));
  }

  async sample(at: number): Promise<void> {
    const { pid } = this.#process;
    const live = await new Promise<number>((done) => {
      this.#answered = (bytes) => done(bytes / 1024);
      if (this.#process.connected) this.#process.send('measure', () => {});
      else done(Number.NaN);
    });
    if (Number.isNaN(live)) return;
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    this.#samples.push({ at, live, resident, descriptors: readdirSync(`/proc/${pid}/fd`).length });
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** The samples of the second half: the first one is for warming up. */
  get warm(): readonly Sample[] {
    return this.#samples.slice(Math.floor(this.#samples.length / 2));
  }

  /**
   * Growth per 1,000 events, by least squares, over the second half, of what is held at rest: of some samples in a row
   * the least, as a batch that is under way holds connections, open files and what it reads.
   */
  slope(what: 'live' | 'descriptors'): number {
    const { warm } = this;
    const some: Sample[] = [];
    for (let at = 0; at < warm.length; at += IN_A_ROW) {
      some.push(warm.slice(at, at + IN_A_ROW).reduce((least, one) => (one[what] < least[what] ? one : least)));
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x, y] = [mean(some.map(({ at }) => at)), mean(some.map((one) => one[what]))];
    const over = some.reduce((sum, one) => sum + (one.at - x) * (one[what] - y), 0);
    const under = some.reduce((sum, one) => sum + (one.at - x) ** 2, 0);
    return under === 0 ? 0 : (over / under) * 1000;
  }
}
