/**
 * What a job remembers, on the server (`state: remote`): for CI, where nothing local survives. It is read as a whole at
 * the start, kept without names, and written back as it grows, so that a killed run keeps most of what it learnt.
 */
import {
  type Agreement,
  type Checkpoint,
  isTemporary,
  type Memory,
  nameOf,
  type PendingSwap,
  parentOf,
  type RelPath,
  type Remote,
  type Seen,
  type Tentative,
} from '../../model/index.ts';
import { decodeAgreement, decodeUnfinished, encodeAgreement, encodeUnfinished, isDirectory } from './codec.ts';
import { type HideName, hiddenNames, newSalt } from './hidden-names.ts';
import { readState, type State, writeState } from './state-file.ts';
import { StateOnServer } from './state-on-server.ts';

export interface RemoteMemoryOptions {
  /** What tells this job from others that use the same remote folder: its name. */
  readonly job: string;
  readonly warn: (message: string) => void;
  /** Looks, and never writes. */
  readonly readOnly?: boolean;
  /** Begins anew; what was remembered is set aside. */
  readonly adopt?: boolean;
}

/** So many changes (a file is about three), or so long (ms) since the last one, make a save worth its while in a run. */
const CHANGES = 1000;
const PERIOD = 30_000;
/** A save that takes long is not made often: most of the time is for the transfers. */
const SHARE = 10;

/** @throws StateError where a state exists, or may exist, that cannot be read: it is never taken for empty. */
export async function openRemoteMemory(remote: Remote, options: RemoteMemoryOptions): Promise<Memory> {
  const { job, warn, readOnly = false, adopt = false } = options;
  const store = new StateOnServer(remote, job, warn);
  if (adopt && !readOnly) {
    const aside = await store.setAside(new Date());
    if (aside !== undefined) warn(`what was remembered is kept on the server as ${aside}`);
  }
  const bytes = adopt ? undefined : await store.load();
  try {
    const state = bytes === undefined ? newState() : await readState(bytes);
    return new RemoteMemory(state, readOnly ? undefined : (content) => store.save(content));
  } catch (error) {
    throw store.unusable(error);
  }
}

function newState(): State {
  return { salt: newSalt(), agreed: false, directories: new Map(), unfinished: new Map(), notes: new Map() };
}

/** What could be found out about an unfinished transfer whose names were hidden. */
interface Found {
  readonly path?: RelPath;
  readonly temporary?: RelPath;
}

class RemoteMemory implements Memory {
  readonly travels = true;
  readonly #state: State;
  readonly #hide: HideName;
  readonly #save: ((content: Uint8Array) => Promise<void>) | undefined;
  readonly #swaps = new Map<RelPath, PendingSwap>();
  readonly #tentatives = new Map<RelPath, Tentative>();
  readonly #found = new Map<string, Found>();
  /** Those of an earlier run whose temporary files were not seen yet: hidden temporary name to key. */
  readonly #unseen = new Map<string, string>();
  #agreed: boolean;
  #files = 0;
  /** Whether the directories were gone through, so that what was not found is gone. */
  #walked = false;
  #changes = 0;
  #saving: Promise<void> | undefined;
  #savedAt = performance.now();
  #saveTook = 0;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(state: State, save: ((content: Uint8Array) => Promise<void>) | undefined) {
    this.#state = state;
    this.#hide = hiddenNames(state.salt);
    this.#agreed = state.agreed;
    this.#save = save;
    for (const records of state.directories.values()) {
      for (const record of records.values()) if (!isDirectory(record)) this.#files++;
    }
    for (const [key, record] of state.unfinished) this.#unseen.set(decodeUnfinished(record).temporary, key);
    if (save) this.#timer = setInterval(() => this.#saveIfDue(), PERIOD).unref();
  }

  get empty(): boolean {
    return !this.#agreed;
  }

  async count(): Promise<number> {
    return this.#files;
  }

  async get(path: RelPath): Promise<Agreement | undefined> {
    const record = this.#state.directories.get(this.#hide(parentOf(path)))?.get(this.#hide(path));
    return record === undefined ? undefined : decodeAgreement(path, record);
  }

  async children(directory: RelPath, seen?: () => Promise<Seen>): Promise<readonly Agreement[]> {
    if (!seen) return [];
    const { paths, complete } = await seen();
    this.#walked = true;
    if (this.#unseen.size > 0) this.#recognise(paths);
    const hidden = this.#hide(directory);
    const records = this.#state.directories.get(hidden);
    if (!records) return [];
    const agreements: Agreement[] = [];
    const there = new Set<string>();
    for (const path of paths) {
      const key = this.#hide(path);
      const record = records.get(key);
      if (record === undefined || there.has(key)) continue;
      there.add(key);
      agreements.push(decodeAgreement(path, record));
    }
    if (complete && there.size < records.size) {
      for (const key of [...records.keys()]) if (!there.has(key)) this.#drop(records, key);
      this.#changed();
    }
    return agreements;
  }

  async *all(): AsyncGenerator<Agreement> {}

  async learn(agreement: Agreement): Promise<void> {
    const { path } = agreement;
    this.#tentatives.delete(path);
    const directory = this.#hide(parentOf(path));
    let records = this.#state.directories.get(directory);
    if (!records) this.#state.directories.set(directory, (records = new Map()));
    const key = this.#hide(path);
    const before = records.get(key);
    const record = encodeAgreement(agreement);
    if (record === before) return;
    if (before !== undefined && !isDirectory(before)) this.#files--;
    if (agreement.kind === 'file') this.#files++;
    records.set(key, record);
    this.#agreed = true;
    this.#changed();
  }

  async forget(path: RelPath): Promise<void> {
    this.#tentatives.delete(path);
    const records = this.#state.directories.get(this.#hide(parentOf(path)));
    const key = this.#hide(path);
    if (!records?.has(key)) return;
    const record = records.get(key)!;
    records.delete(key);
    if (!isDirectory(record)) this.#files--;
    this.#changed();
  }

  // LIMIT: these do not outlive the run. What the server did unheard before it went for good stays there, unless the same
  // comes from the next checkout.
  get tentatives(): ReadonlyMap<RelPath, Tentative> {
    return this.#tentatives;
  }

  async propose(tentative: Tentative): Promise<void> {
    this.#tentatives.set(tentative.path, tentative);
  }

  async withdraw(path: RelPath): Promise<void> {
    this.#tentatives.delete(path);
  }

  /** With all that is remembered below it. */
  #drop(records: Map<string, string>, key: string): void {
    const record = records.get(key)!;
    records.delete(key);
    if (!isDirectory(record)) {
      this.#files--;
      return;
    }
    const below = this.#state.directories.get(key);
    if (!below) return;
    for (const child of [...below.keys()]) this.#drop(below, child);
    this.#state.directories.delete(key);
  }

  async checkpoint(path: RelPath, direction: 'upload' | 'download'): Promise<Checkpoint | undefined> {
    return this.#checkpointAt(this.#hide(`${direction} ${path}`), path);
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const { path, direction, temporary } = checkpoint;
    const key = this.#hide(`${direction} ${path}`);
    this.#found.set(key, { path, temporary });
    this.#state.unfinished.set(key, encodeUnfinished(checkpoint, this.#hide(temporary)));
    this.#changed();
  }

  async dropCheckpoint(path: RelPath, direction: 'upload' | 'download'): Promise<void> {
    const key = this.#keyOf(path, direction);
    this.#found.delete(key);
    if (this.#state.unfinished.delete(key)) this.#changed();
  }

  async *checkpoints(): AsyncGenerator<Checkpoint> {
    for (const key of [...this.#state.unfinished.keys()]) {
      const checkpoint = this.#checkpointAt(key);
      if (checkpoint) yield checkpoint;
    }
  }

  // These do not outlive the run: what a kill leaves aside is known by its name (sync/mend-asides).
  async saveSwap(swap: PendingSwap): Promise<void> {
    this.#swaps.set(swap.path, swap);
  }

  async dropSwap(path: RelPath): Promise<void> {
    this.#swaps.delete(path);
  }

  async *swaps(): AsyncGenerator<PendingSwap> {
    yield* [...this.#swaps.values()];
  }

  async getNote(key: string): Promise<unknown> {
    return this.#state.notes.get(key);
  }

  async setNote(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#state.notes.delete(key);
    else this.#state.notes.set(key, JSON.parse(JSON.stringify(value)));
    this.#changed();
  }

  async flush(): Promise<void> {
    if (this.#walked) this.#forgetUnfound();
    await this.#saveRest();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saveRest();
  }

  /** Under which key an unfinished transfer is: by its path, or where that is not known by its temporary file. */
  #keyOf(path: RelPath, direction: 'upload' | 'download'): string {
    const key = this.#hide(`${direction} ${path}`);
    if (this.#state.unfinished.has(key)) return key;
    for (const [other, { temporary }] of this.#found) if (temporary === path) return other;
    return key;
  }

  /** Undefined while it is not known what its temporary file is called: it was not seen, so it is gone. */
  #checkpointAt(key: string, known?: RelPath): Checkpoint | undefined {
    const record = this.#state.unfinished.get(key);
    const { path = known, temporary } = this.#found.get(key) ?? {};
    if (record === undefined || temporary === undefined) return undefined;
    const { direction, size, stamps, confirmed } = decodeUnfinished(record);
    return { path: path ?? temporary, direction, source: { size, stamps }, temporary, confirmed };
  }

  /** Finds the names of unfinished transfers among those that were seen. */
  #recognise(paths: readonly RelPath[]): void {
    const { unfinished } = this.#state;
    for (const path of paths) {
      const hidden = this.#hide(path);
      const of = this.#unseen.get(hidden);
      if (of !== undefined) {
        this.#unseen.delete(hidden);
        this.#found.set(of, { ...this.#found.get(of), temporary: path });
      }
      if (isTemporary(nameOf(path))) continue;
      for (const direction of ['upload', 'download']) {
        const key = this.#hide(`${direction} ${path}`);
        if (unfinished.has(key)) this.#found.set(key, { ...this.#found.get(key), path });
      }
    }
  }

  #forgetUnfound(): void {
    for (const key of [...this.#state.unfinished.keys()]) {
      if (this.#found.get(key)?.temporary !== undefined) continue;
      this.#state.unfinished.delete(key);
      this.#changes++;
    }
  }

  #changed(): void {
    this.#changes++;
    if (this.#changes >= CHANGES) this.#saveIfDue();
  }

  /** In the background; what goes wrong here is met again by the save at the end. */
  #saveIfDue(): void {
    if (!this.#save || this.#saving || this.#changes === 0) return;
    const since = performance.now() - this.#savedAt;
    if (since < this.#saveTook * SHARE || (this.#changes < CHANGES && since < PERIOD / 2)) return;
    this.#begin().catch(() => {});
  }

  /** What is not saved yet, once whoever saves now is through: two at a time would write into one another's file. */
  async #saveRest(): Promise<void> {
    while (this.#saving) await this.#saving.catch(() => {});
    if (this.#changes > 0) await this.#begin();
  }

  #begin(): Promise<void> {
    this.#saving = this.#saveNow().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveNow(): Promise<void> {
    if (!this.#save) return;
    const changes = this.#changes;
    const begun = performance.now();
    try {
      await this.#save(await writeState({ ...this.#state, agreed: this.#agreed }));
      this.#changes -= changes;
    } finally {
      this.#savedAt = performance.now();
      this.#saveTook = this.#savedAt - begun;
    }
  }
}
