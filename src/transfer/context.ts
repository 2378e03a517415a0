/** What every transfer of a run shares. */
import { createHash } from 'node:crypto';
import { nameOn } from '../diff/index.ts';
import type {
  Agreement,
  Direction,
  Fingerprint,
  Lane,
  Local,
  Memory,
  RelPath,
  Remote,
  TemporaryStyle,
  TransferAction,
} from '../model/index.ts';

/** How files can be named on a server while they are not complete. */
export interface Naming {
  /** The kind of temporary name that was seen to work, or is tried first. */
  style: TemporaryStyle;
  /** No kind of temporary name works: new files are begun under their final names. */
  inPlace: boolean;
  /** What was warned of already. */
  readonly warned: Set<string>;
}

/** What the attempts at one transfer know of each other. */
export interface Course {
  /** 1 for the first attempt. */
  attempt: number;
  /** The farthest offset in bytes that an attempt went on from: what is won for good. */
  farthest: number;
  /** What a rename whose reply is not there yet puts under the final name, and the version of the source that it is of. */
  placing?: { readonly source: Fingerprint; readonly placed: Fingerprint };
  /** Temporary files of versions that are no more, still to be taken away. */
  readonly outdated: Set<RelPath>;
}

export const newCourse = (): Course => ({ attempt: 1, farthest: 0, outdated: new Set() });
export const newNaming = (): Naming => ({ style: 'hidden', inPlace: false, warned: new Set() });

export interface TransferContext {
  readonly direction: Direction;
  readonly local: Local;
  readonly remote: Remote;
  readonly memory: Memory;
  readonly signal: AbortSignal;
  /** Asks for leave to move so many bytes, where a rate is set. */
  readonly pace?: (bytes: number, signal?: AbortSignal) => Promise<void> | void;
  /** Counts bytes as they move. */
  readonly moved: (side: 'sent' | 'received', bytes: number) => void;
  readonly warn: (message: string) => void;
  /** What this server has shown to take; learnt as the run goes. */
  readonly naming: Naming;
  /** The permission bits that a copy gets; undefined: none are set. */
  readonly modeOf: (action: TransferAction) => number | undefined;
  /** Whether a path is a text, whose line ends become those of the side that it goes to. */
  readonly isText: (path: RelPath) => boolean;
  /**
   * Sets temporary names apart from those of others that carry the same files, on either side. What they are to be resumed
   * by has to be the same in the next run.
   */
  readonly salt?: string;
  /** Whether files wait, complete under temporary names, until all are there: then none is begun in place. */
  readonly staged?: boolean;
  /** Where the old version of a file on the server is kept, as it is replaced; undefined: nowhere. */
  readonly keep?: (path: RelPath) => RelPath;
  /** Whether a source that is no longer what the plan saw is refused (a saved plan) or taken as it is now. */
  readonly strict: boolean;
}

/**
 * Up to this many bytes a file's content is hashed on its way, to be remembered.
 * LIMIT: hashing would cost a larger one more time than sending it; if only its time changes, it is sent again.
 */
const HASHED = 256 * 1024 * 1024;

/** Transfers above this many bytes leave a checkpoint and can be resumed by a later run. */
export const RESUMABLE = 1024 * 1024;

/** Whether a content's hash is taken on its way. Where it is all that tells versions apart, always. */
export function isHashed({ memory }: Pick<TransferContext, 'memory'>, size: number): boolean {
  return memory.travels || size <= HASHED;
}

/** Eight hexadecimal digits that stand for one version of one file; in every checkout the same where its hash is known. */
export function tagOf(source: Fingerprint, salt?: string): string {
  const { sha256 } = source.stamps;
  const stamps =
    sha256 === undefined ? Object.entries(source.stamps).sort(([a], [b]) => (a < b ? -1 : 1)) : [['sha256', sha256]];
  return createHash('sha256')
    .update(JSON.stringify(salt === undefined ? [source.size, stamps] : [source.size, stamps, salt]))
    .digest('hex')
    .slice(0, 8);
}

/** What a file is called on each side: the names may differ in their Unicode form, or in case. */
export function namesOf(context: TransferContext, action: TransferAction): { local: RelPath; remote: RelPath } {
  const { direction } = context;
  return { local: nameOn('local', direction, action), remote: nameOn('remote', direction, action) };
}

/** One attempt at moving one file, in either direction. */
export interface Transfer {
  readonly action: TransferAction;
  /** 1 for the first. */
  readonly attempt: number;
  /** Bytes that this attempt moved. */
  readonly bytes: number;
  /** Offset in bytes at which it went on, where it did not begin anew. */
  readonly resumedFrom: number | undefined;
  /** Moves the bytes to the temporary file. The lane may be given back as soon as this resolves. */
  move(lane: Lane): Promise<void>;
  /** Verifies, stamps and renames; call once. Resolves with what is now agreed, which the caller remembers. */
  publish(): Promise<Agreement>;
  /** Takes the temporary file away. */
  discard(): Promise<void>;
  /** Ends the attempt; what can be taken up again is kept. */
  close(): Promise<void>;
}

/** What a warning that is said once needs. */
export type Warning = Pick<TransferContext, 'naming' | 'warn'>;

/** Says something once a run, whichever file it is met with. */
export function warnOnce({ naming, warn }: Warning, message: string, about = message): void {
  if (!naming.warned.has(about)) warn(message);
  naming.warned.add(about);
}
