/**
 * Lists one directory: MLSD where the server has it, else LIST in the form that shows most. The directory is entered
 * first, in the same flight, because several servers answer a listing of what does not exist, or may not be read, with
 * an empty one; and because no name can then be taken for an option or a pattern.
 */
import type { Entry } from '../model/entry.ts';
import { ReplyError } from '../model/errors.ts';
import type { Listing } from '../model/listing.ts';
import { nameOf, type RelPath } from '../model/path.ts';
import type { ByteSink } from '../model/remote.ts';
import { transfer } from './data-transfer.ts';
import { exactTime } from './listing/dates.ts';
import { type ListingParser, listParser, mlsdParser } from './listing/parser.ts';
import { receiving } from './moving.ts';
import { longestListing } from './options.ts';
import type { Session } from './session.ts';
import { sizeOf } from './size.ts';

const MINUTE = 60_000;
/** Bytes that are parsed at a time. */
const HELPING = 64 * 1024;
const UNKNOWN = new Set([500, 501, 502, 504]);

export interface ListOptions {
  readonly signal?: AbortSignal | undefined;
  /** As in {@link ReadOptions}: the session may serve another task from then on. */
  readonly onReceived?: (() => void) | undefined;
}

/** Rejects with a ReplyError where the server refused; a listing that broke off is told as incomplete. */
export async function listDirectory(session: Session, directory: RelPath, options: ListOptions = {}): Promise<Listing> {
  const { knowledge } = session.site;
  let listing: Listing | undefined;
  if (knowledge.mlsd) listing = await byMlsd(session, directory, options);
  listing ??= await byList(session, directory, options);
  listing = await sized(session, listing);
  if (knowledge.hiddenFiles === null && listing.entries.some(({ path }) => nameOf(path).startsWith('.'))) {
    knowledge.hiddenFiles = true;
  }
  return listing;
}

/** Undefined where MLSD turns out not to be there. */
async function byMlsd(session: Session, directory: RelPath, options: ListOptions): Promise<Listing | undefined> {
  try {
    return (await fetch(session, directory, 'MLSD', options)).listing;
  } catch (error) {
    if (!(error instanceof ReplyError) || error.command !== 'MLSD' || !UNKNOWN.has(error.reply)) throw error;
    session.site.knowledge.lacks('MLSD');
    return undefined;
  }
}

/**
 * `LIST -a` shows hidden names, where the server takes it so. Others refuse it, or look for a file called `-a`: then LIST
 * alone, and whichever shows more is remembered. What goes wrong in passing is no refusal: without the hidden names, the
 * listing would look whole.
 */
async function byList(session: Session, directory: RelPath, options: ListOptions): Promise<Listing> {
  const { knowledge } = session.site;
  if (knowledge.listCommand) {
    const { listing } = await fetch(session, directory, knowledge.listCommand, options);
    return zoned(session, listing);
  }
  const { signal } = options;
  const all = await listAll(session, directory, signal);
  if (all && understood(all)) knowledge.listCommand = 'LIST -a';
  if (all && (understood(all) || !confirmed(session, all))) return zoned(session, all.listing);
  const plain = await fetch(session, directory, 'LIST', { signal });
  // An empty directory tells nothing about the option.
  const more = plain.listing.entries.length > (all?.listing.entries.length ?? -1);
  if (more && confirmed(session, plain)) knowledge.listCommand = 'LIST';
  return zoned(session, plain.listing);
}

/** The answer to `LIST -a`; undefined where it is refused, for good or in words that may mean a file of that name. */
async function listAll(
  session: Session,
  directory: RelPath,
  signal: ListOptions['signal'],
): Promise<Fetched | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(session, directory, 'LIST -a', { signal });
    } catch (error) {
      if (!(error instanceof ReplyError) || error.command !== 'LIST -a') throw error;
      const missing = error.reply === 450;
      if (error.retryable && !missing) throw error;
      // Or something was busy.
      if (!missing || attempt === 2) return undefined;
    }
  }
}

/** Whether `-a` was taken for an option: as a name it shows nothing, a file of that name, or a complaint. */
function understood({ bytes, listing: { entries, problems } }: Fetched): boolean {
  if (entries.length === 0) return bytes > 0 && problems.length === 0;
  return entries.length > 1 || nameOf(entries[0]!.path) !== '-a';
}

/** Whether the server meant it to end as it did, as far as this one ever tells. */
function confirmed({ site }: Session, { whole, confirmed: ok }: Fetched): boolean {
  return whole || (ok && site.knowledge.endsAbruptly);
}

type Command = 'MLSD' | 'LIST -a' | 'LIST';

interface Fetched {
  readonly listing: Listing;
  readonly bytes: number;
  /** Whether the server confirmed the listing. */
  readonly confirmed: boolean;
  /** Whether it also ended as the server meant it to. */
  readonly whole: boolean;
  /** Whether it was given up by us. */
  readonly tooLong: boolean;
}

async function fetch(session: Session, directory: RelPath, command: Command, options: ListOptions): Promise<Fetched> {
  const { knowledge } = session.site;
  const first = await fetchOnce(session, directory, command, options);
  if (first.whole || first.tooLong || knowledge.endsAbruptly || !session.alive) return first;
  // What broke off by accident comes whole the second time.
  const second = await fetchOnce(session, directory, command, options);
  if (!second.whole && second.confirmed) knowledge.endsAbruptly = true;
  return second;
}

async function fetchOnce(
  session: Session,
  directory: RelPath,
  command: Command,
  { signal, onReceived }: ListOptions,
): Promise<Fetched> {
  const { codec, knowledge } = session.site;
  const maxBytes = longestListing(session.site.options);
  const parsing = { directory, codec, now: new Date(), offsetMinutes: knowledge.listOffsetMinutes, maxBytes };
  const parser = command === 'MLSD' ? mlsdParser(parsing) : listParser(parsing);
  const request = { command, folder: session.site.wire(directory), watchEnd: true, anyEnd: true, signal, onReceived };
  const { value, reply, endedWell } = await transfer(session, request, receiving(sinkOf(parser), { most: maxBytes }));
  const listing = parser.finish({ clean: endedWell, code: reply.code, text: reply.message });
  return { listing, bytes: value, confirmed: reply.ok, whole: reply.ok && endedWell, tooLong: parser.full };
}

/** Parses in small helpings, with room for everything else in between: a million lines take seconds. */
function sinkOf(parser: ListingParser): ByteSink {
  return {
    async write(chunk) {
      for (let at = 0; at < chunk.length && !parser.full; at += HELPING) {
        if (at > 0) await new Promise(setImmediate);
        parser.push(chunk.subarray(at, at + HELPING));
      }
    },
  };
}

/**
 * Asks for the sizes of files that the listing does not tell, or tells in a number that no size can be: without them a
 * copy that was cut off could not be told from a whole one.
 */
async function sized(session: Session, listing: Listing): Promise<Listing> {
  const { knowledge } = session.site;
  const unknown = listing.entries.filter(({ kind, size }) => kind === 'file' && size === null);
  if (unknown.length === 0 || !knowledge.mayHave('SIZE')) return listing;
  const sizes = new Map<RelPath, number>();
  await Promise.all(
    unknown.map(async ({ path }) => {
      const size = await sizeOf(session, path);
      if (size !== undefined) sizes.set(path, size);
    }),
  );
  const told = (entry: Entry): Entry => ({ ...entry, size: sizes.get(entry.path) ?? entry.size });
  return sizes.size === 0 ? listing : { ...listing, entries: listing.entries.map(told) };
}

/**
 * Measures how far the clock of LIST is from UTC, once, by asking MDTM for a file that LIST has shown with its minute,
 * and puts the times of this listing right.
 * LIMIT: a server that prints local time is off by an hour for files of the other half of the year.
 */
async function zoned(session: Session, listing: Listing): Promise<Listing> {
  const { knowledge } = session.site;
  if (knowledge.listOffsetMinutes !== null || !knowledge.mayHave('MDTM')) return listing;
  const known = listing.entries.find(({ kind, mtime, precision }) => kind === 'file' && mtime && precision === MINUTE);
  if (!known) return listing;
  const reply = await session.send(`MDTM ${session.site.wire(known.path)}`);
  const exact = reply.code === 213 ? exactTime(reply.text).mtime : null;
  if (exact === null) {
    if (UNKNOWN.has(reply.code)) knowledge.lacks('MDTM');
    return listing;
  }
  const minutes = (known.mtime! - Math.floor(exact / MINUTE) * MINUTE) / MINUTE;
  const offset = Math.round(minutes / 15) * 15;
  // A clock that is off by something else is no zone; the file may have changed in between.
  if (Math.abs(minutes - offset) > 1 || Math.abs(offset) > 15 * 60) return listing;
  knowledge.listOffsetMinutes = offset;
  return {
    ...listing,
    entries: listing.entries.map((entry) =>
      entry.mtime === null || entry.zoned ? entry : { ...entry, mtime: entry.mtime - offset * MINUTE, zoned: true },
    ),
  };
}
