/** One pass over a job: observe, decide, act, remember, tell. */
import { listRemote } from '../act/listings.ts';
import type { Tally } from '../act/tally.ts';
import type { JobSettings } from '../config/settings.ts';
import { GuardError, type Pair, type Problem, printable, ROOT, type Summary } from '../model/index.ts';
import { retrying } from '../queue/index.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { mendSwaps, settleTentatives } from '../transfer/index.ts';
import { carryOut } from './carry-out.ts';
import { type Conducted, conduct, type PassOptions } from './conduct.ts';
import { sweepAbandoned, sweepLeftovers } from './leftovers.ts';
import { mendAsides } from './mend-asides.ts';
import type { Observed } from './observe.ts';
import { makeRoot } from './remote-side.ts';
import { NO_SNAPSHOT, type SnapshotSteps } from './snapshot-steps.ts';

/**
 * Makes the destination like the source. Never rejects for what a run may meet: the summary, which is also the last
 * event, carries the exit code and says why.
 */
export function run(job: JobSettings, options: PassOptions): Promise<Summary> {
  return conduct(job, options, async ({ pair, planned, tally, signal, tell, begin }) => {
    // Before anything is looked at: a file that lies aside must not be taken for a deleted one.
    if (!options.dryRun) await mend(pair, job, tally, signal);
    let { plan, observed } = await planned();
    // A pull changes nothing on the server.
    if (!options.dryRun && job.direction !== 'pull' && observed.asides.length > 0) {
      const mending = { pair, tell, signal, locked: job.serverLock !== undefined };
      if (await mendAsides(observed.asides, mending)) ({ plan, observed } = await planned());
    }
    options.onPlan?.(plan);
    tally.planned(plan);
    tally.withheld = sayWithheld(observed);
    if (observed.links > 0) {
      tell({ type: 'warning', message: `${observed.links} links and special files were left out` });
    }
    if (observed.respelt > 0) {
      const message = `${observed.respelt} names are in other upper and lower case on the server, to which that is one name`;
      tell({ type: 'warning', message });
    }
    if (plan.guard.refused) throw new GuardError(plan.guard.reasons.join('; '));
    if (options.dryRun) return undefined;
    if (plan.actions.length > 0) await begin();
    pair.remote.warm(plan.actions.length);
    if (observed.missing.remote && job.direction !== 'pull') {
      const made = await makeRoot(pair.remote, job, signal);
      if (!made && !(await isEmptyRoot(pair, job, signal))) tally.problem(UNLISTED);
    }
    const sweeping = { salt: job.name, attempts: job.retries + 1, locked: job.serverLock !== undefined };
    if (!options.batch) await sweepLeftovers(pair, plan.actions, observed.stale, signal, sweeping);
    // What a batch does not speak of is not left over. A pull changes nothing on the server.
    else if (job.direction !== 'pull') await sweepAbandoned(pair, signal, sweeping);
    const { direction } = job;
    const only = options.batch && { only: options.batch.paths };
    const now = new Date(options.seams?.now?.() ?? Date.now());
    await carryOut(plan.actions, job, { pair, tally, tell, signal, direction, strict: false, now, ...only });
    if (options.snapshot) await makeSnapshot(options.snapshot, { pair, tally, tell, signal });
    return undefined;
  });
}

async function makeSnapshot(
  steps: SnapshotSteps,
  { tally, ...scene }: Pick<Conducted, 'pair' | 'tally' | 'tell' | 'signal'>,
): Promise<void> {
  if (!tally.agreed || tally.withheld !== undefined) {
    tally.unpublished = [tally.withheld, NO_SNAPSHOT].filter(Boolean).join('; ');
    return;
  }
  const { name, trouble } = await steps.finish(scene);
  tally.snapshot = name;
  tally.afterwards = trouble;
}

/** A refusal is taken for absence there, which writes over nothing; but what else is in it nobody has seen. */
const UNLISTED: Problem = {
  path: ROOT,
  side: 'remote',
  code: 'unreadable',
  message: 'the server would not list the remote folder, as if it were not there, and yet it is: run again',
};

async function isEmptyRoot(pair: Pair, job: JobSettings, signal: AbortSignal): Promise<boolean> {
  const listing = await listRemote(pair, ROOT, signal, job.retries + 1);
  return listing?.incomplete === undefined && (listing?.entries.every(({ path }) => path === OWN_FOLDER) ?? false);
}

/** Directories that a message names at most. */
const MOST_NAMED = 3;

/** Deletes that would have rested on a listing of the source which cannot be trusted; everything else is done. */
function sayWithheld({ withheld, untrusted }: Observed): string | undefined {
  if (withheld === 0) return undefined;
  const named = untrusted
    .slice(0, MOST_NAMED)
    .map(({ path, because }) => `${path === ROOT ? 'its root' : printable(path)} (${printable(because)})`);
  const more = untrusted.length > MOST_NAMED ? ` and ${untrusted.length - MOST_NAMED} more` : '';
  return `${withheld} that may be gone at the source were not deleted, as its listing may be incomplete: ${named.join(', ')}${more}; see to that and run again, or use --delete none`;
}

/**
 * Puts right what an earlier run left half-way where a server cannot rename over an existing file, and finds out what
 * became of the commands whose replies were lost.
 */
async function mend(pair: Pair, job: JobSettings, tally: Tally, signal: AbortSignal): Promise<void> {
  const mending = async () => {
    const left = await mendSwaps(pair.remote, pair.memory, signal);
    await settleTentatives(pair.remote, pair.memory, signal);
    return left;
  };
  const unmended = await retrying(mending, { attempts: job.retries + 1, signal });
  for (const { path, aside, because } of unmended) {
    const message = `its replacement by an earlier run was cut off and cannot be put right now (${because}); the old content is in ${printable(aside)} on the server`;
    // A push brings it back in any case. Otherwise it would be taken for deleted.
    if (job.direction !== 'push') throw new GuardError(`${printable(path)}: ${message}`);
    tally.problem({ path, side: 'remote', code: 'failed', message });
  }
}
