// What a command is, and how a line is taken apart.
import type { Session } from '../session.ts';

export interface Command {
  readonly verb: string;
  /** For HELP and for 501. */
  readonly syntax: string;
  readonly argument: 'none' | 'optional' | 'required';
  /** Whether it is answered before login. */
  readonly beforeLogin?: boolean;
  /**
   * Replies on the session; throws a Refusal, or the file system's own error, where it cannot do what was asked. The next
   * command waits for the promise.
   */
  readonly run: (session: Session, argument: string) => void | Promise<void>;
}

/** The verb in capitals, and everything behind one space: a name may begin or end with spaces. */
export function parseCommand(line: string): { verb: string; argument: string } {
  const space = line.indexOf(' ');
  if (space < 0) return { verb: line.toUpperCase(), argument: '' };
  return { verb: line.slice(0, space).toUpperCase(), argument: line.slice(space + 1) };
}
