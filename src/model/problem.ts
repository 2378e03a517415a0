/** A failure bound to a path. It never reads as absence, and it never stops the other paths. */
import type { Side } from './entry.ts';
import type { RelPath } from './path.ts';

/** What kind of failure it was. */
export type ProblemCode =
  /** The name cannot be carried, or two names are one on the other side. */
  | 'name'
  /** A directory or file could not be read. */
  | 'unreadable'
  /** A line of a listing could not be understood. */
  | 'unparsed'
  /** A listing may be incomplete. */
  | 'incomplete'
  /** Neither file nor directory (a link, a device), so not carried. */
  | 'kind'
  /** The server or the file system refused (550, 553, EACCES). */
  | 'refused'
  /** No room (452, 552, ENOSPC). */
  | 'full'
  /** It kept changing while it was copied. */
  | 'changing'
  /** What arrived is not what was sent. */
  | 'mismatch'
  /** It changed on both sides, and was left as it is. */
  | 'conflict'
  /** The connection failed too often. */
  | 'connection'
  /** Anything else. */
  | 'failed';

/** A failure bound to a path. */
export interface Problem {
  readonly path: RelPath;
  readonly side: Side;
  readonly code: ProblemCode;
  /** What happened and what to do next, without the path. */
  readonly message: string;
}
