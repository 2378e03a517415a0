/** Whether a file is still what was agreed on, with the means there are to find out. */
import type { Agreement, Entry, RelPath, Side } from '../model/index.ts';
import type { Ask, Evidence } from './evidence.ts';
import { compareStamps, movement } from './stamps.ts';
import { instantOf, sameInstant, TELLING_PRECISION } from './times.ts';

export type Moved = 'moved' | 'unmoved';
export type Asking = { readonly is: 'ask'; readonly ask: Ask['ask'] };
export type Unreadable = { readonly is: 'unreadable'; readonly side: Side; readonly message: string };

const UNREADABLE = 'it could not be read to see whether it changed, or is written to all the time; run again later';

/**
 * A new time on an old size is no change of content: a fresh checkout is like that everywhere. The hash tells.
 * `unsure`: the hash of the agreed content is not known.
 */
export function localMoved(
  path: RelPath,
  entry: Entry,
  agreed: Agreement,
  evidence: Evidence,
): Moved | 'unsure' | Asking | Unreadable {
  if (entry.size !== agreed.local.size) return 'moved';
  if (compareStamps(entry.stamps, agreed.local.stamps) === 'equal') return 'unmoved';
  if (agreed.sha256 === undefined) return 'unsure';
  const sha256 = evidence.localSha256.get(path);
  if (sha256 === undefined) return { is: 'ask', ask: 'local-sha256' };
  if (sha256 === null) return { is: 'unreadable', side: 'local', message: UNREADABLE };
  return sha256 === agreed.sha256 ? 'unmoved' : 'moved';
}

/**
 * Where no stamp is from a source that the agreement has too: the time of the unmoved local twin, then the server's
 * own word about that path, then the size alone. Its word counts, too, where a listing tells of another minute: one in
 * the server's own time tells of other ones for all files when the clocks change.
 */
export function remoteMoved(
  path: RelPath,
  entry: Entry,
  agreed: Agreement,
  rules: { readonly canAskTime: boolean },
  evidence: Evidence,
  twin: Entry | null,
): Moved | 'unmoved by size' | Asking {
  const moved = movement(entry, agreed.remote);
  const askable = rules.canAskTime && (agreed.remote.stamps.mdtm ?? agreed.remote.stamps.mlst) !== undefined;
  if (moved === 'moved' && askable && isByMinute(entry, agreed)) return byItsWord(path, agreed, evidence) ?? 'moved';
  if (moved !== 'unsure') return moved;
  const here = twin && instantOf(twin);
  const there = instantOf(entry);
  // Within a minute a file can change twice, so a coarse time does not settle what the server can still be asked.
  const telling = there !== null && (there.precision <= TELLING_PRECISION || !askable);
  if (entry.size !== null && here && telling && sameInstant(here, there)) return 'unmoved';
  const word = askable ? byItsWord(path, agreed, evidence) : null;
  if (word !== null) return word;
  if (entry.size === null || (here && there && !sameInstant(here, there))) return 'moved';
  return 'unmoved by size';
}

/** Whether nothing but the date in a listing says that it moved. */
function isByMinute({ size, stamps }: Entry, { remote }: Agreement): boolean {
  const { list, ...finer } = stamps;
  return list !== undefined && size === remote.size && compareStamps(finer, remote.stamps) === 'none';
}

/** Null: the server does not say. */
function byItsWord(path: RelPath, agreed: Agreement, evidence: Evidence): Moved | Asking | null {
  const told = evidence.remoteTime.get(path);
  if (told === undefined) return { is: 'ask', ask: 'remote-time' };
  const answer = told ? compareStamps(told.stamps, agreed.remote.stamps) : 'none';
  if (answer === 'none') return null;
  return answer === 'equal' ? 'unmoved' : 'moved';
}

/** Before a file is removed: is it still what was agreed on? What cannot be shown to be unmoved counts as moved. */
export function stillAgreed(
  side: Side,
  path: RelPath,
  entry: Entry,
  agreed: Agreement,
  rules: { readonly canAskTime: boolean },
  evidence: Evidence,
): Moved | Asking {
  if (side === 'remote') {
    const moved = remoteMoved(path, entry, agreed, rules, evidence, null);
    return moved === 'unmoved by size' ? 'unmoved' : moved;
  }
  const moved = localMoved(path, entry, agreed, evidence);
  if (moved === 'unsure') return 'moved';
  return typeof moved === 'object' && moved.is === 'unreadable' ? 'moved' : moved;
}
