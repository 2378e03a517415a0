/** One run per job on this machine. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, LockError, printable, StateError, systemReason } from '../model/index.ts';
import {
  dropLockFile,
  type Held,
  lifeOfHolder,
  readLockFile,
  removeLockFile,
  sweepBeside,
  takeLockFile,
} from './lock-file.ts';
import { type Owner, thisOwner } from './owner.ts';
import { noRoom } from './room.ts';

const NAME = 'lock';

export interface Lock {
  /** Gives the lock back. Safe to call twice. */
  release(): Promise<void>;
}

export type LockState =
  | { readonly held: false }
  | {
      readonly held: true;
      readonly owner: Owner;
      /** `dead`: no run holds it any more. `unseen`: on another machine or in another container, so nobody knows. */
      readonly life: 'alive' | 'dead' | 'unseen';
    };

/**
 * Takes the lock in a job's folder, which is made if it is missing. A dead owner's lock is taken over. Rejects with a
 * LockError that names who holds it.
 */
export async function acquireLock(directory: string, { job }: { readonly job: string }): Promise<Lock> {
  const path = join(directory, NAME);
  const attempt = await attemptIn(directory, async () => {
    await makeFolder(directory);
    return takeLockFile(path, thisOwner(job));
  });
  if (!attempt.won) throw new LockError(`another run of ${printable(job)} holds its lock: ${sayHeld(attempt.by, job)}`);
  await sweepBeside(path, Date.now()).catch(() => {}); // only tidiness
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= dropLockFile(path, attempt.id);
      return released;
    },
  };
}

/** Who holds the lock in a job's folder, if anyone. */
export async function inspectLock(directory: string): Promise<LockState> {
  const held = await attemptIn(directory, () => readLockFile(join(directory, NAME)));
  return held ? { held: true, owner: held.owner, life: lifeOfHolder(held) } : { held: false };
}

export interface BreakOptions {
  /** Told who holds it: whether someone made sure that nobody does, where that cannot be seen from here. Default: no. */
  readonly sure?: (holder: string) => Promise<boolean>;
  /** Told who held it, before it is removed. */
  readonly say?: (holder: string) => void;
}

/**
 * Removes a lock that no run holds any more; false if there is none. What is removed is the very lock that was asked
 * about. @throws LockError if a run holds it, or if that cannot be seen from here and nobody is sure.
 */
export async function breakLock(directory: string, options: BreakOptions = {}): Promise<boolean> {
  const { sure = async () => false, say = () => {} } = options;
  const path = join(directory, NAME);
  return attemptIn(directory, async () => {
    const held = await readLockFile(path);
    if (!held) return false;
    const life = lifeOfHolder(held);
    if (life === 'alive' || (life === 'unseen' && !(await sure(sayOwner(held))))) {
      throw new LockError(`the lock was not removed: ${sayHeld(held, held.owner.job)}`);
    }
    say(sayOwner(held));
    return removeLockFile(path, held, thisOwner(held.owner.job));
  });
}

function sayOwner({ owner }: Held): string {
  const { pid, host, since } = owner;
  if (pid === 0) return 'who knows whom: it does not say';
  return `process ${pid} on ${printable(host)}, since ${since}`;
}

function sayHeld(held: Held, job: string): string {
  const who = sayOwner(held);
  const unlock = `ferry unlock ${printable(job)}`.trim();
  if (lifeOfHolder(held) === 'alive') {
    return `${who}. Wait for it, or stop it; should it be gone, "${unlock}" removes the lock`;
  }
  return `${who}. It cannot be seen from here whether it still runs; make sure that it does not, then "${unlock} --yes"`;
}

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ENOTSUP']);

/** Not a lock that somebody holds: nobody could hold one there. */
function unwritable(directory: string, error: unknown): ConfigError | StateError {
  const full = noRoom(error, directory);
  if (full) return full;
  return new ConfigError(
    `Ferry cannot keep its state in ${printable(directory)}: ${systemReason(error)}; make that folder writable, or set FERRY_STATE to one that is`,
    { cause: error },
  );
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(directory, error);
  }
}

async function attemptIn<T>(directory: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof LockError || error instanceof ConfigError || error instanceof StateError) throw error;
    if (UNWRITABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw unwritable(directory, error);
    throw new LockError(`cannot use the lock in ${directory}: ${(error as Error).message}`);
  }
}
