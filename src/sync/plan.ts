/** Makes the plan of a job: what a run would do and why, with the guard's verdict. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSettings } from '../config/settings.ts';
import { Filter, guard } from '../diff/index.ts';
import type { Guard, Plan, Tell } from '../model/index.ts';
import { withContents } from './contents.ts';
import { type Observed, observe } from './observe.ts';
import type { Pair } from './pair.ts';

export interface PlanOptions {
  readonly pair: Pair;
  readonly job: JobSettings;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly learn: boolean;
  /** Whether the plan is to hold in other checkouts of the same content. */
  readonly contents?: boolean;
  /** In the place of the guard; for test benches. */
  readonly guard?: typeof guard;
}

/** The plan, and what else was seen on the way. */
export interface Planned {
  readonly plan: Plan;
  readonly observed: Observed;
}

/** @throws ConfigError for a pattern that cannot be read; what ends a run (a lost server, an abort). */
export async function makePlan(options: PlanOptions): Promise<Planned> {
  const { pair, job, tell, signal, learn, contents = pair.memory.travels } = options;
  const { guard: judge = guard } = options;
  const now = Date.now();
  const ignoreFiles = await ignoreLines(pair.local.root);
  const filter = new Filter({ include: job.include, exclude: job.exclude, ignoreFiles });
  const baselineTotal = await pair.memory.count();
  const observed = await observe({ pair, job, filter, tell, signal, learn, now });
  const { actions } = observed;
  const plan: Plan = {
    version: 1,
    job: job.name,
    direction: job.direction,
    local: job.local,
    remote: job.remoteUrl,
    madeAt: new Date(now).toISOString(),
    actions: contents ? await withContents(actions, pair.local, job.direction, signal) : actions,
    conflicts: observed.conflicts,
    problems: observed.problems,
    untouched: observed.untouched,
    guard: verdict(job, observed, baselineTotal, judge),
  };
  tellPlan(plan, tell);
  return { plan, observed };
}

/** Tells what a plan holds, in numbers. */
export function tellPlan(plan: Plan, tell: Tell): void {
  const counts = { upload: 0, download: 0, mkdir: 0, delete: 0, rename: 0, replace: 0 };
  let bytes = 0;
  for (const action of plan.actions) {
    counts[action.action]++;
    if ('size' in action) bytes += action.size;
  }
  tell({ type: 'plan', counts, bytes, conflicts: plan.conflicts.length, guard: plan.guard });
}

function verdict(job: JobSettings, observed: Observed, baselineTotal: number, judge: typeof guard): Guard {
  const { direction, maxDelete, allowEmptySource = false } = job;
  const { total, deletes, missing } = observed;
  // Where a source's listing cannot be trusted, no delete is planned to begin with.
  // Where nothing was agreed on yet, a sync is a union: a side that is empty is filled, and empties nothing.
  const union = direction === 'sync' && baselineTotal === 0;
  const common = { baselineTotal, sourceIncomplete: [], maxDelete, allowEmptySource: allowEmptySource || union };
  const onRemote = judge({
    ...common,
    deletes: deletes.remote,
    destinationTotal: total.destination,
    sourceTotal: total.source,
    sourceMissing: direction === 'push' && missing.local,
  });
  const onLocal = judge({
    ...common,
    deletes: deletes.local,
    destinationTotal: direction === 'sync' ? total.source : total.destination,
    sourceTotal: direction === 'sync' ? total.destination : total.source,
    // A remote folder that is gone, though there was an agreement about it, is not to be taken for an emptied one.
    sourceMissing: missing.remote && (direction === 'pull' || (direction === 'sync' && baselineTotal > 0)),
  });
  if (direction === 'push') return onRemote;
  if (direction === 'pull') return onLocal;
  return {
    refused: onRemote.refused || onLocal.refused,
    reasons: [...new Set([...onRemote.reasons, ...onLocal.reasons])],
  };
}

async function ignoreLines(root: string): Promise<string[]> {
  try {
    return (await readFile(join(root, '.ferryignore'), 'utf8')).split(/\r?\n/);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
