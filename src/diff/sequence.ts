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
  readonly renames: readonly RenameAction[];
  readonly transfers: readonly TransferAction[];
  readonly deletes: readonly DeleteAction[];
}

/**
 * Renames first, as they clear names; then directories, parents first, each file that makes way for one right before
 * it; then files; then removals, children before parents.
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

/**
 * The largest, the smallest, the second largest, the second smallest, and so on: large files start early, so that none
 * is left alone at the end, and small ones keep the other connections busy meanwhile.
 */
function interleave(transfers: readonly TransferAction[]): TransferAction[] {
  const sorted = [...transfers].sort((a, b) => b.size - a.size || comparePaths(a.path, b.path));
  return sorted.map((_, index) => sorted[index % 2 === 0 ? index / 2 : sorted.length - (index + 1) / 2]!);
}
