/**
 * What is said to a proxy before the tunnel stands: within a deadline, and so that no byte too many is taken from the
 * socket, because what follows belongs to whoever uses the tunnel.
 */
import type { Socket } from 'node:net';
import { InterruptedError } from '../model/errors.ts';

export class ProxyStream {
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #failure: Error | undefined;
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

  /** The next bytes. Rejects where none come: broken, ended, stopped, or too late. */
  async read(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts back what was read beyond the answer. */
  giveBack(rest: Buffer): void {
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
