/** How far one side's listing of a directory can be relied on to say what is not there. */
import type { Listing, Problem, RelPath, Side } from '../model/index.ts';
import type { Filter } from './filter.ts';

export interface Trust {
  /** Why what was not seen may exist all the same; undefined: the listing is complete. */
  readonly why?: string;
  /** A name in it cannot be carried, so that a stranger on the other side may be its counterpart. */
  readonly strange: boolean;
  /** What is to be told, as far as it is in scope. */
  readonly problems: readonly Problem[];
}

export function trust(listing: Listing | null, side: Side, at: RelPath, filter: Filter): Trust {
  if (!listing) return { strange: false, problems: [] };
  const problems = listing.problems.filter(
    ({ path }) => path === at || filter.admits(path, 'file') || filter.admits(path, 'directory'),
  );
  const ofDirectory = listing.problems.filter(({ path }) => path === at);
  const strange = ofDirectory.some(({ code }) => code === 'name');
  // A line without a path may have been any name at all.
  const why = listing.incomplete ?? ofDirectory.find(({ code }) => code !== 'name')?.message;
  if (why === undefined) return { strange, problems };
  if (!ofDirectory.some(({ code }) => code === 'incomplete' || code === 'unreadable')) {
    const message = `its listing may be incomplete (${why}); nothing in it was deleted or taken for deleted`;
    problems.push({ path: at, side, code: 'incomplete', message });
  }
  return { why, strange, problems };
}
