/** The two sides of a job and what is remembered about them: what every step of a run works on. */
import type { Local } from './local.ts';
import type { Memory } from './memory.ts';
import type { Remote } from './remote.ts';

export interface Pair {
  readonly local: Local;
  readonly remote: Remote;
  readonly memory: Memory;
}
