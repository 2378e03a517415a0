/**
 * What a watch holds of its job: the lock, the local side and the memory all the time, connections only while there is
 * something to do. A server that is asked for nothing for long closes them, and others may want them.
 */
import type { JobSettings } from '../config/settings.ts';
import type { Remote, RemoteCounters } from '../model/index.ts';
import type { Lent } from './conduct.ts';
import { connect, type Held, hold, type PairOptions } from './pair.ts';

const NOTHING: RemoteCounters = { commands: 0, connections: 0 };

export class Link {
  readonly job: JobSettings;
  readonly #options: PairOptions;
  readonly #held: Held;
  #remote: Remote | undefined;

  private constructor(job: JobSettings, options: PairOptions, held: Held) {
    this.job = job;
    this.#options = options;
    this.#held = held;
  }

  /** @throws LockError, LocalError, StateError. */
  static async open(job: JobSettings, options: PairOptions): Promise<Link> {
    return new Link(job, options, await hold(job, options));
  }

  get local() {
    return this.#held.local;
  }

  get memory() {
    return this.#held.memory;
  }

  /** Connects where that is needed. @throws ConnectError, LoginError, TlsError. */
  readonly lend = async (signal: AbortSignal): Promise<Lent> => {
    const before = this.#remote?.counters ?? NOTHING;
    this.#remote ??= await connect(this.job, this.#options, signal);
    return { local: this.local, memory: this.memory, remote: this.#remote, before };
  };

  /** Gives the connections back; the next run makes new ones. */
  async rest(): Promise<void> {
    const remote = this.#remote;
    this.#remote = undefined;
    await remote?.close();
  }

  async close(): Promise<void> {
    try {
      await this.rest();
    } finally {
      await this.#held.close();
    }
  }
}
