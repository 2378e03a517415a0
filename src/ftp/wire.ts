/**
 * The bytes of a control connection, as a stream that TLS can be put over (AUTH, RFC 4217) and taken from again (CCC,
 * RFC 2228): Node's TLS takes a socket for good, so it is given a stand-in that can be put aside.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Types of TLS records that may still come once TLS was left: an alert, or one in the guise of data (TLS 1.3). */
const ALERT = 21;
const APPLICATION_DATA = 23;
const HEADER = 5;

export class Wire extends Duplex {
  readonly #raw: Socket;
  readonly #afterTls: boolean;
  #held: Buffer = Buffer.alloc(0);
  #aside = false;
  readonly #onData = (chunk: Buffer) => {
    const bytes = this.#afterTls ? this.#withoutRecords(chunk) : chunk;
    if (bytes.length > 0 && !this.push(bytes)) this.#raw.pause();
  };
  readonly #onEnd = () => this.push(null);
  readonly #onError = (error: Error) => this.destroy(error);
  readonly #onClose = () => this.destroy();

  /** @param afterTls whether TLS was spoken before: its last records are left out */
  constructor(raw: Socket, afterTls = false) {
    super({ allowHalfOpen: false });
    this.#raw = raw;
    this.#afterTls = afterTls;
    raw.setNoDelay(true);
    raw.setKeepAlive(true, 30_000);
    raw.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
  }

  get remoteAddress(): string | undefined {
    return this.#raw.remoteAddress;
  }

  get localAddress(): string | undefined {
    return this.#raw.localAddress;
  }

  /** Hands the connection on. What is still written here goes out; nothing comes in any more, and closing has no effect. */
  handOver(afterTls = false): Wire {
    const raw = this.#raw;
    const next = new Wire(raw, afterTls);
    this.#aside = true;
    raw.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose);
    return next;
  }

  /** As the control connection takes it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  // What is asked of a socket, and was settled when the connection was made.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done);
  }

  override _final(done: () => void): void {
    if (!this.#aside) this.#raw.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#aside) this.#raw.destroy();
    done(error);
  }

  /** No reply begins with a byte like a record's, and a record says its length (RFC 8446, 5.1). */
  #withoutRecords(chunk: Buffer): Buffer {
    let bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = Buffer.alloc(0);
    while (bytes[0] === ALERT || bytes[0] === APPLICATION_DATA) {
      const length = bytes.length < HEADER ? HEADER : HEADER + bytes.readUInt16BE(3);
      if (bytes.length < length) {
        this.#held = Buffer.from(bytes);
        return Buffer.alloc(0);
      }
      // What is whole, but for its length's sake only a header, is looked at again with more bytes.
      bytes = bytes.subarray(length);
    }
    return bytes;
  }
}
