/**
 * Folders on a server that lead back to one above them. Some servers list a link to a folder (or a junction) as the
 * folder itself, and whoever walks down would walk for ever, or see and delete everything twice. Such a folder shows
 * exactly what that one shows, the way down to itself included, and so does whatever lies further along that way. A folder
 * that holds nothing but one of its own name shows the same as well, but not for long.
 */
import { fingerprintOf } from '../model/entry.ts';
import { ReplyError } from '../model/errors.ts';
import type { Listing } from '../model/listing.ts';
import { nameOf, printable, type RelPath } from '../model/path.ts';

/** How long what a folder showed is good enough to compare with, in ms. */
const FRESH = 60_000;
/** How often the way down has to lead to the same once more. */
const AGAIN = 3;

export class Loops {
  readonly #marks = new Map<string, { readonly at: number; readonly mark: Promise<string> }>();

  /**
   * The listing, or where it is that of a folder above, one that holds nothing and is not complete. Costs nothing where
   * no name in it is one of those above. LIMIT: where somebody changes that folder meanwhile, one level more is walked.
   */
  async checked(listing: Listing, list: (directory: RelPath) => Promise<Listing>): Promise<Listing> {
    const { directory, entries, incomplete } = listing;
    if (incomplete !== undefined || directory === '') return listing;
    const names = directory.split('/');
    const suspects = names.flatMap((name, index) => {
      const leads = entries.some((entry) => entry.kind === 'directory' && nameOf(entry.path) === name);
      return leads ? [names.slice(0, index).join('/') as RelPath] : [];
    });
    if (suspects.length === 0) return listing;
    const mark = markOf(listing);
    for (const above of suspects) {
      if ((await this.#markOf(above, list)) !== mark) continue;
      if (!(await this.#goesOn(directory, above, mark, list))) continue;
      const place = above === '' ? 'the folder that all of it is in' : printable(above);
      const because = `it leads back to ${place}, as a link does, and was not entered; exclude it to have it no longer said`;
      const problem = { path: directory, side: 'remote', code: 'incomplete', message: because } as const;
      return { directory, entries: [], problems: [problem], incomplete: because };
    }
    return listing;
  }

  /** Whether going once more from `above` to `directory`, again and again, shows the same each time. */
  async #goesOn(
    directory: RelPath,
    above: RelPath,
    mark: string,
    list: (directory: RelPath) => Promise<Listing>,
  ): Promise<boolean> {
    const way = above === '' ? directory : directory.slice(above.length + 1);
    for (let turn = 1; turn <= AGAIN; turn += 1) {
      const further = [directory, ...Array<string>(turn).fill(way)].join('/') as RelPath;
      if ((await this.#markOf(further, list)) !== mark) return false;
    }
    return true;
  }

  #markOf(directory: RelPath, list: (directory: RelPath) => Promise<Listing>): Promise<string> {
    const now = performance.now();
    const known = this.#marks.get(directory);
    if (known && now - known.at < FRESH) return known.mark;
    // One that may not be listed cannot be what was just listed.
    const mark = list(directory).then(markOf, (error: unknown) => {
      if (error instanceof ReplyError && !error.retryable) return '';
      throw error;
    });
    this.#marks.set(directory, { at: now, mark });
    // What could not be listed now may be a moment later.
    mark.catch(() => this.#marks.delete(directory));
    return mark;
  }
}

/** The same for two listings that show the same. */
function markOf({ entries }: Listing): string {
  return JSON.stringify(
    entries
      .map((entry) => [nameOf(entry.path), entry.kind, entry.mode, fingerprintOf(entry)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}
