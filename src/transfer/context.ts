/** What every transfer of a run shares. */
import { createHash } from 'node:crypto';
import { nameOn } from '../diff/index.ts';
import type {
  Direction,
  Fingerprint,
  Local,
  Memory,
  RelPath,
  Remote,
  TemporaryStyle,
  TransferAction,
} from '../model/index.ts';

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
  /** How this server takes temporary names; learnt as the run goes. */
  readonly naming: { style: TemporaryStyle | 'in place' };
  /** Whether a source that is no longer what the plan saw is refused (a saved plan) or taken as it is now. */
  readonly strict: boolean;
}

/** Transfers above this many bytes leave a checkpoint and can be resumed by a later run. */
export const RESUMABLE = 1024 * 1024;

/** Eight hexadecimal digits that stand for one version of one file. */
export function tagOf(source: Fingerprint): string {
  const stamps = Object.entries(source.stamps).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([source.size, stamps]))
    .digest('hex')
    .slice(0, 8);
}

/** What a file is called on each side: the names may differ in their Unicode normalisation. */
export function namesOf(context: TransferContext, action: TransferAction): { local: RelPath; remote: RelPath } {
  const { direction } = context;
  return { local: nameOn('local', direction, action), remote: nameOn('remote', direction, action) };
}
