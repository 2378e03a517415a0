/** The one place where failures become exit codes. Scripts rely on these numbers. */
import { FerryError, InterruptedError } from './errors.ts';

export const EXIT = {
  /** Both sides agree on everything in scope. */
  agreed: 0,
  /** An error nobody foresaw. */
  unforeseen: 1,
  usage: 2,
  /** Some paths failed, or an `after` hook did; the rest is done. */
  incomplete: 3,
  /** Refused by a guard, or by a `before` hook. */
  refused: 4,
  /** Could not connect, log in, or agree on TLS. */
  connect: 5,
  locked: 6,
  stale: 7,
  /** Differences were found (`verify`, `plan --exit-code`). */
  different: 8,
  /** Stopped by its own limit. */
  limit: 9,
  interrupted: 130,
  terminated: 143,
} as const;

/** The exit code that a failure which ended a run stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  if (!(error instanceof FerryError)) return EXIT.unforeseen;
  switch (error.code) {
    case 'usage':
    case 'config':
    case 'name':
      return EXIT.usage;
    case 'guard':
    case 'hook':
      return EXIT.refused;
    case 'connect':
    case 'login':
    case 'tls':
    case 'too-many-connections':
    case 'lost':
      return EXIT.connect;
    case 'lock':
      return EXIT.locked;
    case 'stale':
      return EXIT.stale;
    case 'limit':
      return EXIT.limit;
    case 'reply':
    case 'protocol':
    case 'changing':
    case 'mismatch':
    case 'local':
      return EXIT.incomplete;
    case 'state':
    case 'interrupted':
      return EXIT.unforeseen;
  }
}
