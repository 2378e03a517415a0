/** Gathers what the lines of one listing say, so that no line is lost: each becomes an entry, a Problem, or is noise. */

import {
  type Entry,
  joinPath,
  type Listing,
  NameError,
  type Problem,
  printable,
  type RelPath,
  segmentFault,
} from '../../model/index.ts';
import type { NameCodec } from '../encoding.ts';
import type { LineSink } from './lines.ts';
import type { LineReader, Seen } from './seen.ts';
import { doubtAbout, type EndOfListing } from './trust.ts';

/** Lines that are quoted one by one; a listing that is garbage throughout needs no more. */
const QUOTED_LINES = 20;
/** Names that are quoted one by one. Each is a file that cannot be carried, so people want to see them. */
const QUOTED_NAMES = 200;
const QUOTED_LENGTH = 120;

export interface CollectorOptions {
  readonly directory: RelPath;
  readonly codec: NameCodec;
  readonly read: LineReader;
  /** Whether a line that is no entry means nothing. @param first nothing but such lines came before it */
  readonly isNoise: (line: string, first: boolean) => boolean;
}

export class Collector implements LineSink {
  readonly #options: CollectorOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #problems: Problem[] = [];
  /** Names that were listed more than once, with facts that contradict each other. */
  readonly #contradicted = new Set<string>();
  #repeated = 0;
  #unparsed = 0;
  #badNames = 0;
  /** Lines that were not noise: what a server that counts has counted. */
  #printed = 0;
  #crlf = 0;
  #lf = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  line(text: string, end: 'crlf' | 'lf'): void {
    const seen = this.#options.read(text);
    if (seen === undefined && this.#options.isNoise(text, this.#printed === 0)) return;
    this.#printed += 1;
    if (end === 'crlf') this.#crlf += 1;
    else this.#lf += 1;
    if (seen === undefined) this.#noteUnparsed(text);
    else if (seen.role === 'entry') this.#add(seen);
  }

  overlong(beginning: string): void {
    this.#printed += 1;
    this.#noteUnparsed(beginning);
  }

  /**
   * @param rest what followed the last line end
   * @param doubt a reason of the caller's why entries may be missing
   */
  finish(end: EndOfListing, rest: string, doubt?: string): Listing {
    const doubts = [doubt, doubtAbout(end, this.#printed), this.#doubtAboutLines(rest)].filter(
      (why) => why !== undefined,
    );
    for (const name of this.#contradicted) this.#entries.delete(name);
    if (this.#unparsed > QUOTED_LINES) {
      this.#problem('unparsed', `and ${this.#unparsed - QUOTED_LINES} more lines of the listing were not understood`);
    }
    if (this.#badNames > QUOTED_NAMES) {
      this.#problem('name', `and ${this.#badNames - QUOTED_NAMES} more names in it cannot be carried`);
    }
    const listing = {
      directory: this.#options.directory,
      entries: [...this.#entries.values()],
      problems: this.#problems,
    };
    return doubts.length === 0 ? listing : { ...listing, incomplete: doubts.join('; ') };
  }

  #doubtAboutLines(rest: string): string | undefined {
    if (rest !== '') return `the last line was cut off: '${cut(rest)}'`;
    if (this.#unparsed > 0) {
      return `${this.#unparsed === 1 ? 'a line' : `${this.#unparsed} lines`} of the listing could not be understood`;
    }
    if (this.#repeated > 0)
      return `${this.#repeated === 1 ? 'a name' : `${this.#repeated} names`} appeared more than once`;
    // A name with a line break in it looks like two lines, and the second may look like an entry that is not there.
    if (this.#crlf > 0 && this.#lf > 0) return 'its lines end in different ways, so one of them may be part of a name';
    return undefined;
  }

  #add(seen: Seen): void {
    const { directory, codec } = this.#options;
    let name: string;
    try {
      name = codec.decode(seen.name);
    } catch (error) {
      if (!(error instanceof NameError)) throw error;
      this.#noteName(error.message);
      return;
    }
    const fault = segmentFault(name);
    if (fault !== undefined) {
      this.#noteName(`it lists the name '${cut(name)}', which cannot be carried: ${fault}`);
      return;
    }
    const { kind, size, mtime, precision, zoned, stamps, mode } = seen;
    const facts = { path: joinPath(directory, name), kind, size, mtime, precision, zoned, stamps };
    const entry: Entry = mode === undefined ? facts : { ...facts, mode };
    const before = this.#entries.get(name);
    if (before === undefined) this.#entries.set(name, entry);
    else this.#noteRepeated(name, before, entry);
  }

  /** Two lines that agree are one thing listed twice; of two that do not, neither is believed. */
  #noteRepeated(name: string, before: Entry, entry: Entry): void {
    this.#repeated += 1;
    if (before.kind !== entry.kind || before.size !== entry.size || before.mtime !== entry.mtime)
      this.#contradicted.add(name);
    this.#noteName(`it lists the name '${cut(name)}' more than once`);
  }

  #noteName(message: string): void {
    this.#badNames += 1;
    if (this.#badNames <= QUOTED_NAMES) this.#problem('name', message);
  }

  #noteUnparsed(line: string): void {
    this.#unparsed += 1;
    if (this.#unparsed <= QUOTED_LINES)
      this.#problem('unparsed', `a line of its listing was not understood: '${cut(line)}'`);
  }

  #problem(code: Problem['code'], message: string): void {
    this.#problems.push({ path: this.#options.directory, side: 'remote', code, message });
  }
}

function cut(text: string): string {
  return printable(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);
}
