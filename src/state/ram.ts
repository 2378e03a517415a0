/** A memory that lasts as long as the process: for looking without leaving anything behind, and for tests. */
import type { Agreement, Checkpoint, Memory, PendingSwap, RelPath, Tentative } from '../model/index.ts';
import { nameOf, parentOf } from '../model/index.ts';

/**
 * Keeps what it is told, in no particular order; nothing of it is written anywhere. `onSwaps` gets all swaps under way
 * before each of them begins, and when one is through.
 */
export function memoryInRam(onSwaps: (swaps: readonly PendingSwap[]) => Promise<void> = async () => {}): Memory {
  return new RamMemory(onSwaps);
}

class RamMemory implements Memory {
  readonly travels = false;
  readonly #directories = new Map<RelPath, Map<string, Agreement>>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #swaps = new Map<RelPath, PendingSwap>();
  readonly #tentatives = new Map<RelPath, Tentative>();
  readonly #notes = new Map<string, string>();
  #empty = true;
  readonly #onSwaps: (swaps: readonly PendingSwap[]) => Promise<void>;

  constructor(onSwaps: (swaps: readonly PendingSwap[]) => Promise<void>) {
    this.#onSwaps = onSwaps;
  }

  get empty(): boolean {
    return this.#empty;
  }

  async count(): Promise<number> {
    let files = 0;
    for await (const { kind } of this.all()) if (kind === 'file') files++;
    return files;
  }

  async get(path: RelPath): Promise<Agreement | undefined> {
    return this.#directories.get(parentOf(path))?.get(nameOf(path));
  }

  async children(directory: RelPath): Promise<readonly Agreement[]> {
    return [...(this.#directories.get(directory)?.values() ?? [])].filter(({ path }) => path !== directory);
  }

  async *all(): AsyncGenerator<Agreement> {
    for (const directory of [...this.#directories.values()]) yield* [...directory.values()];
  }

  async learn(agreement: Agreement): Promise<void> {
    const parent = parentOf(agreement.path);
    let directory = this.#directories.get(parent);
    if (!directory) this.#directories.set(parent, (directory = new Map()));
    directory.set(nameOf(agreement.path), agreement);
    this.#tentatives.delete(agreement.path);
    this.#empty = false;
  }

  async forget(path: RelPath): Promise<void> {
    this.#directories.get(parentOf(path))?.delete(nameOf(path));
    this.#tentatives.delete(path);
  }

  get tentatives(): ReadonlyMap<RelPath, Tentative> {
    return this.#tentatives;
  }

  async propose(tentative: Tentative): Promise<void> {
    this.#tentatives.set(tentative.path, tentative);
  }

  async withdraw(path: RelPath): Promise<void> {
    this.#tentatives.delete(path);
  }

  async checkpoint(path: RelPath, direction: 'upload' | 'download'): Promise<Checkpoint | undefined> {
    return this.#checkpoints.get(`${direction} ${path}`);
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    this.#checkpoints.set(`${checkpoint.direction} ${checkpoint.path}`, checkpoint);
  }

  async dropCheckpoint(path: RelPath, direction: 'upload' | 'download'): Promise<void> {
    this.#checkpoints.delete(`${direction} ${path}`);
  }

  async *checkpoints(): AsyncGenerator<Checkpoint> {
    yield* [...this.#checkpoints.values()];
  }

  async saveSwap(swap: PendingSwap): Promise<void> {
    this.#swaps.set(swap.path, swap);
    await this.#onSwaps([...this.#swaps.values()]);
  }

  async dropSwap(path: RelPath): Promise<void> {
    if (this.#swaps.delete(path)) await this.#onSwaps([...this.#swaps.values()]);
  }

  async *swaps(): AsyncGenerator<PendingSwap> {
    yield* [...this.#swaps.values()];
  }

  // As JSON, so that nobody comes to rely on an object that would not survive a real memory.
  async getNote(key: string): Promise<unknown> {
    const json = this.#notes.get(key);
    return json === undefined ? undefined : JSON.parse(json);
  }

  async setNote(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#notes.delete(key);
    else this.#notes.set(key, JSON.stringify(value));
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}
