// Facts of one file, read and set: SIZE, MDTM, MLST (RFC 3659), MFMT, MFF (draft-somers-ftp-mfxx), SITE CHMOD, SITE UTIME.
import { native } from '../filesystem.ts';
import { formatFacts } from '../format/facts.ts';
import { formatTime, parseTime } from '../format/time.ts';
import { oneLine, Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';
import { listedFacts } from './entries.ts';

export const factCommands: readonly Command[] = [
  { verb: 'SIZE', syntax: 'SIZE file', argument: 'required', run: size },
  { verb: 'MDTM', syntax: 'MDTM [time] file', argument: 'required', run: mdtm },
  { verb: 'MLST', syntax: 'MLST [name]', argument: 'optional', run: mlst },
  { verb: 'MFMT', syntax: 'MFMT time name', argument: 'required', run: mfmt },
  { verb: 'MFF', syntax: 'MFF modify=time;UNIX.mode=mode; name', argument: 'required', run: mff },
];

async function size(session: Session, argument: string): Promise<void> {
  if (session.ascii) throw new Refusal(550, 'SIZE is not told in ASCII mode: TYPE I first.');
  const { stats } = await session.sandbox.existing(session.path(argument, 'l'));
  if (!stats.isFile()) throw new Refusal(550, 'Not a regular file.');
  session.reply(213, String(stats.size));
}

async function mdtm(session: Session, argument: string): Promise<void> {
  const path = session.path(argument, 'l');
  const place = await session.sandbox.target(path);
  // `MDTM 20240131034500 name` sets the time on many servers; a file of exactly that name comes first.
  const set = /^(\d{14}(?:\.\d+)?) (.+)$/s.exec(argument);
  if (place.stats === undefined && set !== null && session.knows('MDTM SET')) {
    const mtime = await setTime(session, set[2]!, wanted(set[1]!));
    session.reply(213, formatTime(mtime, session.host.settings.fractions));
    return;
  }
  if (place.stats === undefined) throw new Refusal(550, 'No such file or folder.');
  session.reply(213, formatTime(session.told(place.stats.mtimeMs), session.host.settings.fractions));
}

async function mlst(session: Session, argument: string): Promise<void> {
  const path = session.path(argument === '' ? '.' : argument, 'l');
  const place = await session.sandbox.existingName(path);
  const facts = formatFacts(await listedFacts(session, place), session.facts);
  const name = oneLine(path);
  // The body line's one leading space is RFC 3659's own (7.3.1).
  session.replyLines(250, `Listing ${name}`, [`${facts} ${name}`], 'End');
}

async function mfmt(session: Session, argument: string): Promise<void> {
  const parts = /^(\S+) (.+)$/s.exec(argument);
  if (parts === null) throw new Refusal(501, 'Syntax: MFMT time name');
  const mtime = await setTime(session, parts[2]!, wanted(parts[1]!));
  session.reply(213, `Modify=${formatTime(mtime, parts[1]!.includes('.'))}; ${oneLine(parts[2]!)}`);
}

async function mff(session: Session, argument: string): Promise<void> {
  const parts = /^((?:[A-Za-z.]+=[^;]*;)+) (.+)$/s.exec(argument);
  if (parts === null) throw new Refusal(501, 'Syntax: MFF modify=time;UNIX.mode=mode; name');
  const [, facts, name] = parts;
  const wishes = facts!
    .slice(0, -1)
    .split(';')
    .map((fact) => fact.split('=') as [string, string]);
  // All are looked at before the first is done.
  for (const [fact, value] of wishes) {
    if (fact.toLowerCase() === 'modify') wanted(value);
    else if (fact.toLowerCase() === 'unix.mode') modeOf(value);
    else throw new Refusal(504, `Cannot set the fact ${oneLine(fact)}.`);
  }
  for (const [fact, value] of wishes) {
    if (fact.toLowerCase() === 'modify') await setTime(session, name!, wanted(value));
    else await setMode(session, name!, modeOf(value));
  }
  session.reply(213, `${oneLine(facts!)} ${oneLine(name!)}`);
}

function wanted(text: string): number {
  const time = parseTime(text);
  if (time === undefined) throw new Refusal(501, 'A time is YYYYMMDDHHMMSS[.sss], UTC.');
  return time;
}

/** An octal mode. @throws Refusal 501 */
export function modeOf(text: string): number {
  if (!/^0?[0-7]{1,4}$/.test(text)) throw new Refusal(501, 'A mode is octal, as in 0644.');
  return Number.parseInt(text, 8);
}

/** Sets the modification time, ms as this server's clock has it. Answers the same. */
export async function setTime(session: Session, argument: string, mtime: number): Promise<number> {
  const path = session.path(argument, 'T');
  const place = await session.sandbox.existing(path);
  const { clockOffset, fileSystem } = session.host.settings;
  await fileSystem.utimes(native(place.real), mtime - clockOffset);
  if (!session.host.listensTo('timeChanged')) return mtime;
  session.emit('timeChanged', { ...session.aboutPath(path, place.real), mtime: new Date(mtime).toISOString() });
  return mtime;
}

export async function setMode(session: Session, argument: string, mode: number): Promise<void> {
  const path = session.path(argument, 'M');
  const place = await session.sandbox.existing(path);
  await session.host.settings.fileSystem.chmod(native(place.real), mode);
  if (!session.host.listensTo('modeChanged')) return;
  session.emit('modeChanged', { ...session.aboutPath(path, place.real), mode });
}
