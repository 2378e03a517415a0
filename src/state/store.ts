/** The embedded key-value store under a job's memory: opening it, checking that it is whole, reading and writing. */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { LockError, StateError } from '../model/index.ts';
import { FORMAT_KEY, type Range, RECORDS, SESSION_KEY } from './keys.ts';
import { FORMAT, type Marker, readMarker, writeMarker } from './marker.ts';
import { noRights } from './rights.ts';
import { noRoom } from './room.ts';

/** The store's folder inside a job's folder. */
export const STORE = 'baseline';

const READ_AHEAD = { highWaterMarkBytes: 512 * 1024 };
const AT_ONCE = 2000;

export type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/**
 * Opens the store in a job's folder, or makes it. Rejects with a LockError where another process has it open, with a
 * StateError where it exists and cannot be trusted.
 */
export async function openStore(directory: string): Promise<Store> {
  try {
    await mkdir(join(directory, STORE), { recursive: true, mode: 0o700 });
    const marker = await readMarker(directory);
    requireKnownFormat(marker?.format);
    const level = await openLevel(directory, marker === undefined);
    try {
      await makePrivate(directory);
      const store = new Store(directory, level, await vouch(directory, level, marker));
      await store.requireWhole();
      return store;
    } catch (error) {
      await level.close();
      throw error;
    }
  } catch (error) {
    throw stateError(error, directory);
  }
}

/** Says of any failure what it means for the remembered state and what to do. */
export function stateError(error: unknown, directory: string): Error {
  if (error instanceof LockError || (error instanceof StateError && error.message.includes(directory))) return error;
  const cause = (error as { cause?: { code?: string; message?: string } }).cause ?? (error as { code?: string });
  if (cause.code === 'LEVEL_LOCKED') {
    return new LockError(`the remembered state in ${directory} is in use by another run; wait for it to end`);
  }
  const refused = noRoom(cause, directory) ?? noRights(cause, directory);
  if (refused) return refused;
  const why = (cause as { message?: string }).message ?? String(error);
  return new StateError(
    `the remembered state in ${directory} cannot be used (${why}). Nothing was changed. ` +
      'Move that folder away, or run with --adopt to learn the present agreement anew',
    { cause: error },
  );
}

function requireKnownFormat(format: number | undefined): void {
  if (format !== undefined && format !== FORMAT) {
    throw new StateError(`it was written by another version of Ferry, as format ${format}: this one knows ${FORMAT}`);
  }
}

// A store that nothing vouches for never held a record: what a kill or a power cut left of it is made anew.
async function openLevel(directory: string, unvouched: boolean): Promise<ClassicLevel> {
  const location = join(directory, STORE);
  const level = new ClassicLevel(location);
  try {
    await level.open({ createIfMissing: unvouched });
    return level;
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code;
    if (!unvouched || code === 'LEVEL_LOCKED' || (await holdsData(location))) throw error;
  }
  await rm(location, { recursive: true });
  await mkdir(location, { mode: 0o700 });
  const fresh = new ClassicLevel(location);
  await fresh.open();
  return fresh;
}

async function holdsData(location: string): Promise<boolean> {
  for (const name of await readdir(location)) {
    if (name.endsWith('.ldb')) return true;
    if (name.endsWith('.log') && (await stat(join(location, name))).size > 0) return true;
  }
  return false;
}

/** Checks the store against its marker, or writes the first one. */
async function vouch(directory: string, level: ClassicLevel, marker: Marker | undefined): Promise<Marker> {
  const format = await level.get(FORMAT_KEY);
  const session = await level.get(SESSION_KEY);
  if (format !== undefined) requireKnownFormat(Number(format));
  if (marker) {
    if (format === undefined || Number(session) < marker.session) {
      throw new StateError('records are missing from it');
    }
    // A kill between the two writes of `begin` leaves the store one session ahead: nothing is counted then.
    return Number(session) === marker.session ? marker : { ...marker, session: Number(session), records: null };
  }
  const first: Marker = { format: FORMAT, session: Number(session ?? 1), records: null };
  const operations: Operation[] = [
    { type: 'put', key: FORMAT_KEY, value: String(FORMAT) },
    { type: 'put', key: SESSION_KEY, value: String(first.session) },
  ];
  await level.batch(operations, { sync: true });
  await writeMarker(directory, first);
  return first;
}

// The folders keep strangers out; the files say so too.
async function makePrivate(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const location = join(directory, STORE);
  await chmod(directory, 0o700);
  await chmod(location, 0o700);
  for (const name of await readdir(location)) await chmod(join(location, name), 0o600).catch(() => {});
}

export class Store {
  readonly directory: string;
  readonly #level: ClassicLevel;
  #marker: Marker;
  #begun: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(directory: string, level: ClassicLevel, marker: Marker) {
    this.directory = directory;
    this.#level = level;
    this.#marker = marker;
  }

  /** Rejects with a StateError if there are more or fewer records than when it was last closed. */
  async requireWhole(): Promise<void> {
    const { records } = this.#marker;
    if (records === null) return;
    const found = await this.#countRecords();
    if (found !== records) throw new StateError(`it holds ${found} records where ${records} were written`);
  }

  async get(key: string): Promise<string | undefined> {
    return this.#level.get(key);
  }

  /** All of a range, in key order. */
  async read(range: Range): Promise<[key: string, value: string][]> {
    return this.#level.iterator({ gt: range.after, lt: range.before, ...READ_AHEAD }).all();
  }

  /** A range as it is now, in key order and in bounded memory. */
  async *iterate(range: Range): AsyncGenerator<[key: string, value: string]> {
    const iterator = this.#level.iterator({ gt: range.after, lt: range.before, ...READ_AHEAD });
    try {
      for (;;) {
        const some = await iterator.nextv(AT_ONCE);
        if (some.length === 0) return;
        yield* some;
      }
    } finally {
      await iterator.close();
    }
  }

  /** Writes all or nothing. Survives a kill of the process; with `sync` a power cut too, with all written before. */
  async write(operations: Operation[], sync: boolean): Promise<void> {
    this.#begun ??= this.#begin().catch((error) => {
      this.#begun = undefined; // a full disk may have room again
      throw error;
    });
    await this.#begun;
    await this.#level.batch(operations, { sync });
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#seal().finally(() => this.#level.close());
    return this.#closing;
  }

  async #seal(): Promise<void> {
    if (!this.#begun) return;
    await this.#begun;
    const records = await this.#countRecords();
    // All that is counted must be on the disk before the marker says so.
    await this.#level.batch([{ type: 'put', key: SESSION_KEY, value: String(this.#marker.session) }], { sync: true });
    await writeMarker(this.directory, { ...this.#marker, records });
    await makePrivate(this.directory);
  }

  // The number goes to the store first: should it be the only one to get there, the store is ahead and not behind.
  async #begin(): Promise<void> {
    const session = this.#marker.session + 1;
    await this.#level.batch([{ type: 'put', key: SESSION_KEY, value: String(session) }], { sync: true });
    this.#marker = { format: FORMAT, session, records: null };
    await writeMarker(this.directory, this.#marker);
  }

  async #countRecords(): Promise<number> {
    let count = 0;
    for (const { after, before } of RECORDS) {
      const keys = this.#level.keys({ gt: after, lt: before, ...READ_AHEAD });
      try {
        for (let some: string[]; (some = await keys.nextv(AT_ONCE)).length > 0; ) count += some.length;
      } finally {
        await keys.close();
      }
    }
    return count;
  }
}
