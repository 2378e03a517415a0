/** What holds for every name of the directory that is being decided. */
import type { Direction, Entry, RelPath, Side } from '../model/index.ts';
import type { CompareMode } from './compare.ts';
import type { Filter } from './filter.ts';
import type { Slot } from './slot.ts';

export interface DecideOptions {
  readonly direction: Direction;
  readonly compare: CompareMode;
  readonly delete: 'none' | 'tracked' | 'all';
  readonly drift: 'overwrite' | 'keep' | 'fail';
  readonly conflict: 'keep-both' | 'newer' | 'local' | 'remote' | 'fail';
  /** Whether two names that differ only in case are one file on the local side. */
  readonly foldsCase: boolean;
  /** Whether content can be compared without a transfer (the server can hash). */
  readonly canHash: boolean;
  /** Whether the server can be asked for one file's time (MLST or MDTM). */
  readonly canAskTime: boolean;
  /** Which files are texts, whose sizes say nothing where they differ; none unless said. */
  readonly isText?: (path: RelPath) => boolean;
  readonly links: 'skip' | 'follow';
  /** The local file that filters are read from: no pull deletes it, as the next one would then delete what they keep. */
  readonly rules?: RelPath;
  /** UTC time as text, for the names that `keep-both` gives; without it such conflicts stay unsettled. */
  readonly conflictStamp?: string;
}

export interface Context {
  readonly filter: Filter;
  readonly options: DecideOptions;
  /** What is not seen on that side may exist all the same. */
  readonly unseen: Readonly<Record<Side, boolean>>;
  /**
   * That side has a name which cannot be carried: what looks like a stranger on the other side may be its counterpart.
   */
  readonly strange: Readonly<Record<Side, boolean>>;
  /** Every name that is in use on either side. */
  readonly taken: () => ReadonlySet<string>;
}

/** Nothing is deleted unless both listings are complete. */
export function mayDelete(context: Context): boolean {
  return !context.unseen.local && !context.unseen.remote;
}

/** A link, a device, a socket: never carried, never written over, never deleted. */
export function isSpecial(entry: Entry | null): boolean {
  return entry !== null && entry.kind !== 'file' && entry.kind !== 'directory';
}

/** What was agreed about the slot as a file. */
export function agreedFile(slot: Slot): Slot['agreed'] {
  return slot.agreed?.kind === 'file' ? slot.agreed : undefined;
}
