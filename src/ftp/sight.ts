/**
 * Asks for very many paths at once. A refusal (550) may mean anything, so 'not there' is believed only where the
 * complete listing of the parent lacks the name as well; one listing serves all paths in a directory.
 */
import type { Entry } from '../model/entry.ts';
import { NameError, ReplyError } from '../model/errors.ts';
import type { Listing } from '../model/listing.ts';
import { parentOf, type RelPath, ROOT } from '../model/path.ts';
import type { Sighting } from '../model/remote.ts';
import { ask } from './inspect.ts';
import type { Session } from './session.ts';

/** Paths a connection is asked for at once: what is worth a flight of its own. */
const SLICE = 64;

export interface Sources {
  readonly width: number;
  /** Lends a session. */
  use<T>(run: (session: Session) => Promise<T>): Promise<T>;
  list(directory: RelPath): Promise<Listing>;
}

export async function sightAll(paths: readonly RelPath[], sources: Sources): Promise<readonly Sighting[]> {
  const answers = new Map<RelPath, Entry | Error>();
  const slice = Math.max(SLICE, Math.ceil(paths.length / sources.width));
  const slices: RelPath[][] = [];
  for (let at = 0; at < paths.length; at += slice) slices.push(paths.slice(at, at + slice));
  await Promise.all(
    slices.map((some) =>
      sources.use(async (session) => {
        await Promise.all(
          some.map(async (path) => {
            const answer = await ask(session, path, 'times').catch((error: Error) => error);
            // A lost connection is for the lender to replace; everything else is an answer.
            if (answer instanceof Error && !session.alive) throw answer;
            answers.set(path, answer);
          }),
        );
      }),
    ),
  );
  const listings = new Map<RelPath, Promise<Listing | 'absent' | Error>>();
  const confirm = new Confirmation(sources, listings);
  return Promise.all(
    paths.map(async (path): Promise<Sighting> => {
      const answer = answers.get(path)!;
      if (!(answer instanceof Error)) return { path, found: 'present', entry: answer };
      if (!(answer instanceof ReplyError) || answer.reply < 500) {
        const unspeakable = answer instanceof NameError;
        return { path, found: 'unknown', because: answer.message, ...(unspeakable && { unspeakable }) };
      }
      return confirm.sighting(path, answer);
    }),
  );
}

/** What the listings say about the paths that the server did not answer for. */
class Confirmation {
  readonly #sources: Sources;
  readonly #listings: Map<RelPath, Promise<Listing | 'absent' | Error>>;

  constructor(sources: Sources, listings: Map<RelPath, Promise<Listing | 'absent' | Error>>) {
    this.#sources = sources;
    this.#listings = listings;
  }

  async sighting(path: RelPath, refusal: Error): Promise<Sighting> {
    if (path === ROOT) return { path, found: 'unknown', because: refusal.message };
    const listing = await this.#listing(parentOf(path));
    if (listing === 'absent') return { path, found: 'absent' };
    if (listing instanceof Error) return { path, found: 'unknown', because: listing.message };
    const entry = listing.entries.find((one) => one.path === path);
    if (entry) return { path, found: 'present', entry };
    if (listing.incomplete !== undefined) return { path, found: 'unknown', because: listing.incomplete };
    return { path, found: 'absent' };
  }

  #listing(directory: RelPath): Promise<Listing | 'absent' | Error> {
    const known = this.#listings.get(directory);
    if (known) return known;
    const asked = this.#ask(directory);
    this.#listings.set(directory, asked);
    return asked;
  }

  /** A directory that cannot be listed may itself be gone: its own parent tells. */
  async #ask(directory: RelPath): Promise<Listing | 'absent' | Error> {
    try {
      return await this.#sources.list(directory);
    } catch (error) {
      if (!(error instanceof ReplyError) || error.reply < 500 || directory === ROOT) return error as Error;
      const above = await this.sighting(directory, error);
      if (above.found === 'absent') return 'absent';
      // SIZE may be answered for a directory as well; a listing tells the two apart. Nothing is below a file.
      const beside = await this.#listing(parentOf(directory));
      if (typeof beside !== 'object' || beside instanceof Error) return error;
      return beside.entries.find(({ path }) => path === directory)?.kind === 'file' ? 'absent' : error;
    }
  }
}
