/** The remote side of a pair, on an FTP server: the port's methods, each on a connection of the pool. */
import type { Capabilities } from '../model/capabilities.ts';
import { ReplyError } from '../model/errors.ts';
import type { Listing } from '../model/listing.ts';
import type { RelPath } from '../model/path.ts';
import type { Lane, Remote, RemoteCounters, Sighting } from '../model/remote.ts';
import { makeAll } from './directories.ts';
import { hashOf } from './hash.ts';
import { FtpLane } from './lane.ts';
import { listDirectory } from './list.ts';
import { Loops } from './loops.ts';
import type { ServerOptions } from './options.ts';
import { Pool } from './pool.ts';
import { sightAll } from './sight.ts';
import { Site } from './site.ts';

/** The remote side on the server that `options` describe. Nothing is connected before {@link Remote.open}. */
export function connectFtp(options: ServerOptions): Remote {
  return new FtpRemote(options);
}

class FtpRemote implements Remote {
  readonly #site: Site;
  readonly #pool: Pool;
  readonly #loops = new Loops();

  constructor(options: ServerOptions) {
    this.#site = new Site(options);
    this.#pool = new Pool(this.#site);
  }

  async open(signal?: AbortSignal): Promise<Capabilities> {
    this.#pool.release(await this.#pool.acquire(signal));
    return this.capabilities;
  }

  get capabilities(): Capabilities {
    if (!this.#site.knowledge.asked) throw new Error('capabilities are known once the remote is open');
    return this.#site.knowledge.capabilities((latin1) => this.#site.text(latin1));
  }

  get width(): number {
    return this.#pool.width;
  }

  get counters(): RemoteCounters {
    return { ...this.#site.counters };
  }

  async list(directory: RelPath, signal?: AbortSignal): Promise<Listing> {
    return this.#loops.checked(await this.#list(directory, signal), (above) => this.#list(above, signal));
  }

  async #list(directory: RelPath, signal?: AbortSignal): Promise<Listing> {
    const once = () =>
      this.#pool.use((session, release) => listDirectory(session, directory, { signal, onReceived: release }), signal, {
        brief: true,
      });
    try {
      return await once();
    } catch (error) {
      if (error instanceof ReplyError && error.retryable) return once();
      throw error;
    }
  }

  sight(paths: readonly RelPath[], signal?: AbortSignal): Promise<readonly Sighting[]> {
    return sightAll(paths, {
      width: this.#pool.width,
      use: (run) => this.#pool.along(run, signal),
      list: (directory) => this.#list(directory, signal),
    });
  }

  hash(path: RelPath, signal?: AbortSignal): Promise<string | null> {
    return this.#pool.use((session) => hashOf(session, path), signal);
  }

  async lane(signal?: AbortSignal): Promise<Lane> {
    const session = await this.#pool.acquire(signal);
    return new FtpLane(session, () => this.#pool.release(session));
  }

  warm(lanes: number): void {
    this.#pool.warm(lanes);
  }

  makeRoot(signal?: AbortSignal): Promise<boolean> {
    return this.#pool.use((session) => makeAll(session, this.#site.base), signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
