/**
 * Gives files and directories on the server the names that they have here by now. Just before, both sides are looked at
 * once more; where anything is not as it was seen, or the server refuses, what the rename would have saved is done
 * instead: the new is sent, the old deleted.
 */
import { directoryAgreement } from '../diff/index.ts';
import {
  type Action,
  type Fingerprint,
  fingerprintOf,
  isTransfer,
  isWithin,
  type Lane,
  type RelPath,
  type RenameAction,
  ReplyError,
  StaleError,
} from '../model/index.ts';
import { allTentatively, type Outcome, sameVersion } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { isStillExpected } from './expectation.ts';
import { isConnectionGone } from './failure.ts';
import { listRemote } from './listings.ts';
import { inPasses, type Pass } from './passes.ts';

type Instead = NonNullable<RenameAction['instead']>[number];

/** Resolves with what has to be done instead. */
export async function actOnMoves(acting: Acting, moves: readonly RenameAction[]): Promise<Instead[]> {
  const instead: Instead[] = [];
  const refused: RenameAction[] = [];
  const sound: RenameAction[] = [];
  for (const move of moves) {
    if (!acting.isBlocked(move.path) && (await isAsSeen(acting, move))) sound.push(move);
    else refused.push(move);
  }
  const tried = new Set<RenameAction>();
  await inPasses(acting, sound, (pass) => moveAll(acting, pass, tried, (move) => refused.push(move)));
  for (const move of refused) {
    if (tried.has(move) && isDirectory(move) && (await isMoved(acting, move))) {
      await remember(acting, move);
      acting.done(move);
    } else instead.push(...(move.instead ?? []));
  }
  return instead;
}

/**
 * The reply to an attempt that succeeded may have been lost with its connection. Somebody else may have made what has the
 * new name, so every file has to be there.
 */
async function isMoved(acting: Acting, { from, path, instead = [] }: RenameAction): Promise<boolean> {
  const { pair, signal } = acting.options;
  const files = instead.filter(isTransfer);
  const expected = new Map(instead.flatMap((one) => ('expected' in one ? [[one.path, one.expected] as const] : [])));
  const [old, now, ...held] = await pair.remote.sight([from, path, ...files.map((file) => file.path)], signal);
  if (old?.found !== 'absent' || now?.found !== 'present') return false;
  return files.every((file, index) => {
    const sighting = held[index];
    const was = expected.get((from + file.path.slice(path.length)) as RelPath);
    return sighting?.found === 'present' && was !== undefined && sameVersion(fingerprintOf(sighting.entry), was);
  });
}

async function moveAll(
  acting: Acting,
  { left, failures }: Pass<RenameAction>,
  tried: Set<RenameAction>,
  giveUp: (move: RenameAction) => void,
): Promise<void> {
  const { pair, signal } = acting.options;
  if (left.size === 0) return;
  const lane = await pair.remote.lane(signal);
  try {
    for (const move of [...left]) {
      signal.throwIfAborted();
      acting.started(move);
      const again = tried.has(move);
      tried.add(move);
      try {
        await moveOne(acting, lane, move, again);
        await remember(acting, move);
        left.delete(move);
        acting.done(move);
      } catch (error) {
        if (isConnectionGone(error)) throw error;
        if (error instanceof ReplyError && error.retryable) {
          failures.set(move, error);
          continue;
        }
        if (!(error instanceof ReplyError || error instanceof StaleError)) throw error;
        left.delete(move);
        giveUp(move);
      }
    }
  } finally {
    lane.release();
  }
}

async function moveOne(acting: Acting, lane: Lane, move: RenameAction, again: boolean): Promise<void> {
  const { from, path, expected } = move;
  if (isDirectory(move)) return renameTentatively(acting, lane, move, again);
  // RACE: what comes to lie under the new name between this look and the rename is written over.
  const [now, there] = await Promise.all([lane.find(from), lane.find(path)]);
  if (now === null && there && sameVersion({ size: there.size ?? 0, stamps: there.stamps }, expected)) return;
  if (there !== null) throw new StaleError('something has the new name on the server by now');
  if (now === null) throw new StaleError('it is gone from the server since it was listed');
  if (!sameVersion({ size: now.size ?? 0, stamps: now.stamps }, expected)) {
    throw new StaleError('it changed on the server since it was listed');
  }
  await renameTentatively(acting, lane, move, again);
}

/**
 * All names are journalled first: should the new ones go here before the reply came, they would pass for somebody else's,
 * and should the old ones come back, they would pass for removed on the server.
 */
async function renameTentatively(acting: Acting, lane: Lane, move: RenameAction, again: boolean): Promise<void> {
  const { memory } = acting.options.pair;
  await allTentatively(memory, await outcomes(acting, move), again, () => lane.rename(move.from, move.path));
}

/** In one write: a kill leaves either all or nothing. */
async function remember(acting: Acting, move: RenameAction): Promise<void> {
  const { memory } = acting.options.pair;
  const all = await outcomes(acting, move);
  await Promise.all(all.map(({ path, outcome }) => (outcome ? memory.learn(outcome) : memory.forget(path))));
}

/** What was agreed about each file holds under its new name; there is nothing under an old one. */
async function outcomes(acting: Acting, { from, path, instead = [] }: RenameAction): Promise<Outcome[]> {
  const { memory } = acting.options.pair;
  const olds = new Map<RelPath, RelPath>();
  for (const one of instead) if (isTransfer(one)) olds.set(one.path, (from + one.path.slice(path.length)) as RelPath);
  const agreed = new Map(
    await Promise.all([...olds.values()].map(async (old) => [old, await memory.get(old)] as const)),
  );
  return instead.flatMap((one): Outcome[] => {
    if (one.action === 'mkdir') return [{ path: one.path, outcome: directoryAgreement(one.path) }];
    if (!isTransfer(one)) return [{ path: one.path, outcome: null }];
    const was = agreed.get(olds.get(one.path)!);
    if (was?.kind !== 'file') return [];
    return [{ path: one.path, outcome: { ...was, path: one.path, local: stampedOnDisk(one.source) } }];
  });
}

/** A saved plan knows its sources by their content, too. */
function stampedOnDisk({ size, stamps: { stat } }: Fingerprint): Fingerprint {
  return { size, stamps: stat === undefined ? {} : { stat } };
}

/** Whether both sides are still what the plan saw. */
async function isAsSeen(acting: Acting, move: RenameAction): Promise<boolean> {
  const { pair } = acting.options;
  const { instead = [], path } = move;
  try {
    for (const one of instead) {
      if (isTransfer(one)) await isStillExpected(pair, one.path, one.source);
    }
    return !isDirectory(move) || (await holdsWhatWasSeen(acting, move, instead, path));
  } catch (error) {
    if (error instanceof StaleError) return false;
    throw error;
  }
}

/** Whether a directory on the server, and each one in it, holds exactly what the plan was going to delete. */
async function holdsWhatWasSeen(
  acting: Acting,
  { from }: RenameAction,
  instead: readonly Action[],
  path: RelPath,
): Promise<boolean> {
  const { pair, signal, attempts } = acting.options;
  const seen = new Map(instead.flatMap((one) => ('kind' in one ? [[one.path, one] as const] : [])));
  for (const { path: directory, kind } of seen.values()) {
    if (kind !== 'directory') continue;
    const listing = await listRemote(pair, directory, signal, attempts);
    if (!listing || listing.incomplete !== undefined || listing.problems.length > 0) return false;
    for (const entry of listing.entries) {
      const was = seen.get(entry.path);
      if (was?.kind !== entry.kind) return false;
      if (was.kind === 'file' && !sameVersion(fingerprintOf(entry), was.expected)) return false;
    }
  }
  const [sighting] = await pair.remote.sight([path], signal);
  return sighting?.found === 'absent' && seen.has(from);
}

function isDirectory({ from, instead = [] }: RenameAction): boolean {
  return instead.some((one) => 'kind' in one && one.kind === 'directory' && isWithin(from, one.path));
}
