/**
 * The connections to one server. Each is owned by one task at a time; they are opened when needed, and as many as the
 * server allows: a refusal that speaks of their number, or any while others stand, makes the pool smaller.
 */
import { setMaxListeners } from 'node:events';
import {
  ConnectError,
  FerryError,
  InterruptedError,
  LoginError,
  LostError,
  ProtocolError,
  TooManyConnectionsError,
} from '../model/errors.ts';
import { openSession } from './connect.ts';
import type { Session } from './session.ts';
import type { Site } from './site.ts';

/** ms after which a pool that was made smaller tries one connection more. */
const REGROW = 60_000;
/** How often work is begun anew on another connection when the first one turns out to be dead. */
const ATTEMPTS = 3;
/** Commands that wait on one connection; those beyond travel apart. */
const FULL_LOAD = 64;

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: Error) => void;
}

export class Pool {
  readonly #site: Site;
  readonly #sessions = new Set<Session>();
  /** The one used last at the end. */
  readonly #idle: Session[] = [];
  /** Those lent for work that is over soon. */
  readonly #brief = new Set<Session>();
  readonly #waiters: Waiter[] = [];
  #connecting = 0;
  #limit: number;
  #shrunkAt = 0;
  #closed = false;
  /** A password that was refused is not tried again: that can lock the account. */
  #locked: LoginError | undefined;
  readonly #stop = new AbortController();

  constructor(site: Site) {
    this.#site = site;
    this.#limit = Math.max(1, site.options.connections);
    // Each connection that is being made listens twice; that many are no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** How many connections can be had at once, as learnt so far. */
  get width(): number {
    return this.#limit;
  }

  /** Opens connections ahead of their use, so many in all at most. What goes wrong is met when one is needed. */
  warm(count: number): void {
    if (this.#closed || this.#locked) return;
    while (this.#sessions.size + this.#connecting < Math.min(count, this.#limit)) void this.#connect();
  }

  /** Lends a session; waits until one is free. Give it back by {@link release}. */
  acquire(signal?: AbortSignal): Promise<Session> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new InterruptedError('abort'));
      const waiter: Waiter = {
        resolve: (session) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(session);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        const at = this.#waiters.indexOf(waiter);
        if (at < 0) return;
        this.#waiters.splice(at, 1);
        reject(new InterruptedError('abort'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  /** Commands of the owner may still be under way: replies are matched in order, whoever owns the session. */
  release(session: Session): void {
    if (!session.alive || this.#closed) return;
    this.#idle.push(session);
    this.#serve();
  }

  /**
   * Lends a session for one piece of work that may be done again, should the session turn out to be dead. It is given
   * back when the work is through, or before, by `release`. `brief` work is over soon: {@link along} may count on it.
   */
  async use<T>(
    run: (session: Session, release: () => void) => Promise<T>,
    signal?: AbortSignal,
    { brief = false } = {},
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const session = await this.acquire(signal);
      if (brief) this.#brief.add(session);
      let lent = true;
      const release = () => {
        if (!lent) return;
        lent = false;
        this.#brief.delete(session);
        this.release(session);
      };
      try {
        return await run(session, release);
      } catch (error) {
        const dead = error instanceof LostError || error instanceof ProtocolError;
        if (!dead || attempt >= ATTEMPTS || signal?.aborted) throw error;
      } finally {
        release();
      }
    }
  }

  /**
   * For commands that need no connection to themselves. Where none is free, they go along with one whose work is brief,
   * and travel with what it does next. They may be sent again, as in {@link use}.
   */
  async along<T>(run: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const session = this.#idle.length === 0 ? this.#leastLoaded() : undefined;
      if (!session) return this.use(run, signal);
      try {
        return await run(session);
      } catch (error) {
        const dead = error instanceof LostError || error instanceof ProtocolError;
        if (!dead || attempt >= ATTEMPTS || signal?.aborted) throw error;
      }
    }
  }

  /** Of those whose work is brief; undefined where each has a full load already, and another connection is worth its while. */
  #leastLoaded(): Session | undefined {
    let found: Session | undefined;
    for (const one of this.#brief) {
      const { load } = one.pipeline;
      if (one.alive && load < FULL_LOAD && (!found || load < found.pipeline.load)) found = one;
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop.abort();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new LostError('the connections were closed'));
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#sessions.clear();
  }

  #serve(): void {
    if (this.#closed) this.#refuse(new LostError('the connections were closed'));
    while (this.#waiters.length > 0 && this.#idle.length > 0) this.#waiters.shift()!.resolve(this.#freest());
    if (this.#locked) this.#refuse(this.#locked);
    if (this.#waiters.length === 0) return;
    if (this.#limit < this.#site.options.connections && performance.now() - this.#shrunkAt > REGROW) {
      this.#limit += 1;
      this.#shrunkAt = performance.now();
    }
    while (this.#waiters.length > this.#connecting && this.#sessions.size + this.#connecting < this.#limit) {
      void this.#connect();
    }
  }

  /** One with nothing under way, if there is one; the warmest. */
  #freest(): Session {
    const at = this.#idle.findLastIndex((session) => session.pipeline.idle);
    return this.#idle.splice(at < 0 ? this.#idle.length - 1 : at, 1)[0]!;
  }

  async #connect(): Promise<void> {
    this.#connecting += 1;
    try {
      const session = await openSession(this.#site, this.#stop.signal);
      this.#connecting -= 1;
      session.onLost = () => this.#drop(session);
      if (!session.alive) return this.#serve();
      if (this.#closed) return void (await session.close());
      this.#sessions.add(session);
      this.#idle.push(session);
    } catch (error) {
      this.#connecting -= 1;
      this.#failed(error as Error);
      // Those still on their way decide: to begin another for each that fails would go on for as long as anyone waits.
      if (this.#connecting > 0) return;
    }
    this.#serve();
  }

  #failed(error: Error): void {
    // Where others are logged in by the same name and password, it is their number that the server minds. Those that
    // are on their way may still be let in.
    const standing = this.#sessions.size;
    const crowded =
      error instanceof TooManyConnectionsError || error instanceof LoginError || error instanceof ConnectError;
    if (standing > 0 && crowded) {
      this.#limit = Math.min(this.#limit, standing + this.#connecting);
      this.#shrunkAt = performance.now();
      return;
    }
    if (error instanceof LoginError) this.#locked = error;
    if (error instanceof TooManyConnectionsError) {
      this.#limit = 1;
      this.#shrunkAt = performance.now();
    }
    // Nobody would free a connection for those who wait.
    if (this.#connecting === 0 || !(error instanceof FerryError && error.retryable)) this.#refuse(error);
  }

  #refuse(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #drop(session: Session): void {
    this.#sessions.delete(session);
    const at = this.#idle.indexOf(session);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#serve();
  }
}
