// CCC (RFC 4217, 12.3; RFC 2228): the control connection goes back to plain text after login. Node's TLS takes a socket for
// good, so where CCC is allowed, TLS runs over this stand-in, which can be put aside.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A socket's bytes as a stream of their own, until `detach`. */
export class ClearableWire extends Duplex {
  readonly #socket: Socket;
  #detached: ((chunk: Buffer) => void) | undefined;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#detached !== undefined) this.#plain(chunk);
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => {
      if (this.#detached === undefined) this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** From now on what comes goes to `take`, plain; what goes out may still be TLS. The client's goodbye to TLS is left out. */
  detach(take: (chunk: Buffer) => void): void {
    this.#detached = take;
    this.#socket.resume();
  }

  // A TLS record (an alert, under TLS 1.3 in the guise of data) has a type of 21 or 23, which no command begins with, and its
  // length in bytes 3 and 4.
  #plain(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes[0] === 21 || bytes[0] === 23) {
      const size = bytes.length < 5 ? Number.POSITIVE_INFINITY : 5 + bytes.readUInt16BE(3);
      if (bytes.length < size) break;
      bytes = bytes.subarray(size);
    }
    const partial = bytes[0] === 21 || bytes[0] === 23;
    this.#held = partial ? Buffer.from(bytes) : Buffer.alloc(0);
    if (!partial && bytes.length > 0) this.#detached?.(bytes);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    if (this.#detached === undefined) this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#detached === undefined) this.#socket.destroy();
    done(error);
  }
}
