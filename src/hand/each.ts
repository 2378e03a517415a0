/** One path after the other: what is wrong with one is said, and the others go on. */

import { isConnectionGone, problemOf } from '../act/failure.ts';
import type { RelPath } from '../model/index.ts';
import type { Work } from './work.ts';

/** @throws what ends it for every path: a lost connection, an interruption. */
export async function each<T extends { readonly path: RelPath }>(
  { problem, signal }: Work,
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  for (const item of items) {
    signal.throwIfAborted();
    try {
      await act(item);
    } catch (error) {
      signal.throwIfAborted();
      if (isConnectionGone(error)) throw error;
      problem(problemOf(error, item.path, 'remote'));
    }
  }
}
