// Listings: LIST, NLST (RFC 959, 4.1.3), MLSD (RFC 3659, 7), and STAT's listing over the control connection.
import { sendText } from '../data/send.ts';
import { formatFacts } from '../format/facts.ts';
import { globPattern, type NamePattern } from '../format/glob.ts';
import { dosLine, unixLine } from '../format/list.ts';
import { Refusal } from '../replies.ts';
import type { Occupied } from '../sandbox.ts';
import type { Session } from '../session.ts';
import { demandSource, transfer } from '../transfer.ts';
import type { Command } from './command.ts';
import { entriesOf, factsOf, type ShownEntry } from './entries.ts';

export const listingCommands: readonly Command[] = [
  { verb: 'LIST', syntax: 'LIST [-alR] [path]', argument: 'optional', run: list },
  { verb: 'NLST', syntax: 'NLST [path]', argument: 'optional', run: nlst },
  { verb: 'MLSD', syntax: 'MLSD [folder]', argument: 'optional', run: mlsd },
];

// Deeper than any tree that a client can walk by CWD and paths of usual length.
const deepest = 250;

interface Flags {
  readonly all: boolean;
  readonly recursive: boolean;
}

async function list(session: Session, argument: string): Promise<void> {
  const { flags, path } = listArguments(argument);
  const texts = await listing(session, path, flags);
  await sendListing(session, texts);
}

async function nlst(session: Session, argument: string): Promise<void> {
  const { flags, path } = listArguments(argument);
  const { place, pattern } = await listed(session, path);
  // RFC 1123, 4.1.2.7: the names must be usable as they are in the transfers that follow.
  const given = pattern === undefined ? path : path.slice(0, path.lastIndexOf('/') + 1);
  const prefix = given === '' || given === '.' ? '' : given.endsWith('/') ? given : `${given}/`;
  if (!place.stats.isDirectory()) return await sendListing(session, once(`${path}\r\n`));
  const names = shownEntries(session, place, flags, pattern);
  await sendListing(
    session,
    lines(names, ({ name }) => prefix + name),
  );
}

async function mlsd(session: Session, argument: string): Promise<void> {
  const path = session.path(argument === '' ? '.' : argument, 'l');
  const place = await session.sandbox.existing(path);
  if (!place.stats.isDirectory()) throw new Refusal(501, 'Not a folder.');
  const text = lines(
    entriesOf(session, place),
    (entry) => `${formatFacts(factsOf(session, entry), session.facts)} ${entry.name}`,
  );
  await sendListing(session, text);
}

async function sendListing(session: Session, texts: AsyncIterable<string>): Promise<void> {
  const begun = await begin(texts);
  const bytes = await transfer(session, 'Here comes the listing.', ({ socket }) => sendText(begun, socket));
  session.bytesSent += bytes;
  session.reply(226, 'Listing sent.');
}

/** LIST's text for STAT, with the same flags and rights. */
export async function statListing(session: Session, argument: string): Promise<string[]> {
  const { flags, path } = listArguments(argument);
  const body: string[] = [];
  for await (const text of await listing(session, path, flags, false)) {
    body.push(...text.split('\r\n').slice(0, -1));
  }
  return body;
}

async function listing(session: Session, path: string, flags: Flags, data = true): Promise<AsyncIterable<string>> {
  const { place, pattern } = await listed(session, path, data);
  const format = lineFormat(session);
  if (!place.stats.isDirectory()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return once(`${format({ ...place, name, link: undefined })}\r\n`);
  }
  const one = (folder: Occupied) => lines(shownEntries(session, folder, flags, pattern), format);
  return flags.recursive ? tree(session, place, path === '' ? '.' : path, flags, format) : one(place);
}

// As `ls -R`: each folder's path, its entries, an empty line. Links are never followed, so there is no way round in circles.
async function* tree(
  session: Session,
  folder: Occupied,
  shownPath: string,
  flags: Flags,
  format: (entry: ShownEntry) => string,
  depth = 0,
): AsyncGenerator<string> {
  const folders: ShownEntry[] = [];
  yield `${depth === 0 ? '' : '\r\n'}${shownPath}:\r\n`;
  for await (const entries of shownEntries(session, folder, flags, undefined)) {
    yield entries.map((entry) => `${format(entry)}\r\n`).join('');
    folders.push(...entries.filter(({ stats }) => stats.isDirectory()));
  }
  if (depth >= deepest) return;
  for (const entry of folders) {
    if (!session.may('l', entry.path)) continue;
    const place = await session.sandbox.name(entry.path).catch(() => undefined);
    if (place?.stats?.isDirectory() !== true) continue;
    const below = `${shownPath.endsWith('/') ? shownPath : `${shownPath}/`}${entry.name}`;
    yield* tree(session, { ...place, stats: place.stats }, below, flags, format, depth + 1);
  }
}

/** What a listing is of: a place, or the names in a folder that match the last part of the path. */
async function listed(
  session: Session,
  argument: string,
  data = true,
): Promise<{ place: Occupied; pattern: NamePattern | undefined }> {
  if (data) demandSource(session);
  const path = session.path(argument === '' ? '.' : argument, 'l');
  const place = await session.sandbox.target(path);
  const { stats } = place;
  if (stats !== undefined) return { place: { ...place, stats }, pattern: undefined };
  const cut = path.lastIndexOf('/');
  const last = path.slice(cut + 1);
  if (!/[*?[]/.test(last)) throw new Refusal(550, 'No such file or folder.');
  const folder = cut === 0 ? '/' : path.slice(0, cut);
  session.demand('l', folder);
  return { place: await session.sandbox.existing(folder), pattern: globPattern(last) };
}

async function* shownEntries(
  session: Session,
  folder: Occupied,
  flags: Flags,
  pattern: NamePattern | undefined,
): AsyncGenerator<ShownEntry[]> {
  const dotted = flags.all || session.host.settings.dotFiles === 'always';
  for await (const entries of entriesOf(session, folder)) {
    yield entries.filter(({ name }) => (dotted || !name.startsWith('.')) && (pattern?.(name) ?? true));
  }
}

function lineFormat(session: Session): (entry: Omit<ShownEntry, 'path' | 'real'>) => string {
  const { listDialect, listZone } = session.host.settings;
  const shift = listZone * 60_000;
  const now = session.told(Date.now()) + shift;
  return ({ name, stats, link }) => {
    const entry = { name, stats, link, mtime: session.told(stats.mtimeMs) + shift };
    return listDialect === 'dos' ? dosLine(entry) : unixLine(entry, now);
  };
}

// `ls`'s flags, which clients send before the path; those that change only the look are ignored.
function listArguments(argument: string): { flags: Flags; path: string } {
  let rest = argument;
  let letters = '';
  for (
    let found = /^\s*-([A-Za-z1]+)(?: |$)/.exec(rest);
    found !== null;
    found = /^\s*-([A-Za-z1]+)(?: |$)/.exec(rest)
  ) {
    letters += found[1];
    rest = rest.slice(found[0].length);
  }
  return { flags: { all: /[aA]/.test(letters), recursive: letters.includes('R') }, path: rest };
}

async function* lines<T>(portions: AsyncIterable<T[]>, format: (entry: T) => string): AsyncGenerator<string> {
  for await (const entries of portions) yield entries.map((entry) => `${format(entry)}\r\n`).join('');
}

// A folder that cannot be read is refused before 150.
async function begin(texts: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const iterator = texts[Symbol.asyncIterator]();
  let next = await iterator.next();
  return (async function* () {
    for (; !next.done; next = await iterator.next()) yield next.value;
  })();
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
