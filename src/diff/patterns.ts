/** gitignore patterns, checked when they are read and cheap on any number of paths. */
import ignore, { type Ignore } from 'ignore';
import { ConfigError, type EntryKind, printable, type RelPath } from '../model/index.ts';

// `ignore` remembers its answer for every path it was ever asked about. A fresh one after so many answers keeps the
// memory flat on a tree of millions; the compiled rules are shared.
const FORGET_AFTER = 20_000;

export class Patterns {
  /** Whether there is no pattern at all (blank lines and comments are none). */
  readonly empty: boolean;
  readonly #rules: Ignore;
  #matcher: Ignore;
  #asked = 0;

  /** `origin` says in messages where the patterns come from. Throws a ConfigError that names the bad one. */
  constructor(patterns: readonly string[], origin: string) {
    const lines = patterns.map((pattern) => checked(pattern, origin)).filter((line) => line !== '');
    this.empty = lines.length === 0;
    this.#rules = fresh().add(lines);
    this.#matcher = fresh().add(this.#rules);
  }

  /** Whether the path, or a directory it is in, is matched. */
  match(path: RelPath, kind: EntryKind): boolean {
    if (this.empty) return false;
    if (++this.#asked % FORGET_AFTER === 0) this.#matcher = fresh().add(this.#rules);
    const name = composed(path);
    return this.#matcher.ignores(kind === 'directory' ? `${name}/` : name);
  }
}

/**
 * The same on every system, as the paths on a server are: names that differ in case are two names. Unicode
 * normalisation on the other hand must not matter, or one file would be in scope on one side only.
 */
function fresh(): Ignore {
  return ignore({ ignorecase: false });
}

function composed(text: string): string {
  return /[^\0-\x7f]/.test(text) ? text.normalize('NFC') : text;
}

function checked(pattern: string, origin: string): string {
  if (typeof pattern !== 'string') throw new ConfigError(`${origin}: a pattern must be text, not ${typeof pattern}`);
  const line = composed(pattern.replace(/^\ufeff/, '').replace(/\r?\n?$/, ''));
  if (line.trim() === '' || line.startsWith('#')) return '';
  const refuse = (why: string): ConfigError =>
    new ConfigError(`${origin}: the pattern '${printable(line)}' cannot be used: ${why}`);
  if (/[\r\n]/.test(line)) throw refuse('it holds a line break; write two patterns');
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(line)) throw refuse('it ends in a single backslash; write two to mean one');
  if (/^!?\/*$/.test(line)) throw refuse('it names nothing');
  try {
    fresh().add(line).ignores('a/b');
  } catch (cause) {
    throw new ConfigError(refuse(String(cause)).message, { cause });
  }
  return line;
}
