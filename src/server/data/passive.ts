// PASV and EPSV: a listener for exactly one data connection, from the control connection's own peer and nobody else.
import { createServer, type Server, type Socket } from 'node:net';
import { Refusal } from '../replies.ts';
import type { Protect } from './protect.ts';
import { type DataSource, plainAddress } from './source.ts';

export class PassiveSource implements DataSource {
  readonly port: number;
  readonly #server: Server;
  readonly #protect: Protect | undefined;
  #plain: Socket | undefined;
  #connection: Promise<Socket> | undefined;
  #arrived = () => {};
  #closed = false;
  #taken = false;

  private constructor(server: Server, peer: string, protect: Protect | undefined) {
    this.#server = server;
    this.#protect = protect;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (socket) => this.#accept(socket, peer));
    server.on('error', () => this.close());
  }

  /**
   * Listens on `address`, on a port of `range` (both ends included), or on any that is free.
   * @throws Refusal 425 when all ports of the range are taken.
   */
  static async listen(
    address: string,
    peer: string,
    range: readonly [number, number] | undefined,
    protect: Protect | undefined,
  ): Promise<PassiveSource> {
    if (range === undefined) return new PassiveSource(await listen(address, 0), peer, protect);
    const [low, high] = range;
    const count = high - low + 1;
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step++) {
      const port = low + ((start + step) % count);
      try {
        return new PassiveSource(await listen(address, port), peer, protect);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
    throw new Refusal(425, 'No free port for a data connection; try again.');
  }

  async connect(timeout: number): Promise<Socket> {
    const timer = setTimeout(() => this.close(), timeout);
    try {
      if (this.#connection === undefined && !this.#closed) {
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
      }
      if (this.#connection === undefined) throw new Refusal(425, 'No data connection was made.');
      const socket = await this.#connection;
      this.#taken = true;
      return socket;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    if (!this.#taken) this.#plain?.destroy();
    this.#arrived();
  }

  #stop(): void {
    if (this.#server.listening) this.#server.close();
  }

  #accept(socket: Socket, peer: string): void {
    socket.on('error', () => {});
    // A stranger that finds the port first must not take the client's place: the listener stays.
    if (this.#closed || this.#plain !== undefined || plainAddress(socket.remoteAddress) !== peer) {
      socket.destroy();
      return;
    }
    this.#plain = socket;
    this.#stop();
    this.#connection = this.#protect === undefined ? Promise.resolve(socket) : this.#protect(socket);
    // Awaited once the command comes; until then a failure must not count as unhandled.
    this.#connection.catch(() => {});
    this.#arrived();
  }
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Paused, so that what a fast client sends waits in the kernel for the command that it belongs to.
    // Half open, as a client may end its own side of a download before it has read a byte.
    const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
    server.once('error', reject);
    server.listen({ host, port, backlog: 4 }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}
