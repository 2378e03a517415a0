/** Listings as a client asks for them: lines, names, or facts; and what counts as a whole one. */
import { LostError, ProtocolError } from '../../model/errors.ts';
import { printable } from '../../model/path.ts';
import type { Connection } from './connection.ts';
import { LineSink } from './pieces.ts';
import type { Transfers } from './transfers.ts';

/** Bytes in the longest line of a listing. */
const LONGEST = 16 * 1024;

/** One line of MLSD (RFC 3659, 7): a name and what is said about it. */
export interface MlsdEntry {
  readonly name: string;
  /** The facts as the server wrote them, by their names in lower case: `type`, `size` (bytes), `modify` (UTC), ... */
  readonly facts: ReadonlyMap<string, string>;
}

/**
 * The lines of LIST, NLST or MLSD. One that broke off is asked for again; broken off twice alike under TLS, though the
 * server confirmed it, it is taken for this server's way to end. Rejects with a LostError otherwise.
 */
export async function listing(connection: Connection, transfers: Transfers, command: string): Promise<string[]> {
  const { knowledge } = connection.site;
  const first = await fetch(connection, transfers, command);
  if (first.endedWell || knowledge.endsAbruptly) return first.lines;
  const second = await fetch(connection, transfers, command);
  if (second.endedWell) return second.lines;
  // Without TLS there is no way to end abruptly by habit.
  if (!connection.session.secure || first.lines.join('\n') !== second.lines.join('\n')) {
    throw new LostError('the listing was cut off: its data connection did not end as it should');
  }
  knowledge.endsAbruptly = true;
  return second.lines;
}

async function fetch(connection: Connection, transfers: Transfers, command: string) {
  const lines: string[] = [];
  const sink = new LineSink(connection.site, LONGEST, (line) => void lines.push(line));
  const { endedWell } = await transfers.receive(command, 'A', sink, { watchEnd: true });
  await sink.end();
  return { lines, endedWell };
}

/** `type=file;size=12; a name`: facts, those that are wanted; one space; and the name with whatever is in it. */
export function mlsdEntry(line: string, wanted?: ReadonlySet<string>): MlsdEntry {
  const space = line.indexOf(' ');
  if (space < 0) throw strange(line);
  const facts = new Map<string, string>();
  for (const fact of line.slice(0, space).split(';')) {
    if (fact === '') continue;
    const equals = fact.indexOf('=');
    if (equals <= 0) throw strange(line);
    const name = fact.slice(0, equals).toLowerCase();
    if (!wanted || wanted.has(name)) facts.set(name, fact.slice(equals + 1));
  }
  return { name: line.slice(space + 1), facts };
}

function strange(line: string): ProtocolError {
  return new ProtocolError(`MLSD sent a line that is none of its own: ${printable(line)}`);
}
