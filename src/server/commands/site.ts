// SITE: what no RFC has a command for, HELP, CHMOD and UTIME.
import { parseTime } from '../format/time.ts';
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import { type Command, parseCommand } from './command.ts';
import { modeOf, setMode, setTime } from './facts.ts';

export const siteCommands: readonly Command[] = [
  { verb: 'SITE', syntax: 'SITE HELP|CHMOD|UTIME ...', argument: 'required', beforeLogin: true, run: site },
];

/** The syntax of each, by name. */
export const siteSyntax: ReadonlyMap<string, string> = new Map([
  ['HELP', 'SITE HELP'],
  ['CHMOD', 'SITE CHMOD mode name'],
  ['UTIME', 'SITE UTIME time name, or SITE UTIME name atime mtime ctime UTC'],
]);

/** Whether an argument of SITE is one of these. */
export function isSiteCommand(argument: string): boolean {
  return siteSyntax.has(parseCommand(argument).verb);
}

async function site(session: Session, argument: string): Promise<void> {
  const { verb, argument: rest } = parseCommand(argument);
  if (verb === 'HELP') {
    const known = [...siteSyntax].filter(([name]) => session.knows(`SITE ${name}`));
    return session.replyLines(
      214,
      'SITE commands:',
      known.map(([, syntax]) => syntax),
      'End',
    );
  }
  if (!siteSyntax.has(verb) || !session.knows(`SITE ${verb}`)) throw new Refusal(504, 'Unknown SITE command.');
  if (session.user === undefined) throw new Refusal(530, 'Log in with USER and PASS first.');
  if (verb === 'CHMOD') return await chmod(session, rest);
  await utime(session, rest);
}

async function chmod(session: Session, argument: string): Promise<void> {
  const parts = /^(\S+) (.+)$/s.exec(argument);
  if (parts === null) throw new Refusal(501, `Syntax: ${siteSyntax.get('CHMOD')}`);
  await setMode(session, parts[2]!, modeOf(parts[1]!));
  session.reply(200, 'Mode changed.');
}

// Two forms are about: `SITE UTIME 20240131034500 name`, and `SITE UTIME name atime mtime ctime UTC`.
async function utime(session: Session, argument: string): Promise<void> {
  const long = /^(.+) (\d{14}) (\d{14}) (\d{14}) UTC$/is.exec(argument);
  const short = /^(\d{14}|\d{12}) (.+)$/s.exec(argument);
  const [name, text] = long !== null ? [long[1], long[3]] : [short?.[2], short?.[1]];
  const time = text === undefined ? undefined : parseTime(text.padEnd(14, '0'));
  if (name === undefined || time === undefined) throw new Refusal(501, `Syntax: ${siteSyntax.get('UTIME')}`);
  await setTime(session, name, time);
  session.reply(200, 'Time changed.');
}
