/** Gathers what the lines of one listing say, so that no line is lost: each becomes an entry, a Problem, or is noise. */
import { type Entry, joinPath, type Listing, NameError, type RelPath, segmentFault } from '../../model/index.ts';
import type { NameCodec } from '../encoding.ts';
import type { LineEnd, LineSink } from './lines.ts';
import { ListingProblems, quote } from './problems.ts';
import type { LineReader, Seen } from './seen.ts';
import { doubtAbout, type EndOfListing } from './trust.ts';

export interface CollectorOptions {
  readonly directory: RelPath;
  readonly codec: NameCodec;
  readonly read: LineReader;
  /** Whether a line that is no entry means nothing. @param first nothing but such lines came before it */
  readonly isNoise: (line: string, first: boolean) => boolean;
}

export class Collector implements LineSink {
  /** Whether the directory itself was among the lines. */
  listedItself = false;
  readonly #options: CollectorOptions;
  readonly #problems: ListingProblems;
  readonly #entries: Entry[] = [];
  readonly #names = new Set<string>();
  /** Entries whose name had been listed before. */
  readonly #repeated: Entry[] = [];
  /** Entries of lines that end in LF alone, or follow such a line. */
  readonly #loose: Entry[] = [];
  /** Lines that were not noise: what a server that counts has counted. */
  #printed = 0;
  #crlf = false;
  #lf = false;
  #before: LineEnd = 'crlf';

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#problems = new ListingProblems(options.directory);
  }

  line(text: string, end: LineEnd): void {
    const seen = text === '' ? undefined : this.#options.read(text);
    const noise = seen === undefined && this.#options.isNoise(text, this.#printed === 0);
    // What comes before the first entry may be another program's, with other line ends.
    if (noise && this.#printed === 0) return;
    const loose = end === 'lf' || this.#before === 'lf';
    this.#before = end;
    if (end === 'lf') this.#lf = true;
    else this.#crlf = true;
    if (noise) return;
    this.#printed += 1;
    if (seen === undefined) this.#problems.line(text);
    else if (seen.role === 'self') this.listedItself = true;
    else if (seen.role === 'entry') this.#add(seen, loose, text);
  }

  overlong(beginning: string): void {
    this.#printed += 1;
    this.#problems.line(beginning);
  }

  /**
   * @param rest what followed the last line end
   * @param doubt a reason of the caller's why entries may be missing
   */
  finish(end: EndOfListing, rest: string, doubt?: string): Listing {
    const entries = this.#believable();
    const doubts = [doubt, doubtAbout(end, this.#printed), this.#doubtAboutLines(rest)].filter(
      (why) => why !== undefined,
    );
    const listing = { directory: this.#options.directory, entries, problems: this.#problems.all() };
    return doubts.length === 0 ? listing : { ...listing, incomplete: doubts.join('; ') };
  }

  #doubtAboutLines(rest: string): string | undefined {
    const { unparsed } = this.#problems;
    const repeated = this.#repeated.length;
    if (rest !== '') return `its last line was cut off: ${quote(rest)}`;
    if (unparsed > 0) return `${counted(unparsed, 'line')} of it could not be understood`;
    if (repeated > 0) return `${counted(repeated, 'name')} came up again`;
    if (this.#mixed) return 'its lines end in different ways, so that one of them may be a piece of a name';
    return undefined;
  }

  #add(seen: Seen, loose: boolean, line: string): void {
    const { directory, codec } = this.#options;
    let name: string;
    try {
      name = codec.decode(seen.name);
    } catch (error) {
      if (!(error instanceof NameError)) throw error;
      this.#problems.name(error.message);
      return;
    }
    const fault = segmentFault(name);
    if (fault !== undefined) {
      if (this.#swallows(line)) {
        this.#problems.line(line);
        return;
      }
      this.#problems.name(`it lists the name ${quote(name)}, which cannot be used: ${fault}`);
      return;
    }
    const { kind, size, mtime, precision, zoned, stamps, mode } = seen;
    const path = joinPath(directory, name);
    const entry: Entry =
      mode === undefined
        ? { path, kind, size, mtime, precision, zoned, stamps }
        : { path, kind, size, mtime, precision, zoned, stamps, mode };
    const known = this.#names.size;
    this.#names.add(name);
    if (this.#names.size === known) {
      this.#repeated.push(entry);
      this.#problems.name(`it lists the name ${quote(name)} more than once`);
      return;
    }
    this.#entries.push(entry);
    if (loose) this.#loose.push(entry);
  }

  /** Whether what follows a CR in a line is an entry of its own: then the line does not end where it seemed to. */
  #swallows(line: string): boolean {
    const pieces = line.split('\r').slice(1);
    return pieces.some((piece) => this.#options.read(piece) !== undefined);
  }

  /** A name with a line break in it looks like two lines, which may both look like entries that are not there. */
  get #mixed(): boolean {
    return this.#crlf && this.#lf;
  }

  /** Without the entries that other lines contradict. */
  #believable(): readonly Entry[] {
    const doubted = new Set<RelPath>();
    if (this.#repeated.length > 0) {
      const first = new Map(this.#entries.map((entry) => [entry.path, entry]));
      for (const { path, kind, size, mtime } of this.#repeated) {
        const other = first.get(path)!;
        if (kind !== other.kind || size !== other.size || mtime !== other.mtime) doubted.add(path);
      }
    }
    if (this.#mixed) {
      for (const { path } of this.#loose) {
        doubted.add(path);
        this.#problems.name(`it lists ${quote(path)}, which may be a piece of a name with a line break in it`);
      }
    }
    return doubted.size === 0 ? this.#entries : this.#entries.filter((entry) => !doubted.has(entry.path));
  }
}

function counted(count: number, noun: string): string {
  return count === 1 ? `a ${noun}` : `${count} ${noun}s`;
}
