/** What a job says of its releases, as the steps of a run take it. */

import type { ActOptions, Maintenance } from '../act/acting.ts';
import type { Tally } from '../act/tally.ts';
import { Versions } from '../act/versions.ts';
import { secretsMask } from '../config/index.ts';
import type { JobSettings } from '../config/settings.ts';
import type { Keep } from '../diff/index.ts';
import { agreeBut, runHook } from '../hooks/index.ts';
import { HookError, type Pair, type Tell } from '../model/index.ts';

export interface ReleaseContext {
  readonly pair: Pair;
  readonly tell: Tell;
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly now: Date;
}

export function releaseOptions(
  job: JobSettings,
  context: ReleaseContext,
): Pick<ActOptions, 'staged' | 'maintenance' | 'versions'> {
  const keep = keepOf(job);
  return {
    staged: job.release === 'staged',
    maintenance: maintenanceOf(job, context),
    versions: keep ? new Versions({ ...context, job: job.name, keep }) : undefined,
  };
}

/**
 * Which states of the remote folder stay; undefined where a push keeps none. `keepVersions` is so many pushes that can be
 * taken back, so that with what is there now it is one more.
 */
export function keepOf({ direction, keepVersions = 0, backup }: JobSettings): Keep | undefined {
  if (direction !== 'push') return undefined;
  const last = keepVersions > 0 ? { last: keepVersions + 1 } : undefined;
  if (!backup) return last;
  const { keep = {} } = backup;
  if (!last || Object.keys(keep).length === 0) return keep;
  return { ...keep, last: Math.max(last.last, keep.last ?? 0) };
}

function maintenanceOf(job: JobSettings, { tell, tally, signal }: ReleaseContext): Maintenance | undefined {
  const { maintenance } = job;
  if (!maintenance) return undefined;
  const { timeout, folder } = maintenance;
  const { mask } = secretsMask();
  const about = { job: job.name, direction: job.direction, local: job.local, remote: job.remoteUrl, summary: null };
  const run = async (part: 'enter' | 'leave', stopping?: AbortSignal) => {
    for (const argv of maintenance[part]) {
      await runHook(argv, { ...about, hook: `maintenance ${part}` }, { tell, mask, timeout, folder, signal: stopping });
    }
  };
  return {
    async enter() {
      try {
        await run('enter', signal);
      } catch (error) {
        // Some of it may have taken effect.
        await run('leave').catch((failure: Error) => tell({ type: 'warning', message: failure.message }));
        if (!(error instanceof HookError)) throw error;
        throw new HookError('before', `${error.message}; nothing was published`, { cause: error });
      }
    },
    // Whatever stops the run: nobody wants to stay in maintenance.
    async leave() {
      try {
        await run('leave');
      } catch (error) {
        if (!(error instanceof HookError)) throw error;
        tell({ type: 'warning', message: error.message });
        tally.afterwards = agreeBut(error.message);
      }
    },
  };
}
