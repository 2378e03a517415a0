/** Puts the decisions of a whole walk together: settles what spans directories, and brings the actions in order. */
import type { Action, Conflict, Direction, Problem, Untouched } from '../model/index.ts';
import type { Decision } from './decide.ts';
import type { Order } from './order.ts';

export interface Assembled {
  /** In the order in which they may be carried out. */
  readonly actions: readonly Action[];
  readonly conflicts: readonly Conflict[];
  readonly problems: readonly Problem[];
  readonly untouched: Untouched;
  readonly links: number;
  readonly total: { readonly source: number; readonly destination: number };
  /** Removals that the guard counts, by the side they happen on: files, and whatever makes way for another kind. */
  readonly deletes: { readonly local: number; readonly remote: number };
}

/**
 * Takes decisions one by one, a directory before those below it. Keeps the actions and forgets the rest; `learned` and
 * `forgotten` are the caller's to write down.
 */
export class Collector {
  constructor(_direction: Direction, _order?: Order) {}
  add(_decision: Decision): void {}
  finish(): Assembled {
    throw new Error('not yet');
  }
}

export function assemble(parts: Iterable<Decision>, direction: Direction, order?: Order): Assembled {
  const collector = new Collector(direction, order);
  for (const part of parts) collector.add(part);
  return collector.finish();
}
