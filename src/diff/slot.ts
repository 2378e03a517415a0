/** What is decided at a time. */
import type { Agreement, Entry, RelPath } from '../model/index.ts';

/** One name, with what it stands for on each of the three trees. */
export interface Slot {
  readonly path: RelPath;
  readonly alias?: RelPath;
  readonly local: Entry | null;
  readonly remote: Entry | null;
  readonly agreed?: Agreement;
  /** What the server calls it still: only the case of its name changed here since both agreed. */
  readonly recased?: RelPath;
}
