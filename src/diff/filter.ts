/** What is in scope. A filtered path does not exist for Ferry on any of the three trees. */
import type { EntryKind, RelPath } from '../model/index.ts';

export interface FilterRules {
  /** gitignore patterns; not empty: only files that match one are in scope. */
  readonly include: readonly string[];
  /** gitignore patterns; they win over `include`. */
  readonly exclude: readonly string[];
  /** The lines of the local root's `.ferryignore`. */
  readonly ignoreFiles: readonly string[];
}

export class Filter {
  /** Throws a ConfigError that names the pattern. */
  constructor(_rules: FilterRules) {}
  admits(_path: RelPath, _kind: EntryKind): boolean {
    return true;
  }
}
