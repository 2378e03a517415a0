/** Turns what went wrong with one path into a Problem that says what to do about it. */
import {
  ChangingError,
  FerryError,
  LocalError,
  LostError,
  MismatchError,
  NameError,
  type Problem,
  type ProblemCode,
  ProtocolError,
  type RelPath,
  ReplyError,
  type Side,
  StaleError,
} from '../model/index.ts';

/** One side has no room for anything more. */
export class FullError extends Error {}

/** The reply codes by which a server says that there is no room (RFC 959, 4.2.2). */
export function isFull(error: unknown): boolean {
  if (error instanceof FullError) return true;
  if (error instanceof ReplyError) return error.reply === 452 || error.reply === 552;
  return error instanceof LocalError && (error.errno === 'ENOSPC' || error.errno === 'EDQUOT');
}

const ENDS_RUN = new Set(['connect', 'login', 'tls', 'too-many-connections', 'state', 'lock', 'limit', 'interrupted']);

/** Whether a failure is about no path in particular: no other path would fare better. */
export function endsRun(error: unknown): boolean {
  return error instanceof FerryError && ENDS_RUN.has(error.code);
}

/** How servers say that it is about rights; 550 alone may mean anything. */
const FORBIDS = /permi(ssion|tted)|privilege|denied|not allowed|unauthori[sz]ed|forbidden/i;
const MAY = 'see what this user may do there on the server';

export function problemOf(error: unknown, path: RelPath, side: Side): Problem {
  const said = error instanceof Error ? error.message : String(error);
  const message = error instanceof ReplyError && FORBIDS.test(error.text) ? `${said}; ${MAY}` : said;
  return { path, side, code: codeOf(error), message };
}

function codeOf(error: unknown): ProblemCode {
  if (isFull(error)) return 'full';
  if (error instanceof NameError) return 'name';
  if (error instanceof ChangingError || error instanceof StaleError) return 'changing';
  if (error instanceof MismatchError) return 'mismatch';
  if (error instanceof LostError) return 'connection';
  if (error instanceof LocalError) return error.errno === 'EACCES' || error.errno === 'EPERM' ? 'unreadable' : 'failed';
  if (error instanceof ReplyError) return error.retryable ? 'connection' : 'refused';
  return 'failed';
}

/** Whether the connection is gone, so that nothing else will succeed on it either. */
export function isConnectionGone(error: unknown): boolean {
  if (error instanceof ReplyError) return error.reply === 421;
  return error instanceof LostError || error instanceof ProtocolError || endsRun(error);
}
