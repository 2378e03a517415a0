/** What a run is going to do, as data: it can be printed, saved, reviewed and applied later. */
import type { Fingerprint, Side } from './entry.ts';
import type { RelPath } from './path.ts';
import type { Problem } from './problem.ts';

/** `push`: to the server. `pull`: from it. `sync`: both ways. */
export type Direction = 'push' | 'pull' | 'sync';

/** Why an action is in the plan; a plan is shown grouped by these. */
export type Reason =
  | 'new'
  | 'changed'
  | 'drift'
  | 'kind changed'
  | 'deleted at the source'
  | 'not at the source'
  | 'directory of a new file'
  | 'conflict'
  | 'moved'
  | 'rolled back'
  /** Somebody said so, by a hand tool. */
  | 'asked for';

/** What must still be true of one side when the action is carried out; null: nothing is there. */
export type Expectation = Fingerprint | null;

interface Step {
  readonly path: RelPath;
  readonly reason: Reason;
}

/** What changes one side alone. */
interface OneSided extends Step {
  readonly side: Side;
  /** The name on the other side, as it is or was agreed on, where it is another: in Unicode form, or in case. */
  readonly alias?: RelPath;
}

/** Copies a file's content. `to` is the side that is written. */
export interface TransferAction extends Step {
  readonly action: 'upload' | 'download';
  /** Bytes. */
  readonly size: number;
  readonly source: Fingerprint;
  /** What is under the final name now; null when nothing is. */
  readonly replaces: Expectation;
  /** When the source's content last changed, in ms since the epoch, UTC; null where nothing said. */
  readonly mtime: number | null;
  readonly mode?: number;
  /** The name on the other side where it is another: in Unicode form, or in case on a server to which that is one. */
  readonly alias?: RelPath;
}

/** A directory that is made. */
export interface MkdirAction extends OneSided {
  readonly action: 'mkdir';
}

/** Removes one file, link or empty directory. Nothing is ever removed recursively. */
export interface DeleteAction extends OneSided {
  /** `replace`: it makes way for something of another kind at the same path. */
  readonly action: 'delete' | 'replace';
  readonly kind: 'file' | 'directory';
  readonly expected: Fingerprint;
}

/** A file, or a directory with all that is in it, that gets another name on one side; no bytes travel. */
export interface RenameAction extends Step {
  readonly action: 'rename';
  readonly side: Side;
  readonly from: RelPath;
  readonly expected: Fingerprint;
  /** It is a directory of which only the case of its name changed. */
  readonly directory?: true;
  /**
   * Of a file or directory that moved at the source: what would have to be done without the rename, which is what is
   * done if the server refuses it, or if anything in it is no longer as it was seen.
   */
  readonly instead?: readonly (MkdirAction | TransferAction | DeleteAction)[];
}

/** One step of a plan, with its reason and what must still be true when it is carried out. */
export type Action = TransferAction | MkdirAction | DeleteAction | RenameAction;

export function isTransfer(action: Action): action is TransferAction {
  return action.action === 'upload' || action.action === 'download';
}

/** A path whose two sides changed to different content, with no rule that settles it. */
export interface Conflict {
  readonly path: RelPath;
  readonly local: Fingerprint | null;
  readonly remote: Fingerprint | null;
}

/** Whether a plan is refused, to be safe, and why. */
export interface Guard {
  readonly refused: boolean;
  /** Each with its numbers and the flag that allows it. */
  readonly reasons: readonly string[];
}

/** How many paths a plan looked at and left alone. */
export interface Untouched {
  /** Files that are the same on both sides. */
  readonly unchanged: number;
  /** Of those, files of which only the size could be compared. */
  readonly sameBySize: number;
  /** Things on the destination that are not at the source and stay. */
  readonly kept: number;
}

/** What a run would do: sorted, versioned, and the same as JSON. */
export interface Plan {
  readonly version: 1;
  /** The job's name, or `source destination`. */
  readonly job: string;
  readonly direction: Direction;
  /** Absolute path of the local folder. */
  readonly local: string;
  /** URL of the remote folder, without the password. */
  readonly remote: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** In the order in which they may be carried out. */
  readonly actions: readonly Action[];
  readonly conflicts: readonly Conflict[];
  readonly problems: readonly Problem[];
  readonly untouched: Untouched;
  readonly guard: Guard;
}
