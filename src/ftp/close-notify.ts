/**
 * Tells whether a TLS stream was ended by its sender (close_notify) or merely cut off: Node's TLS socket emits the same
 * events for both. The headers of the records are readable below it (RFC 8446, 5.1), and the last one tells: an alert
 * under TLS 1.2, under 1.3 a record of the length of an encrypted alert.
 *
 * LIMIT: under TLS 1.3 a stream cut off right after a record of exactly two bytes looks like an ended one.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const HEADER = 5;
const ALERT = 21;
const APPLICATION_DATA = 23;
/** Two bytes of alert, one of inner type, sixteen of tag. */
const ENCRYPTED_ALERT = 19;

/** The raw socket, with an eye on the records that pass. All bytes go through JavaScript: for listings, not for files. */
export class RecordTap extends Duplex {
  readonly #socket: Socket;
  readonly #header = Buffer.alloc(HEADER);
  #headerBytes = 0;
  #bodyLeft = 0;
  #type = 0;
  #length = 0;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#look(chunk);
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Whether the last record seen, complete, was the end that the sender meant. */
  get ended(): boolean {
    if (this.#headerBytes !== 0 || this.#bodyLeft !== 0) return false;
    return this.#type === ALERT || (this.#type === APPLICATION_DATA && this.#length === ENCRYPTED_ALERT);
  }

  #look(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const step = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= step;
        at += step;
        continue;
      }
      this.#header[this.#headerBytes] = chunk[at]!;
      this.#headerBytes += 1;
      at += 1;
      if (this.#headerBytes < HEADER) continue;
      this.#headerBytes = 0;
      this.#type = this.#header[0]!;
      this.#length = this.#header.readUInt16BE(3);
      this.#bodyLeft = this.#length;
    }
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
