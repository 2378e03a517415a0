/**
 * What is said to a proxy before the tunnel stands: bounded in bytes and in time, and without taking a byte too many
 * from the socket, because what follows belongs to whoever uses the tunnel.
 */
import type { Socket } from 'node:net';
import { InterruptedError } from '../model/errors.ts';

/** Most bytes a proxy may answer. */
const MOST = 16 * 1024;

export class ProxyStream {
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #failure: Error | undefined;
  #taken = 0;
  #wake: (() => void) | undefined;
  /** Whether the proxy itself was reached. */
  reached: boolean;

  constructor(socket: Socket, timeout: number, signal?: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    this.reached = !socket.connecting;
    this.#timer = setTimeout(() => {
      const why = `no answer within ${Math.round(timeout / 1000)} s`;
      this.#fail(Object.assign(new Error(why), { code: 'ETIMEDOUT' }));
    }, timeout);
    socket.on('connect', this.#onConnect);
    // Not 'data': a listener of that would leave the socket flowing, with nobody to catch what comes.
    socket.on('readable', this.#onReadable);
    socket.on('error', this.#onError);
    socket.on('end', this.#onClose);
    socket.on('close', this.#onClose);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next bytes. Rejects where none come: broken, ended, too late, or more than a proxy has to say. */
  async read(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#taken += chunk.length;
        return chunk;
      }
      if (this.#taken > MOST) throw new Error(`it answered more than ${MOST / 1024} KiB`);
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts back what was read beyond the answer. */
  giveBack(rest: Buffer): void {
    this.#taken -= rest.length;
    if (rest.length > 0) this.#socket.unshift(rest);
  }

  /** Leaves the socket to whoever uses it from here on. */
  letGo(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#socket
      .removeListener('connect', this.#onConnect)
      .removeListener('readable', this.#onReadable)
      .removeListener('error', this.#onError)
      .removeListener('end', this.#onClose)
      .removeListener('close', this.#onClose);
  }

  readonly #onConnect = () => {
    this.reached = true;
  };
  readonly #onReadable = () => this.#wake?.();
  readonly #onError = (error: Error) => this.#fail(error);
  readonly #onClose = () => this.#fail(new Error('it closed the connection'));
  readonly #onAbort = () => this.#fail(new InterruptedError('abort'));

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
