/** What is in scope. A filtered path does not exist for Ferry on any of the three trees. */
import { type EntryKind, isTemporary, nameOf, type RelPath, ROOT, toRelPath } from '../model/index.ts';
import { Patterns } from './patterns.ts';

/** The file in the local root that holds rules of its own. */
export const IGNORE_FILE = toRelPath('.ferryignore');

export interface FilterRules {
  /** gitignore patterns; not empty: only files that match one are in scope. */
  readonly include: readonly string[];
  /** gitignore patterns; they win over `include`. */
  readonly exclude: readonly string[];
  /** The lines of the local root's `.ferryignore`. */
  readonly ignoreFiles: readonly string[];
}

// What Ferry itself keeps at the root of a pair: state, kept versions, locks. The root of one job may lie below another's.
const OWN = /(?:^|\/)\.ferry(?:-lock[^/]*)?(?:\/|$)/;

export class Filter {
  readonly #include: Patterns;
  readonly #exclude: Patterns;
  readonly #ignored: Patterns;

  /** Throws a ConfigError that names the pattern. */
  constructor(rules: FilterRules) {
    this.#include = new Patterns(rules.include, 'include');
    this.#exclude = new Patterns(rules.exclude, 'exclude');
    // Apart from `exclude`, so that a `!pattern` in the folder cannot bring back what the job excludes.
    this.#ignored = new Patterns(rules.ignoreFiles, '.ferryignore');
  }

  /** Directories are in scope whatever `include` says: what it asks for may lie in them. */
  admits(path: RelPath, kind: EntryKind): boolean {
    if (path === ROOT) return true;
    if (OWN.test(path) || isTemporary(nameOf(path))) return false;
    if (this.#exclude.match(path, kind) || this.#ignored.match(path, kind)) return false;
    return kind === 'directory' || this.wants(path, kind);
  }

  /**
   * Whether a directory is wanted for itself. Under `include` most are only ways to what may lie in them: such a one is
   * neither made nor removed on its own account.
   */
  wants(path: RelPath, kind: EntryKind): boolean {
    return this.#include.empty || this.#include.match(path, kind);
  }
}
