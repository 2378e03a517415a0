// The embedded FTP server: listens, counts sessions, and tells what happens.
import { EventEmitter } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { Client } from './client.ts';
import { plainAddress } from './data/source.ts';
import type { ServerEvents } from './events.ts';
import { HookRunner } from './hooks.ts';
import type { Host } from './host.ts';
import { FailedLogins } from './limits.ts';
import { type ServerOptions, type Settings, settle } from './options.ts';
import { Tls } from './tls.ts';
import { Users } from './users.ts';

/** Told of an event by its name. */
export type EveryListener = (name: keyof ServerEvents, event: ServerEvents[keyof ServerEvents][0]) => void;

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * An FTP server on a folder.
 *
 * ```ts
 * const server = new FtpServer({ root: '/srv/drop', users: [{ name: 'ann', password: 'secret' }] });
 * await server.listen();
 * console.log(server.url); // ftp://127.0.0.1:40321
 * await server.close();
 * ```
 */
export class FtpServer {
  readonly #settings: Settings;
  readonly #events = new EventEmitter<ServerEvents>();
  readonly #everyListeners: EveryListener[] = [];
  readonly #unheard = new Map<EveryListener, ReadonlySet<keyof ServerEvents>>();
  readonly #host: Host;
  readonly #hooks: HookRunner;
  readonly #clients = new Set<Client>();
  #listener: Server | undefined;
  #address: ListeningAddress | undefined;
  #count = 0;
  #closing: Promise<void> | undefined;
  #emptied = () => {};

  /** @throws TypeError, RangeError for options that cannot be meant; the TLS library's error for a bad certificate. */
  constructor(options: ServerOptions) {
    const settings = settle(options);
    this.#settings = settings;
    this.#events.setMaxListeners(0);
    this.#hooks = new HookRunner(settings.hooks, (message, cause) => this.#host.problem(message, cause));
    const clients = this.#clients;
    this.#host = {
      settings,
      tls: settings.tls && new Tls(settings.tls),
      users: new Users(settings.users, settings.anonymous, settings.root),
      failedLogins: new FailedLogins(settings.loginDelay),
      beingWritten: new Set(),
      temporary: new Set(),
      started: Date.now(),
      sessionsOf: (user) => [...clients].filter(({ session }) => session.user === user).length,
      tell: (name, ...values) => this.#tell(name, values),
      listensTo: (name) =>
        this.#everyListeners.some((listener) => this.#hears(listener, name)) ||
        this.#events.listenerCount(name) > 0 ||
        Object.hasOwn(settings.hooks, name),
      problem: (message, cause) => this.#tell('problem', [{ time: new Date().toISOString(), message, cause }]),
    };
  }

  /** Starts to listen. @throws the system's error, `EADDRINUSE` among them; Error when listening already. */
  async listen(): Promise<ListeningAddress> {
    if (this.#listener !== undefined) throw new Error('This server is listening already.');
    const { host, port } = this.#settings;
    const listener = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) =>
      this.#welcome(socket),
    );
    this.#listener = listener;
    try {
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject);
        listener.listen({ host, port, backlog: 511 }, () => {
          listener.removeListener('error', reject);
          resolve();
        });
      });
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
    listener.on('error', (error) => this.#host.problem('The listener failed.', error));
    this.#address = { host, port: (listener.address() as { port: number }).port };
    return this.#address;
  }

  /** `ftp://host:port`, or `ftps://` with implicit TLS. @throws Error when it is not listening. */
  get url(): string {
    if (this.#address === undefined) throw new Error('This server is not listening.');
    const { host, port } = this.#address;
    return `${this.#settings.tls?.implicit ? 'ftps' : 'ftp'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  }

  /** Sessions at this moment. */
  get connections(): number {
    return this.#clients.size;
  }

  /**
   * Stops: nobody is let in any more, idle sessions are told 421, transfers may finish within `deadline` ms (default
   * 5000), and what is left then is cut. Resolves when all connections are closed and the programs of hooks have ended,
   * for which the same deadline holds.
   */
  close(deadline = 5000): Promise<void> {
    this.#closing ??= this.#close(deadline);
    return this.#closing;
  }

  on<Name extends keyof ServerEvents>(name: Name, listener: (...values: ServerEvents[Name]) => void): this {
    this.#events.on(name, listener as never);
    return this;
  }

  /** Every event, with its name: for an access log. `but` those that are not wanted, which then cost nothing. */
  onEvery(listener: EveryListener, but: Iterable<keyof ServerEvents> = []): this {
    this.#everyListeners.push(listener);
    this.#unheard.set(listener, new Set(but));
    return this;
  }

  once<Name extends keyof ServerEvents>(name: Name, listener: (...values: ServerEvents[Name]) => void): this {
    this.#events.once(name, listener as never);
    return this;
  }

  off<Name extends keyof ServerEvents>(name: Name, listener: (...values: ServerEvents[Name]) => void): this {
    this.#events.off(name, listener as never);
    return this;
  }

  #hears(listener: EveryListener, name: keyof ServerEvents): boolean {
    return !this.#unheard.get(listener)?.has(name);
  }

  async #close(deadline: number): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    const until = performance.now() + deadline;
    const stopped = new Promise<void>((resolve) => {
      listener.close(() => resolve());
    });
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const client of this.#clients) client.leaveWhenIdle();
    if (this.#clients.size === 0) this.#emptied();
    const timer = setTimeout(() => {
      for (const { session } of this.#clients) session.connection.destroy();
    }, deadline);
    await emptied;
    clearTimeout(timer);
    await stopped;
    await this.#hooks.drained(Math.max(0, until - performance.now()));
  }

  #welcome(socket: Socket): void {
    // A connection that is gone before it is looked at has no address.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    const address = plainAddress(socket.remoteAddress);
    if (this.#closing !== undefined || this.#clients.size >= maxConnections) {
      refuse(socket, 'Too many connections, try again later.');
    } else if (this.#clientsFrom(address) >= maxConnectionsPerAddress) {
      refuse(socket, 'Too many connections from this address, try again later.');
    } else {
      const client = new Client(++this.#count, socket, this.#host, () => this.#left(client));
      this.#clients.add(client);
      client.greet();
    }
  }

  #clientsFrom(address: string): number {
    if (this.#settings.maxConnectionsPerAddress === Number.POSITIVE_INFINITY) return 0;
    return [...this.#clients].filter(({ session }) => session.address === address).length;
  }

  #left(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#emptied();
  }

  // A listener that throws must not end a session; it is said, and where nobody listens to that either, as a warning.
  #tell<Name extends keyof ServerEvents>(name: Name, values: ServerEvents[Name]): void {
    this.#hooks.told(name, values[0]);
    try {
      for (const listener of this.#everyListeners) if (this.#hears(listener, name)) listener(name, values[0]);
      this.#events.emit(name, ...(values as never));
    } catch (error) {
      if (name === 'problem' || !this.#host.listensTo('problem')) process.emitWarning(error as Error);
      else this.#host.problem(`A listener to "${name}" threw.`, error);
    }
  }
}

function refuse(socket: Socket, why: string): void {
  socket.on('error', () => {});
  socket.end(`421 ${why}\r\n`);
  socket.resume();
  setTimeout(() => socket.destroy(), 2000).unref();
}
