/**
 * The state of a job as one compressed file: a line that says what it is, a line for each record, and a line that says
 * that this was all. No line holds a name. What was cut short or altered on its way does not read (gzip's CRC-32, and
 * the last line).
 */
import { once } from 'node:events';
import { createGunzip, createGzip } from 'node:zlib';
import { StateError } from '../../model/index.ts';

/** The way records are written, as this version writes it. */
const FORMAT = 1;
const LARGEST_HELPING = 64 * 1024;

/** Everything that is remembered. */
export interface State {
  readonly salt: string;
  /** Whether anything was ever agreed on. */
  readonly agreed: boolean;
  /** By hidden directory, then by hidden path: an agreement as JSON, see `codec`. */
  readonly directories: Map<string, Map<string, string>>;
  /** Unfinished transfers, by hidden `direction path`: JSON, see `codec`. */
  readonly unfinished: Map<string, string>;
  readonly notes: Map<string, unknown>;
}

interface Head {
  readonly ferry: 'state';
  readonly format: number;
  readonly salt: string;
  readonly agreed: boolean;
}

/** The file's bytes; compressed as it is written, so that only the compressed form is ever held as a whole. */
export async function writeState(state: State): Promise<Buffer> {
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = once(gzip, 'end');
  let helping = '';
  for (const line of linesOf(state)) {
    helping += `${line}\n`;
    if (helping.length < LARGEST_HELPING) continue;
    if (!gzip.write(helping)) await once(gzip, 'drain');
    helping = '';
  }
  gzip.end(helping);
  await ended;
  return Buffer.concat(pieces);
}

function* linesOf({ salt, agreed, directories, unfinished, notes }: State): Generator<string> {
  let count = 0;
  yield JSON.stringify({ ferry: 'state', format: FORMAT, salt, agreed } satisfies Head);
  for (const [directory, records] of directories) {
    if (records.size === 0) continue;
    yield `d${directory}`;
    for (const [key, record] of records) {
      count++;
      yield `a${key}${record}`;
    }
  }
  for (const [key, record] of unfinished) {
    count++;
    yield `u${key}${record}`;
  }
  for (const [key, value] of notes) {
    count++;
    yield `n${JSON.stringify([key, value])}`;
  }
  yield `end ${count}`;
}

/** @throws StateError where it is not exactly what {@link writeState} wrote. */
export async function readState(bytes: Uint8Array): Promise<State> {
  const reader = new Reader();
  const gunzip = createGunzip();
  const read = (async () => {
    let rest = '';
    for await (const piece of gunzip.setEncoding('utf8')) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      for (const line of lines) reader.take(line);
    }
    if (rest !== '') throw new StateError('its last line is cut short');
  })();
  // Written in one go: it is in memory anyway.
  gunzip.end(bytes);
  try {
    await read;
  } catch (error) {
    if (error instanceof StateError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StateError(code === 'Z_BUF_ERROR' ? 'it is cut short' : `it is damaged: ${message}`, { cause: error });
  }
  return reader.state();
}

/** How long a hidden name is. */
const KEY = 22;

class Reader {
  #head: Head | undefined;
  #ended = false;
  #count = 0;
  #directory: Map<string, string> | undefined;
  readonly #directories = new Map<string, Map<string, string>>();
  readonly #unfinished = new Map<string, string>();
  readonly #notes = new Map<string, unknown>();

  take(line: string): void {
    if (this.#ended) throw new StateError('something follows its end');
    if (!this.#head) {
      this.#head = headOf(line);
      return;
    }
    const key = line.slice(1, 1 + KEY);
    const rest = line.slice(1 + KEY);
    if (line[0] === 'd' && line.length === 1 + KEY) {
      this.#directories.set(key, (this.#directory = new Map()));
      return;
    }
    if (line.startsWith('end ')) {
      if (line !== `end ${this.#count}`) throw new StateError('records are missing from it');
      this.#ended = true;
      return;
    }
    this.#count++;
    if (line[0] === 'a' && this.#directory && rest.startsWith('[')) this.#directory.set(key, rest);
    else if (line[0] === 'u' && rest.startsWith('[')) this.#unfinished.set(key, rest);
    else if (line[0] === 'n') this.#notes.set(...(JSON.parse(line.slice(1)) as [string, unknown]));
    else throw new StateError('a line of it cannot be understood');
  }

  state(): State {
    if (!this.#head || !this.#ended) throw new StateError('its end is missing');
    const { salt, agreed } = this.#head;
    return { salt, agreed, directories: this.#directories, unfinished: this.#unfinished, notes: this.#notes };
  }
}

function headOf(line: string): Head {
  let head: Partial<Head> | null = null;
  try {
    head = JSON.parse(line) as Partial<Head>;
  } catch {
    // What is said below is all that can be said.
  }
  if (head?.ferry !== 'state' || typeof head.format !== 'number') throw new StateError('it is no state of Ferry');
  if (head.format !== FORMAT) {
    throw new StateError(
      `it was written by another version of Ferry, as format ${head.format}: this one knows ${FORMAT}`,
    );
  }
  if (typeof head.salt !== 'string') throw new StateError('it is no state of Ferry');
  return { ferry: 'state', format: FORMAT, salt: head.salt, agreed: head.agreed === true };
}
