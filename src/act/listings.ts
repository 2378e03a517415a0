/** Reads one directory of either side so that no failure ever reads as absence. */
import {
  asideOf,
  type Entry,
  isAside,
  type Listing,
  LocalError,
  nameOf,
  type Pair,
  type Problem,
  printable,
  type RelPath,
  ReplyError,
  ROOT,
  type Side,
} from '../model/index.ts';
import { retrying } from '../queue/index.ts';

/** The local directory; null where it does not exist. */
export async function listLocal(pair: Pair, directory: RelPath): Promise<Listing | null> {
  try {
    return await pair.local.list(directory);
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    if (error.errno === 'ENOENT') return null;
    return unreadable(directory, 'local', error);
  }
}

/**
 * The remote directory. Only the root may be found absent here: every other one was seen in its parent's listing, so
 * that a refusal is a Problem. A root that exists and may not be entered answers 550 as well; taking it for absent is
 * safe, as it then can neither be made nor, in a pull, be a source. A walk that begins further down, at a directory that
 * was `supposed` to be there, is told likewise: it then begins higher up.
 */
export async function listRemote(
  pair: Pick<Pair, 'remote'>,
  directory: RelPath,
  signal: AbortSignal,
  attempts: number,
  supposed = false,
): Promise<Listing | null> {
  try {
    return withAsides(await retrying(() => pair.remote.list(directory, signal), { attempts, signal }));
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    if ((directory === ROOT || supposed) && error.reply === 550) return null;
    return unreadable(directory, 'remote', error);
  }
}

/**
 * For a listing that files are fetched by: one whose size the server tells in no way is left alone, as a copy of it that
 * was cut off could not be told from a whole one.
 */
export function withoutUnsized(listing: Listing): Listing {
  const isUnsized = ({ kind, size }: Entry) => kind === 'file' && size === null;
  if (!listing.entries.some(isUnsized)) return listing;
  const message =
    'the server tells no size of it, neither in its listing nor by SIZE, so that a copy could not be checked; ferry cat reads it';
  const problems = listing.entries
    .filter(isUnsized)
    .map(({ path }): Problem => ({ path, side: 'remote', code: 'unreadable', message }));
  const entries = listing.entries.filter((entry) => !isUnsized(entry));
  return { ...listing, entries, problems: [...listing.problems, ...problems] };
}

/**
 * A file that was set aside to make way for a new one which never came has not gone: on no side is anything deleted
 * because its name is missing.
 */
function withAsides(listing: Listing): Listing {
  const asides = listing.entries.filter((entry) => entry.kind === 'file' && isAside(nameOf(entry.path)));
  if (asides.length === 0) return listing;
  const present = new Set(listing.entries.map(({ path }) => path));
  const problems = asides.flatMap((aside) => setAside(aside, present));
  return { ...listing, problems: [...listing.problems, ...problems] };
}

function setAside({ path: aside }: Entry, present: ReadonlySet<RelPath>): Problem[] {
  const path = asideOf(aside);
  if (path === undefined || present.has(path)) return [];
  const message =
    `a run that was cut off while it replaced this file left the old one as ${printable(nameOf(aside))}: ` +
    'a push or sync that can write there puts it back, or rename it by hand';
  return [{ path, side: 'remote', code: 'incomplete', message }];
}

function unreadable(path: RelPath, side: Side, error: Error): Listing {
  const problem: Problem = { path, side, code: 'unreadable', message: error.message };
  return { directory: path, entries: [], problems: [problem], incomplete: `it could not be read: ${error.message}` };
}
