/** A file that is complete on the server under its temporary name, and waits there for the rest of its release. */
import { outcomeOver } from '../diff/index.ts';
import {
  type Agreement,
  type Fingerprint,
  type Lane,
  type Memory,
  MismatchError,
  type RelPath,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import type { TemporaryStyle } from '../model/temporary.ts';
import type { Warning } from './context.ts';
import { dressed } from './dressed.ts';
import { sameVersion } from './same-version.ts';
import { publish } from './swap.ts';
import { tentatively } from './tentative.ts';

export interface Staged {
  readonly action: TransferAction;
  readonly attempt: number;
  /** Bytes that were sent. */
  readonly bytes: number;
  readonly resumedFrom: number | undefined;
  readonly temporary: RelPath;
  readonly target: RelPath;
  /** What its time is to be, in ms since the epoch, UTC; null: whatever the server gave it. */
  readonly mtime: number | null;
  /** What is agreed on once it is renamed; `remote` is what the server holds of it. */
  readonly agreement: Agreement;
}

/** Gives it the time of its source. Resolves with what it is then. @throws MismatchError where it is not whole any more. */
export async function dressStaged(lane: Lane, staged: Staged, warning: Warning): Promise<Staged> {
  const { temporary, mtime, agreement } = staged;
  if (mtime === null) return staged;
  const [, held] = await Promise.all([
    dressed(warning, lane.setModified(temporary, mtime), 'times'),
    lane.inspect(temporary),
  ]);
  const { size } = agreement.remote;
  if (held.size !== null && held.size !== size) {
    throw new MismatchError(`the server holds ${held.size} of its ${size} bytes by now; run again`);
  }
  return { ...staged, agreement: { ...agreement, remote: { size, stamps: held.stamps } } };
}

/** What is under a final name when a release is published: what the plan saw, nothing, or this very file. */
export function isExpectedUnder({ action, agreement }: Staged, there: Fingerprint | null): boolean {
  if (there === null || sameVersion(there, agreement.remote)) return true;
  return action.replaces !== null && sameVersion(there, action.replaces);
}

export interface PlaceOptions {
  readonly style: TemporaryStyle;
  readonly keep?: RelPath | undefined;
  readonly unkept: (error: Error) => void;
  /** Whether an earlier attempt may have done it, and its reply was lost. */
  readonly again: boolean;
}

/** Renames it to its final name. All commands are on their way before the first reply is waited for, but in `again`. */
export async function placeStaged(lane: Lane, memory: Memory, staged: Staged, options: PlaceOptions): Promise<void> {
  const { temporary, target, action, agreement } = staged;
  let old = action.replaces;
  if (options.again) {
    const [held, there] = await Promise.all([lane.find(temporary), lane.find(target)]);
    const found = there && { size: there.size ?? 0, stamps: there.stamps };
    if (held === null && found && sameVersion(found, agreement.remote)) return;
    if (!isExpectedUnder(staged, found)) throw new StaleError('it changed on the server since it was listed');
    old = found;
  }
  // What an earlier attempt put there is no old version.
  const keep = old && action.replaces && sameVersion(old, action.replaces) ? options.keep : undefined;
  await tentatively(memory, { path: action.path, name: target, outcome: outcomeOver(agreement, old) }, () =>
    publish(lane, memory, temporary, target, old, { ...options, keep }),
  );
}
