/** The order in which actions may be carried out. */
import {
  type Action,
  comparePaths,
  type DeleteAction,
  type MkdirAction,
  type RenameAction,
  type TransferAction,
} from '../model/index.ts';
import type { Order } from './order.ts';

export interface Steps {
  readonly mkdirs: readonly MkdirAction[];
  /** What clears a name for something else. */
  readonly renames: readonly RenameAction[];
  /** What only gets another name. */
  readonly moves: readonly RenameAction[];
  readonly transfers: readonly TransferAction[];
  readonly deletes: readonly DeleteAction[];
}

/**
 * Renames first, as they clear names; then directories, parents first, each file that makes way for one right before
 * it, and what moves into them; then files; then removals, children before parents.
 */
export function sequence(steps: Steps, order?: Order): Action[] {
  const key = ({ side, path }: { readonly side: string; readonly path: string }) => `${side}:${path}`;
  const makingWay = new Map<string, DeleteAction>();
  const removals: DeleteAction[] = [];
  for (const action of steps.deletes) {
    if (action.action === 'replace' && action.kind === 'file') makingWay.set(key(action), action);
    else removals.push(action);
  }
  const mkdirs = [...steps.mkdirs].sort((a, b) => comparePaths(a.path, b.path));
  return [
    ...[...steps.renames].sort((a, b) => comparePaths(a.path, b.path)),
    ...mkdirs.flatMap((action): Action[] => {
      const first = makingWay.get(key(action));
      return first ? [first, action] : [action];
    }),
    ...steps.moves,
    ...inRanks(steps.transfers, order),
    ...removals.sort((a, b) => comparePaths(b.path, a.path)),
  ];
}

/** Files that nothing holds back, then each rank of those that wait. */
function inRanks(transfers: readonly TransferAction[], order?: Order): TransferAction[] {
  const ranks = new Map<number, TransferAction[]>();
  for (const action of transfers) {
    const rank = order?.rank(action.path) ?? 0;
    const group = ranks.get(rank);
    if (group) group.push(action);
    else ranks.set(rank, [action]);
  }
  return [...ranks].sort(([a], [b]) => a - b).flatMap(([, group]) => interleave(group));
}

/** Bytes from which on a file counts as large: moving it takes longer than all that goes with it. */
const LARGE = 1024 * 1024;

/**
 * The largest, a small one, the second largest, another small one, and so on: large files start early, so that none is
 * left alone at the end, and small ones keep the other connections busy meanwhile. The small ones go directory by
 * directory: each is then opened, and made durable, once.
 */
function interleave(transfers: readonly TransferAction[]): TransferAction[] {
  const byPath = [...transfers].sort((a, b) => comparePaths(a.path, b.path));
  const small = byPath.filter(({ size }) => size < LARGE);
  const large = byPath.filter(({ size }) => size >= LARGE).sort((a, b) => b.size - a.size);
  const both = Math.min(small.length, large.length);
  const mixed = large.slice(0, both).flatMap((action, index) => [action, small[index]!]);
  return [...mixed, ...large.slice(both), ...small.slice(both)];
}
