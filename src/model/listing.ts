/** One directory as one side reported it. */
import type { Entry } from './entry.ts';
import type { RelPath } from './path.ts';
import type { Problem } from './problem.ts';

/** One directory as the server reported it. */
export interface Listing {
  readonly directory: RelPath;
  /** In the order they were reported; names are unique. */
  readonly entries: readonly Entry[];
  /** Names and lines that could not be understood or carried. */
  readonly problems: readonly Problem[];
  /**
   * Why what is not in `entries` may exist all the same; undefined when the listing is known to be complete. Nothing
   * may be deleted, or taken for deleted, on the strength of an incomplete listing.
   */
  readonly incomplete?: string;
}
