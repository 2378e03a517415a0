/** Cuts and converts what is moved: into blocks, from lines to the network's text, and from it back to lines. */
import { NameError, ProtocolError } from '../../model/errors.ts';
import { LineSplitter } from '../listing/lines.ts';
import type { Site } from '../site.ts';

export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** The same bytes in blocks of at most `size`. `onBlock` is called once the one before the next was taken over. */
export async function* blocks(
  source: Source<Uint8Array>,
  size: number,
  onBlock?: (block: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += size) {
      const block = piece.subarray(at, at + size);
      yield block;
      onBlock?.(block);
    }
  }
}

/** Bytes of lines that travel together. */
const BATCH = 64 * 1024;

/** Lines as TYPE A sends them: encoded, each ended by CR LF, whether it came with a line end or not. */
export async function* linesToNetwork(
  source: Source<string>,
  encode: (line: string) => string,
  onLine?: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  let lines: string[] = [];
  let text = '';
  for await (const line of source) {
    text += `${encode(line.replace(/\r?\n$/, ''))}\r\n`;
    lines.push(line);
    if (text.length < BATCH) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
    for (const one of lines) onLine?.(one);
    lines = [];
  }
  if (text !== '') yield Buffer.from(text, 'latin1');
  for (const one of lines) onLine?.(one);
}

/** Hands on lines one by one, without their ends, as they become whole. */
export class LineSink {
  readonly #site: Site;
  readonly #onLine: (line: string) => void | Promise<void>;
  readonly #splitter: LineSplitter;
  readonly #longest: number;
  #lines: string[] = [];

  constructor(site: Site, longest: number, onLine: (line: string) => void | Promise<void>) {
    this.#site = site;
    this.#onLine = onLine;
    this.#longest = longest;
    const overlong = () => this.#refuse();
    this.#splitter = new LineSplitter({ line: (text) => this.#lines.push(text), overlong }, longest);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#splitter.push(chunk);
    // The rest may end with the CR of a line end.
    if (this.#splitter.rest.length > this.#longest + 1) this.#refuse();
    await this.#deliver();
  }

  /** The last line counts also without an end. */
  async end(): Promise<void> {
    if (this.#splitter.rest !== '') this.#lines.push(this.#splitter.rest);
    await this.#deliver();
  }

  async #deliver(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    for (const line of lines) await this.#onLine(this.#text(line));
  }

  #refuse(): never {
    throw new ProtocolError(`the server sent a line of more than ${this.#longest} bytes`);
  }

  #text(line: string): string {
    const { codec } = this.#site;
    try {
      return codec.decode(line);
    } catch {
      throw new NameError(`a line that the server sent is not valid ${codec.name}: set encoding to what it is in`);
    }
  }
}
