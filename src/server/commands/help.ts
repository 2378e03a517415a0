// HELP (RFC 959, 4.1.3): the commands, or the syntax of one.
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import { type Command, parseCommand } from './command.ts';
import { siteSyntax } from './site.ts';

/** HELP about the given commands. */
export function helpCommand(commands: ReadonlyMap<string, Command>): Command {
  return {
    verb: 'HELP',
    syntax: 'HELP [command]',
    argument: 'optional',
    beforeLogin: true,
    run: (session, argument) => (argument === '' ? list(session, commands) : one(session, commands, argument)),
  };
}

function list(session: Session, commands: ReadonlyMap<string, Command>): void {
  const verbs = [...commands.keys()].filter((verb) => session.knows(verb)).sort();
  const rows: string[] = [];
  for (let at = 0; at < verbs.length; at += 8) rows.push(verbs.slice(at, at + 8).join(' '));
  session.replyLines(214, 'Commands:', rows, 'HELP command tells the syntax.');
}

function one(session: Session, commands: ReadonlyMap<string, Command>, argument: string): void {
  const { verb, argument: sub } = parseCommand(argument);
  const command = session.knows(verb) ? commands.get(verb) : undefined;
  const syntax = verb === 'SITE' && sub !== '' ? siteSyntax.get(sub.toUpperCase()) : command?.syntax;
  if (syntax === undefined) throw new Refusal(501, 'Unknown command.');
  session.reply(214, `Syntax: ${syntax}`);
}
