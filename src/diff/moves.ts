/**
 * Files and directories that only changed their name at the source: renamed at the destination, instead of sent once
 * more and deleted. Pure: the content of what looks moved is hashed by whoever asks.
 *
 * A file is taken for moved if it has the size, the inode and the time that were agreed on, and the content too: where
 * times are set by a program (archives, reproducible builds) a new file can be given all of these by chance.
 */
import {
  type Action,
  type Agreement,
  comparePaths,
  type DeleteAction,
  isWithin,
  lineage,
  type MkdirAction,
  parentOf,
  type RelPath,
  type RenameAction,
  type TransferAction,
} from '../model/index.ts';

export interface Steps {
  readonly mkdirs: readonly MkdirAction[];
  readonly transfers: readonly TransferAction[];
  readonly deletes: readonly DeleteAction[];
}

/** What has a new name, by that name; with what was agreed on under the old one. */
export type Candidates = ReadonlyMap<RelPath, Agreement>;

/**
 * Uploads of files that look like ones that are to be deleted. `vanished`: what was agreed about those.
 * `mayMove`: whether what is under one name may be given another; not one that has to wait for others.
 */
export function moveCandidates(
  { transfers, deletes }: Steps,
  vanished: readonly Agreement[],
  mayMove: (from: RelPath, to: RelPath) => boolean,
): Candidates {
  if (vanished.length === 0) return new Map();
  const going = new Set(deletes.filter(isPlainFile).map(({ path }) => path));
  const old = new Map<string, Agreement | null>();
  for (const agreed of vanished) {
    const key = keyOf(agreed.local);
    // Hard links: whichever it was, the other one is gone.
    if (key !== undefined && going.has(agreed.path)) old.set(key, old.has(key) ? null : agreed);
  }
  const found = new Map<string, TransferAction | null>();
  for (const transfer of transfers) {
    const key = keyOf(transfer.source);
    if (key === undefined || !old.has(key)) continue;
    found.set(key, found.has(key) ? null : transfer);
  }
  const candidates = new Map<RelPath, Agreement>();
  for (const [key, transfer] of found) {
    const agreed = old.get(key);
    if (!agreed || !transfer || transfer.action !== 'upload') continue;
    if (transfer.reason !== 'new' || transfer.replaces !== null || transfer.alias !== undefined) continue;
    if (mayMove(agreed.path, transfer.path) && isTelling(transfer, agreed)) candidates.set(transfer.path, agreed);
  }
  return candidates;
}

/** A time that no program made up, on a file too large to have been hashed. */
function isTelling(transfer: TransferAction, { sha256 }: Agreement): boolean {
  return sha256 !== undefined || /^\d+\.\d/.test(transfer.source.stamps.stat ?? '');
}

function keyOf({ size, stamps }: { readonly size: number; readonly stamps: Agreement['local']['stamps'] }) {
  return stamps.stat === undefined ? undefined : `${size} ${stamps.stat}`;
}

function isPlainFile({ action, kind, side }: DeleteAction): boolean {
  return action === 'delete' && kind === 'file' && side === 'remote';
}

/**
 * The steps with renames in the place of what they save. `sha256`: of every candidate that has one agreed on; null
 * where it could not be read.
 */
export function withMoves(
  steps: Steps,
  candidates: Candidates,
  sha256: ReadonlyMap<RelPath, string | null>,
): Steps & { readonly moves: readonly RenameAction[] } {
  const from = new Map<RelPath, RelPath>();
  for (const [path, agreed] of candidates) {
    if (agreed.sha256 === undefined || sha256.get(path) === agreed.sha256) from.set(path, agreed.path);
  }
  if (from.size === 0) return { ...steps, moves: [] };
  const removals = new Map(steps.deletes.filter(({ side }) => side === 'remote').map((one) => [one.path, one]));
  const directories = wholeDirectories(steps, from, removals);
  const moves: RenameAction[] = directories.map(({ old, now }) => ({
    ...moveOf(old, now, removals.get(old)!),
    instead: [
      ...steps.mkdirs.filter(({ path }) => isWithin(path, now)),
      ...steps.transfers.filter(({ path }) => isWithin(path, now)),
      ...steps.deletes.filter(({ path }) => isWithin(path, old)),
    ],
  }));
  const covered = (path: RelPath) => directories.some(({ now }) => isWithin(path, now));
  for (const transfer of steps.transfers) {
    const old = from.get(transfer.path);
    if (old === undefined || covered(transfer.path)) continue;
    const removal = removals.get(old)!;
    moves.push({ ...moveOf(old, transfer.path, removal), instead: [transfer, removal] });
  }
  const saved = new Set<Action>(moves.flatMap(({ instead = [] }) => instead));
  return {
    mkdirs: steps.mkdirs.filter((one) => !saved.has(one)),
    transfers: steps.transfers.filter((one) => !saved.has(one)),
    deletes: steps.deletes.filter((one) => !saved.has(one)),
    moves: moves.sort((a, b) => comparePaths(a.path, b.path)),
  };
}

function moveOf(from: RelPath, path: RelPath, { expected }: DeleteAction): RenameAction {
  return { action: 'rename', side: 'remote', from, path, reason: 'moved', expected };
}

interface Moved {
  readonly old: RelPath;
  readonly now: RelPath;
}

/** Directories of which everything moved, and nothing else is in them, old or new. The topmost only. */
function wholeDirectories(
  { mkdirs, transfers, deletes }: Steps,
  from: ReadonlyMap<RelPath, RelPath>,
  removals: ReadonlyMap<RelPath, DeleteAction>,
): Moved[] {
  const news = new Map<RelPath, number>();
  const example = new Map<RelPath, RelPath>();
  for (const { path } of [...mkdirs, ...transfers]) {
    for (const at of lineage(path)) {
      news.set(at, (news.get(at) ?? 0) + 1);
      if (from.has(path) && !example.has(at)) example.set(at, path);
    }
  }
  const olds = new Map<RelPath, number>();
  for (const { path, side } of deletes) {
    if (side === 'remote') for (const at of lineage(path)) olds.set(at, (olds.get(at) ?? 0) + 1);
  }
  const whole: Moved[] = [];
  for (const { path: now, side } of [...mkdirs].sort((a, b) => comparePaths(a.path, b.path))) {
    const one = example.get(now);
    if (side !== 'remote' || one === undefined || whole.some((found) => isWithin(now, found.now))) continue;
    const below = one.slice(now.length);
    const source = from.get(one)!;
    if (!source.endsWith(below)) continue;
    const old = source.slice(0, -below.length) as RelPath;
    if (news.get(now) !== olds.get(old) || removals.get(old)?.kind !== 'directory') continue;
    // A directory cannot move into itself, and its new parent must be there by the time it moves.
    if (isWithin(now, old) || isWithin(old, now) || removals.has(parentOf(now))) continue;
    const was = (path: RelPath) => (old + path.slice(now.length)) as RelPath;
    const allMoved =
      transfers.every(({ path }) => !isWithin(path, now) || from.get(path) === was(path)) &&
      mkdirs.every(({ path }) => !isWithin(path, now) || isGoing(removals.get(was(path))));
    if (allMoved) whole.push({ old, now });
  }
  return whole;
}

function isGoing(removal: DeleteAction | undefined): boolean {
  return removal?.action === 'delete' && removal.kind === 'directory';
}
