/** What is known about one directory: the unit that decisions are made on, so that memory stays flat on any tree. */
import type { Agreement, Listing, RelPath } from '../model/index.ts';

export interface View {
  /** The name on the source side; in a sync, on the local side. */
  readonly directory: RelPath;
  /** The name on the destination (in a sync: remote) side, where it differs in its Unicode normalisation. */
  readonly alias?: RelPath;
  /**
   * Null: that side has no such directory, known for certain. A directory that could not be read is never null but a
   * listing that says `incomplete`.
   */
  readonly local: Listing | null;
  readonly remote: Listing | null;
  /** What is remembered of the direct children. */
  readonly baseline: readonly Agreement[];
}
