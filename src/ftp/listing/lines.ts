/** Cuts the bytes of a listing into lines as they arrive. A line is a latin1 byte string without its line end. */

/** How a line ended: in CR LF, or in LF alone. */
export type LineEnd = 'crlf' | 'lf';

export interface LineSink {
  line(text: string, end: LineEnd): void;
  /** A line longer than allowed: as much of it as is. */
  overlong(beginning: string): void;
}

export class LineSplitter {
  readonly #sink: LineSink;
  readonly #longest: number;
  #rest = '';

  /** @param longest bytes in the longest line that is passed on whole */
  constructor(sink: LineSink, longest: number) {
    this.#sink = sink;
    this.#longest = longest;
  }

  push(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      if (this.#rest === '') this.#end(text.slice(from, at));
      else {
        this.#keep(text.slice(from, at));
        const line = this.#rest;
        this.#rest = '';
        this.#end(line);
      }
      from = at + 1;
    }
    if (from < text.length) this.#keep(text.slice(from));
  }

  /** What came after the last line end: '' when the last line was terminated. */
  get rest(): string {
    return this.#rest;
  }

  #keep(piece: string): void {
    // One byte more for the CR, and one to tell that there is too much.
    const room = this.#longest + 2 - this.#rest.length;
    this.#rest += piece.length > room ? piece.slice(0, room) : piece;
  }

  #end(line: string): void {
    const crlf = line.endsWith('\r');
    const text = crlf ? line.slice(0, -1) : line;
    if (text.length > this.#longest) this.#sink.overlong(text.slice(0, this.#longest));
    else this.#sink.line(text, crlf ? 'crlf' : 'lf');
  }
}
