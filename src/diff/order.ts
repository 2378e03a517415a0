/** Which files wait until the others are in place, as `index.html` does. */
import type { RelPath } from '../model/index.ts';
import { Patterns } from './patterns.ts';

export class Order {
  readonly #groups: readonly Patterns[];

  /** gitignore patterns, in the order in which what matches them goes last. Throws a ConfigError. */
  constructor(patterns: readonly string[]) {
    this.#groups = patterns.map((pattern) => new Patterns([pattern], 'order'));
  }

  /** 0: need not wait; otherwise the number of its pattern, from 1: it goes after everything of a smaller rank. */
  rank(path: RelPath): number {
    return this.#groups.findIndex((group) => group.match(path, 'file')) + 1;
  }
}
