/** Applies the rules of `keep` to the snapshots of a job, whenever that is asked for. */
import type { JobSettings } from '../config/settings.ts';
import { type Tell, UsageError } from '../model/index.ts';
import { lockJob, waitingFor } from '../sync/index.ts';
import { judge, removeSnapshot, sweepRemoved, type Verdict } from './prune.ts';
import { homeOf, lockStore, type Oddity, readStore } from './store.ts';

export interface PruneOptions {
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly dryRun?: boolean;
  readonly stateBase?: string;
  /** Told of each that stays or goes, oldest first, once it is gone. */
  readonly onVerdict: (verdict: Verdict) => void;
}

/** @throws UsageError where the job has no rules; LockError while a backup is under way; LocalError. */
export async function prune(job: JobSettings, options: PruneOptions): Promise<readonly Oddity[]> {
  const home = homeOf(job);
  const { signal, dryRun = false, onVerdict } = options;
  const { keep } = job.backup ?? {};
  if (keep === undefined || Object.keys(keep).length === 0) {
    throw new UsageError(
      `the job ${job.name} keeps all its snapshots; "backup": { "keep": { "daily": 7, "weekly": 4 } } says which ones are to stay`,
    );
  }
  const scene = { tell: options.tell, signal };
  const lock = dryRun ? undefined : await waitingFor(() => lockJob(job, options.stateBase), job, scene);
  try {
    const own = dryRun ? undefined : await waitingFor(() => lockStore(home, job.name), job, scene);
    try {
      if (!dryRun) await sweepRemoved(home);
      const { snapshots, oddities } = await readStore(home);
      for (const verdict of judge(snapshots, keep)) {
        signal.throwIfAborted();
        if (!verdict.stays && !dryRun) await removeSnapshot(home, verdict.snapshot);
        onVerdict(verdict);
      }
      return oddities;
    } finally {
      await own?.release();
    }
  } finally {
    await lock?.release();
  }
}
