/**
 * Replies of the server (RFC 959, 4.2), cut out of the byte stream of the control connection: only whole lines count,
 * and neither a line nor a reply may grow without bound.
 */
import type { FTPResponse } from 'basic-ftp';
import { ProtocolError } from '../model/errors.ts';

const LONGEST_LINE = 16 * 1024;
const LONGEST_REPLY = 64 * 1024;

const FIRST_LINE = /^([1-6]\d\d)([ -]|$)/;

export class Reply implements FTPResponse {
  readonly code: number;
  /** The lines without their line ends; the first and the last with the code. */
  readonly lines: readonly string[];

  constructor(code: number, lines: readonly string[]) {
    this.code = code;
    this.lines = lines;
  }

  /** The whole reply. */
  get message(): string {
    return this.lines.join('\n');
  }

  /** What the reply says, without the code, in one line. */
  get text(): string {
    const code = String(this.code);
    const said = this.lines.map((line) => (line.startsWith(code) ? line.slice(4) : line).trim());
    return said.join(' ').trim();
  }

  /** Positive completion, 2xx. */
  get ok(): boolean {
    return this.code >= 200 && this.code < 300;
  }
}

/** Turns chunks into replies. A line outside of any reply is handed to `stray`. */
export class ReplyReader {
  #rest = '';
  #group: string[] | undefined;
  #size = 0;
  readonly #stray: (line: string) => void;

  constructor(stray: (line: string) => void) {
    this.#stray = stray;
  }

  /** Whether everything received so far belonged to a complete reply. */
  get empty(): boolean {
    return this.#rest === '' && this.#group === undefined;
  }

  reset(): void {
    this.#rest = '';
    this.#group = undefined;
    this.#size = 0;
  }

  /** The replies that are complete now. Throws a ProtocolError beyond the bounds. */
  *push(chunk: string): Generator<Reply> {
    const text = this.#rest + chunk;
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = text.slice(from, text[end - 1] === '\r' ? end - 1 : end);
      from = end + 1;
      const reply = this.#line(line);
      if (reply) {
        // The rest is put away first: whoever gets the reply may ask whether there is any.
        this.#rest = text.slice(from);
        yield reply;
      }
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > LONGEST_LINE) throw new ProtocolError('the server sent a line without end');
  }

  #line(line: string): Reply | undefined {
    if (line.length > LONGEST_LINE) throw new ProtocolError('the server sent a line without end');
    this.#size += line.length + 2;
    if (this.#size > LONGEST_REPLY) throw new ProtocolError('the server sent a reply without end');
    if (this.#group) {
      this.#group.push(line);
      const code = this.#group[0]!.slice(0, 3);
      // Lines in between may begin with anything, other codes included.
      if (!line.startsWith(code) || (line.length > 3 && line[3] !== ' ')) return undefined;
      return this.#finish(Number(code), this.#group);
    }
    const first = FIRST_LINE.exec(line);
    if (!first) {
      if (line.trim() !== '') this.#stray(line);
      return undefined;
    }
    if (first[2] === '-') {
      this.#group = [line];
      return undefined;
    }
    return this.#finish(Number(first[1]), [line]);
  }

  #finish(code: number, lines: readonly string[]): Reply {
    this.#group = undefined;
    this.#size = 0;
    return new Reply(code, lines);
  }
}
