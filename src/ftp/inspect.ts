/** Asks for one path: MLST (RFC 3659, 7), else SIZE and MDTM in one flight, else a listing. */
import type { Entry } from '../model/entry.ts';
import { ReplyError } from '../model/errors.ts';
import { parentOf, type RelPath } from '../model/path.ts';
import { notImplemented } from './failure.ts';
import { listDirectory } from './list.ts';
import { exactTime } from './listing/dates.ts';
import { parseFacts } from './listing/parser.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';
import { sizeIn, sizeOf } from './size.ts';

/** A refusal, kept as it came: that a name is free is asked for every new file, and an error for each would be dear. */
class Refusal {
  readonly command: string;
  readonly reply: Reply;
  constructor(command: string, reply: Reply) {
    this.command = command;
    this.reply = reply;
  }
}

/** `times`: a server that could tell the time and will not now has not answered, though it told the size. */
type Demand = 'anything' | 'times';

/** What the server says about this very path. Rejects with a ReplyError where it says that there is no such file. */
export async function ask(session: Session, path: RelPath, demand: Demand = 'anything'): Promise<Entry> {
  const answer = await inquire(session, path, demand);
  if (answer instanceof Refusal) throw session.site.refused(answer.command, answer.reply);
  return answer;
}

/** As {@link ask}; null where the server refuses for good, which it does where there is no such file. */
export async function find(session: Session, path: RelPath): Promise<Entry | null> {
  try {
    const answer = await inquire(session, path);
    if (!(answer instanceof Refusal)) return answer;
    if (answer.reply.code >= 500) return null;
    throw session.site.refused(answer.command, answer.reply);
  } catch (error) {
    // Its directory could not be listed, or does not hold it.
    if (error instanceof ReplyError && error.reply >= 500) return null;
    throw error;
  }
}

async function inquire(session: Session, path: RelPath, demand: Demand = 'anything'): Promise<Entry | Refusal> {
  const ways = session.site.knowledge.mlst ? byMlst : bySize;
  const told = await ways(session, path, demand);
  return told instanceof Refusal || told.kind !== 'file' || told.size !== null ? told : withSize(session, told);
}

/** What was sent, or is to be replaced, is known by its size: without SIZE the listing of its directory is asked. */
async function withSize(session: Session, told: Entry): Promise<Entry> {
  try {
    const { size, stamps } = await fromListing(session, told.path);
    return { ...told, size, stamps: { ...stamps, ...told.stamps } };
  } catch (error) {
    // It does not show the file (a hidden one, for example), or cannot be had.
    if (error instanceof ReplyError && error.reply >= 500) return told;
    throw error;
  }
}

async function byMlst(session: Session, path: RelPath, demand: Demand): Promise<Entry | Refusal> {
  const { site } = session;
  const command = `MLST ${site.wire(path)}`;
  const reply = await session.send(command);
  if (!reply.ok) {
    if (!notImplemented(reply)) return new Refusal(command, reply);
    site.knowledge.lacks('MLST');
    return bySize(session, path, demand);
  }
  // The line of facts begins with a space; in a name that follows, anything may stand.
  const line = reply.lines.find((one, index) => index > 0 && one.startsWith(' '));
  const seen = line === undefined ? undefined : parseFacts(line.slice(1));
  if (!seen) return new Refusal(command, reply);
  const { kind, mtime, precision, zoned, stamps, mode } = seen;
  const asks = kind === 'file' && seen.size === null && site.knowledge.mayHave('SIZE');
  const size = asks ? ((await sizeOf(session, path)) ?? null) : seen.size;
  return { path, kind, size, mtime, precision, zoned, stamps, ...(mode !== undefined && { mode }) };
}

async function bySize(session: Session, path: RelPath, demand: Demand): Promise<Entry | Refusal> {
  const { site } = session;
  const { knowledge } = site;
  const wire = site.wire(path);
  const [size, time] = await Promise.all([
    knowledge.mayHave('SIZE') ? session.send(`SIZE ${wire}`) : undefined,
    knowledge.mayHave('MDTM') ? session.send(`MDTM ${wire}`) : undefined,
  ]);
  if (size && notImplemented(size)) knowledge.lacks('SIZE');
  if (time && notImplemented(time)) knowledge.lacks('MDTM');
  const bytes = sizeIn(size);
  if (size && bytes === undefined && !notImplemented(size)) return new Refusal(`SIZE ${wire}`, size);
  const stamp = time?.code === 213 ? time.text.trim() : undefined;
  if (demand === 'times' && time && time.code >= 400 && time.code < 500) return new Refusal(`MDTM ${wire}`, time);
  if (bytes === undefined && time && !stamp && !notImplemented(time)) return new Refusal(`MDTM ${wire}`, time);
  if (bytes === undefined && stamp === undefined) return fromListing(session, path);
  const { mtime, precision } = exactTime(stamp ?? '');
  return {
    path,
    kind: 'file',
    size: bytes ?? null,
    mtime,
    precision,
    zoned: mtime !== null,
    stamps: stamp === undefined ? {} : { mdtm: stamp },
  };
}

/** A server with neither: its directory is all there is to look at. */
async function fromListing(session: Session, path: RelPath): Promise<Entry> {
  const listing = await listDirectory(session, parentOf(path));
  const entry = listing.entries.find((one) => one.path === path);
  if (!entry) throw new ReplyError('LIST', 550, 'it is not in the listing of its directory');
  return entry;
}
