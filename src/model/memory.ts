/** The port to what a job remembers: the baseline and the checkpoints of unfinished transfers. */
import type { Agreement, Fingerprint } from './entry.ts';
import type { RelPath } from './path.ts';

/** The durable record that lets a transfer go on after a kill. */
export interface Checkpoint {
  readonly path: RelPath;
  readonly direction: 'upload' | 'download';
  /** The source as it was when the transfer began. */
  readonly source: Fingerprint;
  readonly temporary: RelPath;
  /** Bytes known to have arrived. */
  readonly confirmed: number;
}

/** A rename-over in three steps (old aside, new in, old gone) that a crash may have left half-way. */
export interface PendingSwap {
  readonly path: RelPath;
  readonly aside: RelPath;
  readonly temporary: RelPath;
}

/**
 * What will be agreed on about a path once the server has done what it is told: it is journalled before the command is
 * sent, since the reply may be lost, and the path may be another one here by the time that anybody can ask.
 */
export interface Tentative {
  readonly path: RelPath;
  /** The path's name on the server. */
  readonly name: RelPath;
  /** Null: it is removed. */
  readonly outcome: Agreement | null;
  /** When the server was told, in ms since the epoch, UTC. */
  readonly since: number;
}

/** The names that both sides show in a directory, under the paths that the baseline would know them by. */
export interface Seen {
  readonly paths: readonly RelPath[];
  /** Whether nothing else can be there, on either side. */
  readonly complete: boolean;
}

export interface Memory {
  /**
   * Whether what is remembered serves other checkouts than this one. Local time stamps mean nothing there, so that every
   * file's content has to be known by its SHA-256.
   */
  readonly travels: boolean;
  /** Whether anything was ever agreed on. */
  readonly empty: boolean;
  /** How many files the baseline knows. */
  count(): Promise<number>;
  get(path: RelPath): Promise<Agreement | undefined>;
  /**
   * The agreements about what is directly in a directory. A memory that does not know names answers for those that are
   * `seen`, and forgets what is known to be gone from both sides.
   */
  children(directory: RelPath, seen?: () => Promise<Seen>): Promise<readonly Agreement[]>;
  /** Every agreement whose path is known, in key order. */
  all(): AsyncIterable<Agreement>;
  /** Journals one agreement. Durable against a kill of the process at once; against a power cut after {@link flush}. */
  learn(agreement: Agreement): Promise<void>;
  /** Forgets one path. */
  forget(path: RelPath): Promise<void>;
  /** Journals what a command is about to bring about. Whatever is learnt or forgotten about the path takes its place. */
  propose(tentative: Tentative): Promise<void>;
  /** Drops a proposal that the server did not carry out. */
  withdraw(path: RelPath): Promise<void>;
  /** What is under way, or has an outcome that nobody knows. */
  readonly tentatives: ReadonlyMap<RelPath, Tentative>;
  checkpoint(path: RelPath, direction: 'upload' | 'download'): Promise<Checkpoint | undefined>;
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  dropCheckpoint(path: RelPath, direction: 'upload' | 'download'): Promise<void>;
  checkpoints(): AsyncIterable<Checkpoint>;
  /** Durable when it resolves, where a memory on the disk is used. */
  saveSwap(swap: PendingSwap): Promise<void>;
  dropSwap(path: RelPath): Promise<void>;
  swaps(): AsyncIterable<PendingSwap>;
  /** Facts about the server that are worth keeping between runs, as JSON. */
  getNote(key: string): Promise<unknown>;
  setNote(key: string, value: unknown): Promise<void>;
  /** Resolves once all of it is where the next run will look. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
