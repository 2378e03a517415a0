/** The one place where failures become exit codes. Scripts rely on these numbers. */
import { FerryError, InterruptedError, StateError } from './errors.ts';

/** The exit codes of the command line, by name. */
export const EXIT = {
  /** Both sides agree on everything in scope. */
  agreed: 0,
  /** An error nobody foresaw. */
  unforeseen: 1,
  /** The command line or the configuration is not right. */
  usage: 2,
  /** Some paths failed; the rest is done. */
  incomplete: 3,
  /** Refused by a guard, or by a `before` hook. */
  refused: 4,
  /** Could not connect, log in, or agree on TLS. */
  connect: 5,
  /** Another run holds the lock. */
  locked: 6,
  /** The world changed since the plan was made. */
  stale: 7,
  /** Differences were found (`verify`, `plan --exit-code`). */
  different: 8,
  /** Stopped by its own limit. */
  limit: 9,
  /** Stopped by SIGINT, or by an AbortSignal. */
  interrupted: 130,
  /** Stopped by SIGTERM. */
  terminated: 143,
} as const;

/** The exit code that a failure which ended a run stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  if (!(error instanceof FerryError)) return EXIT.unforeseen;
  if (error instanceof StateError && error.unsaved) return EXIT.incomplete;
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
