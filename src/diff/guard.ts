/** The last look before anything is touched: would this run remove more than anyone meant to? */
import type { Guard, RelPath } from '../model/index.ts';

export type MaxDelete = { readonly count: number } | { readonly percent: number } | 'default';

export interface GuardInput {
  /** Removals planned on the destination, replacements of kind included. */
  readonly deletes: number;
  /** Files in scope. */
  readonly destinationTotal: number;
  readonly sourceTotal: number;
  readonly baselineTotal: number;
  /** The source's root does not exist. */
  readonly sourceMissing: boolean;
  /** Source directories whose listing could not be trusted and on which a delete would depend. */
  readonly sourceIncomplete: readonly { readonly path: RelPath; readonly because: string }[];
  readonly maxDelete: MaxDelete;
  readonly allowEmptySource?: boolean;
}

export function guard(_input: GuardInput): Guard {
  throw new Error('not yet');
}
