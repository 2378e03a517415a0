/** Which files wait until the others are in place, as `index.html` does. */
import type { RelPath } from '../model/index.ts';

export class Order {
  /** gitignore patterns, in the order in which what matches them goes last. Throws a ConfigError. */
  constructor(_patterns: readonly string[]) {}
  /** 0: need not wait; otherwise the number of its pattern, from 1: after everything with a smaller rank. */
  rank(_path: RelPath): number {
    return 0;
  }
}
