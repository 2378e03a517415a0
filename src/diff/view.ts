/** What is known about one directory: the unit that decisions are made on, so that memory stays flat on any tree. */
import type { Agreement, Listing, RelPath, Side } from '../model/index.ts';
import type { Scope } from './scope.ts';

export interface View {
  /** The name on the source side; in a sync, on the local side. */
  readonly directory: RelPath;
  /** The name on the destination (in a sync: remote) side, where it is another: in Unicode form, or in case. */
  readonly alias?: RelPath;
  /**
   * Null: that side has no such directory, known for certain unless it is `unseen`. A directory that could not be read is
   * never null but a listing that says `incomplete`.
   */
  readonly local: Listing | null;
  readonly remote: Listing | null;
  /** The side whose listing above was cut off: it may have this directory, with anything in it. */
  readonly unseen?: Side;
  /** What is remembered of the direct children. */
  readonly baseline: readonly Agreement[];
  /** The names that this is about; everything where there is none. */
  readonly scope?: Scope;
}

/** The view without what its scope leaves out. What a listing says of the directory itself stays. */
export function scoped(view: View): View {
  const { scope, baseline } = view;
  if (!scope) return view;
  const within = (listing: Listing | null): Listing | null =>
    listing && {
      ...listing,
      entries: listing.entries.filter(({ path }) => scope.covers(path)),
      problems: listing.problems.filter(({ path }) => path === listing.directory || scope.covers(path)),
    };
  return {
    ...view,
    local: within(view.local),
    remote: within(view.remote),
    baseline: baseline.filter(({ path }) => scope.covers(path)),
  };
}
