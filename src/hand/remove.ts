/** Removing files and folders on a server. Never through a link: what a link leads to stays. */

import { isConnectionGone, problemOf } from '../act/failure.ts';
import { type Entry, FerryError, type Lane, type RelPath, ReplyError, ROOT } from '../model/index.ts';
import { each } from './each.ts';
import { lookAt } from './look.ts';
import type { Match } from './pattern.ts';
import type { Work } from './work.ts';

/** How many removals are on their way before their answers are waited for. */
const TOGETHER = 128;

export interface RemoveRules {
  readonly recursive?: boolean;
  /** Whether what is not there is no problem. */
  readonly force?: boolean;
  /** Nothing is removed, but told. */
  readonly dryRun?: boolean;
  /** Told of each path that is gone, or would be. */
  readonly removed: (path: RelPath, kind: Entry['kind']) => void;
}

/** Removes files, and with `recursive` folders with all that is in them. */
export async function remove(work: Work, matches: readonly Match[], rules: RemoveRules): Promise<void> {
  await each(work, matches, async ({ path, entry }) => {
    if (path === ROOT) throw new FerryError('usage', 'this is the top of what can be seen here; it is never removed');
    const seen = entry ?? (await lookAt(work.remote, path, work.signal));
    if (!seen) {
      if (rules.force) return;
      throw new FerryError('reply', 'there is no such file on the server');
    }
    if (seen.kind === 'directory' && !rules.recursive) {
      throw new FerryError(
        'usage',
        'it is a folder, which rm -r removes with all that is in it, rmdir when it is empty',
      );
    }
    if (seen.kind === 'directory') await removeFolder(work, path, rules);
    else await removeFiles(work, [seen], rules);
  });
}

/** Whether all of it is gone. */
async function removeFolder(work: Work, path: RelPath, rules: RemoveRules): Promise<boolean> {
  const { remote, signal } = work;
  // Some servers list a link to a folder as the folder that it leads to. A link goes by DELE, and on Windows by RMD,
  // while what is in it stays; a real folder with something in it refuses both.
  if (!rules.dryRun && (await unlinked(work, path))) {
    rules.removed(path, 'directory');
    return true;
  }
  const listing = await refusable(work, path, () => remote.list(path, signal));
  if (!listing) return false;
  for (const problem of listing.problems) work.problem(problem);
  const files = listing.entries.filter(({ kind }) => kind !== 'directory');
  let gone = await removeFiles(work, files, rules);
  for (const { path: folder } of listing.entries.filter(({ kind }) => kind === 'directory')) {
    signal.throwIfAborted();
    gone = (await removeFolder(work, folder, rules)) && gone;
  }
  if (!gone) return false;
  const remove = () => onLane(work, (lane) => lane.removeDirectory(path)).then(() => true);
  if (!rules.dryRun && !(await refusable(work, path, remove))) return false;
  rules.removed(path, 'directory');
  return true;
}

/** Undefined where the server refused: that is said, and everything beside it goes on. */
async function refusable<T>(work: Work, path: RelPath, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ReplyError) || isConnectionGone(error)) throw error;
    work.problem(problemOf(error, path, 'remote'));
    return undefined;
  }
}

async function unlinked(work: Work, path: RelPath): Promise<boolean> {
  return onLane(work, async (lane) => {
    const tries = await Promise.allSettled([lane.remove(path), lane.removeDirectory(path)]);
    for (const one of tries) {
      if (one.status === 'rejected' && !(one.reason instanceof ReplyError)) throw one.reason;
    }
    return tries.some(({ status }) => status === 'fulfilled');
  });
}

/** Whether all of them are gone. */
async function removeFiles(work: Work, files: readonly Entry[], rules: RemoveRules): Promise<boolean> {
  if (rules.dryRun) {
    for (const { path, kind } of files) rules.removed(path, kind);
    return true;
  }
  return onLane(work, async (lane) => {
    let gone = true;
    for (let at = 0; at < files.length; at += TOGETHER) {
      work.signal.throwIfAborted();
      const some = files.slice(at, at + TOGETHER);
      const answers = await Promise.allSettled(some.map(({ path }) => lane.remove(path)));
      for (const [index, answer] of answers.entries()) {
        const { path, kind } = some[index]!;
        if (answer.status === 'fulfilled') {
          rules.removed(path, kind);
          continue;
        }
        if (!(answer.reason instanceof ReplyError)) throw answer.reason;
        gone = false;
        work.problem(problemOf(answer.reason, path, 'remote'));
      }
    }
    return gone;
  });
}

/** Removes empty folders. */
export async function removeFolders(
  work: Work,
  matches: readonly Match[],
  removed: (path: RelPath) => void,
): Promise<void> {
  await each(work, matches, async ({ path }) => {
    await onLane(work, (lane) => lane.removeDirectory(path));
    removed(path);
  });
}

/** Borrows a connection for one piece of work. */
export async function onLane<T>({ remote, signal }: Work, act: (lane: Lane) => Promise<T>): Promise<T> {
  const lane = await remote.lane(signal);
  try {
    return await act(lane);
  } finally {
    lane.release();
  }
}
