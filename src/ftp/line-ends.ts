/**
 * Line ends of text transfers (TYPE A; RFC 959, 3.1.1.1): CR LF on the network, LF here. Both directions take any
 * pieces, cut anywhere, also between CR and LF; a lone CR is no line end and stays as it is.
 */
import { Transform, type TransformCallback } from 'node:stream';

const CR = 0x0d;
const LF = 0x0a;

export interface ToNetworkOptions {
  /**
   * What becomes of a CR LF that is there already. `kept`: it is a line end (default). `doubled`: its CR is a part of
   * the line, so CR CR LF is sent; that is what {@link CrlfToLf} turns back into exactly the same bytes.
   */
  readonly crlf?: 'kept' | 'doubled';
}

/** LF becomes CR LF, piece by piece. Nothing is held back. */
export class LfToCrlf {
  readonly #keep: boolean;
  #last = 0;

  constructor({ crlf = 'kept' }: ToNetworkOptions = {}) {
    this.#keep = crlf === 'kept';
  }

  convert(piece: Uint8Array): Uint8Array {
    const chunk = buffer(piece);
    const places: number[] = [];
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      const before = at > 0 ? chunk[at - 1] : this.#last;
      if (!this.#keep || before !== CR) places.push(at);
    }
    this.#last = chunk.at(-1) ?? this.#last;
    if (places.length === 0) return chunk;
    const converted = Buffer.allocUnsafe(chunk.length + places.length);
    let from = 0;
    let to = 0;
    for (const at of places) {
      to += chunk.copy(converted, to, from, at);
      converted[to] = CR;
      to += 1;
      from = at;
    }
    chunk.copy(converted, to, from);
    return converted;
  }
}

/** CR LF becomes LF, piece by piece. A CR at the end of a piece waits for what follows it. */
export class CrlfToLf {
  #waiting = false;

  convert(piece: Uint8Array): Uint8Array {
    if (piece.length === 0) return piece;
    const chunk = this.#waiting ? Buffer.concat([Buffer.of(CR), piece]) : buffer(piece);
    this.#waiting = chunk.at(-1) === CR;
    const end = this.#waiting ? chunk.length - 1 : chunk.length;
    const pieces: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf('\r\n'); at >= 0; at = chunk.indexOf('\r\n', at + 2)) {
      pieces.push(chunk.subarray(from, at));
      from = at + 1;
    }
    if (pieces.length === 0) return chunk.subarray(0, end);
    pieces.push(chunk.subarray(from, end));
    return Buffer.concat(pieces);
  }

  /** What is still held back when nothing follows. */
  end(): Uint8Array {
    const waiting = this.#waiting;
    this.#waiting = false;
    return waiting ? Buffer.of(CR) : Buffer.alloc(0);
  }
}

/** {@link LfToCrlf} as a stream. */
export class ToNetwork extends Transform {
  readonly #lines: LfToCrlf;

  constructor(options?: ToNetworkOptions) {
    super();
    this.#lines = new LfToCrlf(options);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, this.#lines.convert(chunk));
  }
}

/** {@link CrlfToLf} as a stream. */
export class FromNetwork extends Transform {
  readonly #lines = new CrlfToLf();

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, this.#lines.convert(chunk));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#lines.end());
  }
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
