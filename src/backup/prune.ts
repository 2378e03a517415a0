/** Lets old snapshots go, by the rules of `keep`: the newest never, and nothing that is no snapshot. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Keep, type KeepRule, retention } from '../diff/index.ts';
import { localError } from '../local/failure.ts';
import { removingIn, type Snapshot, syncFolder } from './store.ts';

export interface Verdict {
  readonly snapshot: Snapshot;
  readonly stays: boolean;
  /** Which rules keep it. */
  readonly rules: readonly KeepRule[];
}

/** Says of each snapshot whether it stays: the newest does by any rule, and all do where there are none. */
export function judge(snapshots: readonly Snapshot[], keep: Keep = {}): readonly Verdict[] {
  const times = snapshots.map(({ time }) => time);
  return retention(times, keep).map((retained, index) => ({ snapshot: snapshots[index]!, ...retained }));
}

/**
 * Removes a snapshot. It loses its name first, so that one that is half removed is never taken for a whole one.
 * @throws LocalError.
 */
export async function removeSnapshot(home: string, { name, root }: Pick<Snapshot, 'name' | 'root'>): Promise<void> {
  const grave = join(removingIn(home), name);
  try {
    await mkdir(removingIn(home), { recursive: true });
    if (existsSync(grave)) await rm(grave, { recursive: true, force: true });
    await rename(root, grave);
    await syncFolder(home);
    await rm(grave, { recursive: true, force: true });
  } catch (error) {
    throw localError(error, 'remove the snapshot', root);
  }
}

/** Removes what an earlier removal that was cut off has left. @throws LocalError. */
export async function sweepRemoved(home: string): Promise<void> {
  try {
    await rm(removingIn(home), { recursive: true, force: true });
  } catch (error) {
    throw localError(error, 'remove', removingIn(home));
  }
}
