/**
 * The folder that a restore writes. One restore at a time: two would write into each other's temporary files. The lock is
 * kept with what this machine remembers, as the folder is to hold what is restored and nothing else.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  isAside,
  isTemporary,
  type Local,
  LockError,
  nameOf,
  parentOf,
  printable,
  type RelPath,
  ROOT,
} from '../model/index.ts';
import { acquireLock, inspectLock, type Lock, stateFolder } from '../state/index.ts';

export interface Holding {
  readonly job: string;
  /** Where states are kept; the user's state folder otherwise. */
  readonly stateBase?: string | undefined;
  /** What is brought: what an earlier restore of these files left, as it was killed, goes. */
  readonly paths: Iterable<RelPath>;
}

/**
 * Holds the folder while something is brought to it. Where nothing can be written down on this machine, as in a rescue
 * system, it is brought all the same.
 * @throws LockError where another restore is at it; whatever `bring` throws.
 */
export async function holding(
  target: Local,
  { job, stateBase, paths }: Holding,
  bring: () => Promise<void>,
): Promise<void> {
  const lock = await lockOf(target.root, job, stateBase);
  try {
    if (lock) await sweep(target, paths);
    await bring();
  } finally {
    await lock?.release();
  }
}

async function lockOf(root: string, job: string, stateBase: string | undefined): Promise<Lock | undefined> {
  const key = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const folder = join(stateBase ?? stateFolder(process.env), 'restores', key);
  try {
    return await acquireLock(folder, { job });
  } catch (error) {
    if (!(error instanceof LockError)) return undefined;
    const state = await inspectLock(folder);
    const by = state.held ? `, by process ${state.owner.pid} on ${printable(state.owner.host)}` : '';
    const message = `another restore into ${printable(root)} is under way${by}; wait for it, or restore to another folder`;
    throw new LockError(message, { cause: error });
  }
}

/** Temporary files beside the names that are brought. LIMIT: not those of names so long that theirs are cut. */
async function sweep(target: Local, paths: Iterable<RelPath>): Promise<void> {
  // What `local/case` tries the folder with may be left, too.
  const names = new Map<RelPath, Set<string>>([[ROOT, new Set(['case'])]]);
  for (const path of paths) {
    const own = names.get(parentOf(path)) ?? new Set();
    names.set(parentOf(path), own.add(nameOf(path)));
  }
  for (const [directory, own] of names) {
    const { entries } = await target.list(directory).catch(() => ({ entries: [] }));
    for (const { path, kind } of entries) {
      const name = nameOf(path);
      if (kind !== 'file' || !isTemporary(name) || isAside(name)) continue;
      if (own.has(name.slice(1, -'.12345678.ferry'.length))) await target.remove(path);
    }
  }
}
