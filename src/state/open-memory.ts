/** What a job remembers, on the disk: the port `Memory` over the embedded store. */
import type { Agreement, Checkpoint, Memory, PendingSwap, RelPath, Tentative } from '../model/index.ts';
import { Journal } from './journal.ts';
import {
  AGREED_KEY,
  BASELINE,
  baselineKey,
  CHECKPOINTS,
  checkpointKey,
  childrenOf,
  FLUSHED_KEY,
  noteKey,
  type Range,
  SWAPS,
  swapKey,
  TENTATIVES,
  tentativeKey,
} from './keys.ts';
import { decode, decodeAgreement, encode, encodeAgreement, isFileRecord } from './records.ts';
import { type Operation, openStore, type Store, stateError } from './store.ts';

/**
 * Opens the memory in a job's folder; one that does not exist yet is made. Rejects with a LockError where another
 * process has it open, and with a StateError where it exists and cannot be trusted: it is never taken for empty.
 * Every method rejects with a StateError where the store fails.
 */
export async function openMemory(directory: string): Promise<Memory> {
  const store = await openStore(directory);
  try {
    const tentatives = new Map<RelPath, Tentative>();
    for (const [key, value] of await store.read(TENTATIVES)) {
      const tentative = decode(key, value) as Tentative;
      tentatives.set(tentative.path, tentative);
    }
    return new StoredMemory(store, (await store.get(AGREED_KEY)) === undefined, tentatives);
  } catch (error) {
    await store.close();
    throw stateError(error, directory);
  }
}

class StoredMemory implements Memory {
  readonly travels = false;
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #tentatives: Map<RelPath, Tentative>;
  #empty: boolean;
  #dirty = false;

  constructor(store: Store, empty: boolean, tentatives: Map<RelPath, Tentative>) {
    this.#tentatives = tentatives;
    this.#store = store;
    this.#journal = new Journal(store);
    this.#empty = empty;
  }

  get empty(): boolean {
    return this.#empty;
  }

  async count(): Promise<number> {
    let files = 0;
    for await (const [, value] of this.#iterate(BASELINE)) if (isFileRecord(value)) files++;
    return files;
  }

  get(path: RelPath): Promise<Agreement | undefined> {
    return this.#get(baselineKey(path), decodeAgreement);
  }

  children(directory: RelPath): Promise<readonly Agreement[]> {
    return this.#attempt(async () => {
      await this.#journal.settled();
      const records = await this.#store.read(childrenOf(directory));
      return records.map(([key, value]) => decodeAgreement(key, value));
    });
  }

  async *all(): AsyncGenerator<Agreement> {
    yield* this.#decoded(BASELINE, decodeAgreement);
  }

  async learn(agreement: Agreement): Promise<void> {
    const key = baselineKey(agreement.path);
    const put = { type: 'put', key, value: encodeAgreement(key, agreement) } as const;
    const settled = this.#settling(agreement.path);
    if (!this.#empty) return this.#write(put, ...settled);
    this.#empty = false;
    return this.#write(put, { type: 'put', key: AGREED_KEY, value: '1' }, ...settled);
  }

  forget(path: RelPath): Promise<void> {
    return this.#write({ type: 'del', key: baselineKey(path) }, ...this.#settling(path));
  }

  get tentatives(): ReadonlyMap<RelPath, Tentative> {
    return this.#tentatives;
  }

  propose(tentative: Tentative): Promise<void> {
    this.#tentatives.set(tentative.path, tentative);
    return this.#put(tentativeKey(tentative.path), tentative);
  }

  async withdraw(path: RelPath): Promise<void> {
    await this.#write(...this.#settling(path));
  }

  checkpoint(path: RelPath, direction: 'upload' | 'download'): Promise<Checkpoint | undefined> {
    return this.#get(checkpointKey(path, direction), (key, value) => decode(key, value) as Checkpoint);
  }

  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    return this.#put(checkpointKey(checkpoint.path, checkpoint.direction), checkpoint);
  }

  dropCheckpoint(path: RelPath, direction: 'upload' | 'download'): Promise<void> {
    return this.#write({ type: 'del', key: checkpointKey(path, direction) });
  }

  async *checkpoints(): AsyncGenerator<Checkpoint> {
    yield* this.#decoded(CHECKPOINTS, (key, value) => decode(key, value) as Checkpoint);
  }

  async saveSwap(swap: PendingSwap): Promise<void> {
    await this.#put(swapKey(swap.path), swap);
    await this.flush();
  }

  dropSwap(path: RelPath): Promise<void> {
    return this.#write({ type: 'del', key: swapKey(path) });
  }

  async *swaps(): AsyncGenerator<PendingSwap> {
    yield* this.#decoded(SWAPS, (key, value) => decode(key, value) as PendingSwap);
  }

  getNote(key: string): Promise<unknown> {
    return this.#get(noteKey(key), decode);
  }

  setNote(key: string, value: unknown): Promise<void> {
    if (value === undefined) return this.#write({ type: 'del', key: noteKey(key) });
    return this.#put(noteKey(key), value);
  }

  // LIMIT: a store that just began a new log file syncs that one alone. What a power cut can then take is the last
  // megabytes before it, of a moment; paths that were agreed on are then compared anew.
  async flush(): Promise<void> {
    await this.#journal.settled();
    if (!this.#dirty) return;
    this.#dirty = false;
    const value = new Date().toISOString();
    await this.#attempt(() => this.#store.write([{ type: 'put', key: FLUSHED_KEY, value }], true));
  }

  async close(): Promise<void> {
    await this.#journal.settled();
    await this.#attempt(() => this.#store.close());
  }

  #settling(path: RelPath): Operation[] {
    return this.#tentatives.delete(path) ? [{ type: 'del', key: tentativeKey(path) }] : [];
  }

  #put(key: string, content: unknown): Promise<void> {
    return this.#write({ type: 'put', key, value: encode(key, content) });
  }

  #write(...operations: Parameters<Journal['write']>): Promise<void> {
    this.#dirty = true;
    return this.#attempt(() => this.#journal.write(...operations));
  }

  // Every read waits for what was asked to be written before it.
  #get<T>(key: string, decodeWith: (key: string, value: string) => T): Promise<T | undefined> {
    return this.#attempt(async () => {
      await this.#journal.settled();
      const value = await this.#store.get(key);
      return value === undefined ? undefined : decodeWith(key, value);
    });
  }

  async *#decoded<T>(range: Range, decodeWith: (key: string, value: string) => T): AsyncGenerator<T> {
    for await (const [key, value] of this.#iterate(range)) {
      yield await this.#attempt(async () => decodeWith(key, value));
    }
  }

  async *#iterate(range: Range): AsyncGenerator<[key: string, value: string]> {
    await this.#journal.settled();
    const records = this.#store.iterate(range);
    try {
      yield* records;
    } catch (error) {
      throw stateError(error, this.#store.directory);
    }
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw stateError(error, this.#store.directory);
    }
  }
}
