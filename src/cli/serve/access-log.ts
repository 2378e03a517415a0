/** The access log: what clients did, for people as lines, for programs as JSON. No event holds a password. */
import { printable } from '../../model/index.ts';
import { bytesText, durationText } from '../../report/index.ts';
import type { About, AboutTransfer, ServerEvents } from '../../server/index.ts';

type Name = keyof ServerEvents;
type Event<N extends Name> = ServerEvents[N][0];

/** From which verbosity on an event is told: 0 is what was done, 1 who came and went, 2 every command. */
const LEVELS: Readonly<Record<Name, number>> = {
  connect: 1,
  disconnect: 1,
  logout: 1,
  command: 2,
  login: 0,
  loginFailed: 0,
  stored: 0,
  sent: 0,
  incompleteStored: 0,
  incompleteSent: 0,
  deleted: 0,
  renamed: 0,
  folderMade: 0,
  folderRemoved: 0,
  modeChanged: 0,
  timeChanged: 1,
  problem: -1,
};

/** What is not told at a level. */
export function unsaidAt(level: number): Name[] {
  return (Object.keys(LEVELS) as Name[]).filter((name) => LEVELS[name] > level);
}

/** One line for a person, or undefined below its level: `2026-11-21T14:50:02Z #3 ann 192.0.2.7 stored /in/a (1.2 MB, 0.3 s)`. */
export function logLine(name: Name, event: Event<Name>, level: number): string | undefined {
  if (LEVELS[name] > level) return undefined;
  const time = `${event.time.slice(0, 19)}Z`;
  if (name === 'problem') return `${time} problem: ${printable(problemText(event as Event<'problem'>))}`;
  const { session, user, address } = event as About;
  const who = `#${session} ${printable(user ?? '-')} ${address}`;
  return `${time} ${who} ${printable(WORDS[name](event as never))}`;
}

const WORDS: { readonly [N in Exclude<Name, 'problem'>]: (event: Event<N>) => string } = {
  connect: () => 'connected',
  disconnect: ({ bytesReceived, bytesSent }) =>
    `gone (${bytesText(bytesReceived)} received, ${bytesText(bytesSent)} sent)`,
  login: ({ secure }) => `logged in${secure ? ' over TLS' : ''}`,
  loginFailed: ({ name }) => `login refused: wrong name or password for ${name}`,
  logout: () => 'logged out',
  command: ({ verb, argument, code, milliseconds }) =>
    `${code || '---'} ${argument === '' ? verb : `${verb} ${argument}`} (${milliseconds.toFixed(1)} ms)`,
  stored: (event) => `stored ${event.path}${amount(event)}`,
  sent: (event) => `sent ${event.path}${amount(event)}`,
  incompleteStored: (event) => `upload broke off: ${event.path}${amount(event)}: ${event.reason}`,
  incompleteSent: (event) => `download broke off: ${event.path}${amount(event)}: ${event.reason}`,
  deleted: ({ path }) => `deleted ${path}`,
  renamed: ({ path, from }) => `renamed ${from} to ${path}`,
  folderMade: ({ path }) => `made the folder ${path}`,
  folderRemoved: ({ path }) => `removed the folder ${path}`,
  modeChanged: ({ path, mode }) => `changed the mode of ${path} to ${mode.toString(8)}`,
  timeChanged: ({ path, mtime }) => `set the time of ${path} to ${mtime}`,
};

/** One JSON object: `type`, then the event's own facts. */
export function jsonLine(name: Name, event: Event<Name>): string {
  if (name !== 'problem') return JSON.stringify({ type: name, ...event });
  const problem = event as Event<'problem'>;
  return JSON.stringify({ type: name, time: problem.time, message: problemText(problem) });
}

function amount({ bytes, resumedFrom, milliseconds }: AboutTransfer): string {
  const from = resumedFrom > 0 ? ` from ${bytesText(resumedFrom)} on` : '';
  return ` (${bytesText(bytes)}${from}, ${durationText(milliseconds / 1000)})`;
}

function problemText({ message, cause }: Event<'problem'>): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
