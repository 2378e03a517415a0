/** What the hand tools work with: one server, and where they tell what happens. */
import type { Problem, Remote, Tell } from '../model/index.ts';

export interface Work {
  readonly remote: Remote;
  /** The server and the folder that paths begin in, as text: what is written down about paths holds there only. */
  readonly realm: string;
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** Says what went wrong with one path; the others go on. */
  readonly problem: (problem: Problem) => void;
}
