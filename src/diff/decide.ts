/** Decides one directory: what to do, what was learnt, what to ask, where to go on. Pure: no clock, no I/O. */
import type { Action, Agreement, Conflict, Direction, Problem, RelPath, Side, Untouched } from '../model/index.ts';
import type { Ask, CompareMode, Evidence } from './compare.ts';
import type { Filter } from './filter.ts';
import type { View } from './view.ts';

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
  readonly links: 'skip' | 'follow';
  /** UTC time as text, for the names that `keep-both` gives; without it such conflicts stay unsettled. */
  readonly conflictStamp?: string;
}

/** A directory to look at next. */
export interface Descent {
  /** The name on the source (in a sync: local) side: the next {@link View.directory}. */
  readonly path: RelPath;
  /** The name on the destination (in a sync: remote) side where it differs: the next {@link View.alias}. */
  readonly alias?: RelPath;
  /** On which sides it exists; on neither where only the baseline still knows it (nothing to list then). */
  readonly local: boolean;
  readonly remote: boolean;
}

export interface Decision {
  readonly directory: RelPath;
  readonly alias?: RelPath;
  /** Not yet in order, and removals of directories are provisional: see {@link Collector}. */
  readonly actions: readonly Action[];
  /** To be written to the baseline now: already the same on both sides. */
  readonly learned: readonly Agreement[];
  /** Gone on both sides: to be dropped from the baseline. */
  readonly forgotten: readonly RelPath[];
  /** Those that no rule settled; settled ones are actions. */
  readonly conflicts: readonly Conflict[];
  /** With those of the two listings as far as they are in scope, and one `incomplete` a listing that is. */
  readonly problems: readonly Problem[];
  /** Not empty: everything else here is void. Gather all of it and decide this view again. */
  readonly asks: readonly Ask[];
  readonly descend: readonly Descent[];
  /** Whether something in this directory stays at the destination (in a sync: on either side). */
  readonly holds: boolean;
  /** Whether a listing was incomplete, so that nothing below may be deleted; why. */
  readonly untrusted?: string;
  readonly untouched: Untouched;
  /** Links and special files at the source, left out of scope. */
  readonly links: number;
  /** Files in scope seen here; in a sync the source is the local side. */
  readonly total: { readonly source: number; readonly destination: number };
}

/** The name that something has on one side, given its `path` and `alias`. */
export function nameOn(
  side: Side,
  direction: Direction,
  item: { readonly path: RelPath; readonly alias?: RelPath },
): RelPath {
  const aliased = direction === 'pull' ? 'local' : 'remote';
  return side === aliased ? (item.alias ?? item.path) : item.path;
}

export function decide(_view: View, _filter: Filter, _options: DecideOptions, _evidence: Evidence): Decision {
  throw new Error('not yet');
}
