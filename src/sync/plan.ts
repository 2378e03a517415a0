/** Makes the plan of a job: what a run would do and why, with the guard's verdict. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withExactSources } from '../act/exact-sources.ts';
import type { JobSettings } from '../config/settings.ts';
import { Filter, guard, IGNORE_FILE } from '../diff/index.ts';
import {
  ConfigError,
  type Guard,
  type Pair,
  type Plan,
  printable,
  type RelPath,
  ROOT,
  type Tell,
} from '../model/index.ts';
import { withContents } from './contents.ts';
import { type Observed, observe } from './observe.ts';
import { refuseRemoteFile } from './single-file.ts';

export interface PlanOptions {
  readonly pair: Pair;
  readonly job: JobSettings;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly learn: boolean;
  /** Whether the plan is to hold in other checkouts of the same content. */
  readonly contents?: boolean;
  /** What the plan is about, where it is not about everything. */
  readonly batch?: Batch;
  /** In the place of the guard; for test benches. */
  readonly guard?: typeof guard;
}

/** Some paths of a job, each with all that is below it. */
export interface Batch {
  readonly paths: readonly RelPath[];
  /** The most files that were known of late: many small removals are one large one. */
  readonly peak: number;
  /** Told how many files are known, where that was counted. */
  readonly counted: (known: number) => void;
}

/** The plan, and what else was seen on the way. */
export interface Planned {
  readonly plan: Plan;
  readonly observed: Observed;
}

/** @throws ConfigError for a pattern that cannot be read; what ends a run (a lost server, an abort). */
export async function makePlan(options: PlanOptions): Promise<Planned> {
  const { pair, job, tell, signal, learn, batch, contents = pair.memory.travels } = options;
  const { guard: judge = guard } = options;
  const now = Date.now();
  const filter = await filterOf(job, job.home ?? pair.local.root);
  let baselineTotal = batch ? Number(!pair.memory.empty) : await pair.memory.count();
  const only = batch && { only: batch.paths };
  const observed = await observe({ pair, job, filter, tell, signal, learn, now, ...only });
  if (observed.missing.remote) await refuseRemoteFile(pair.remote, job, signal);
  let seen: Counted = observed;
  // All that is known is counted only where something hangs on it.
  if (batch && observed.deletes.local + observed.deletes.remote > 0) {
    baselineTotal = await pair.memory.count();
    seen = await asPartOfAll(observed, batch, baselineTotal, pair, filter);
  } else if (batch) seen = { ...observed, total: { source: 1, destination: 0, baseline: 0 } };
  const { direction } = job;
  const asking = { remote: pair.remote, direction, attempts: job.retries + 1, signal };
  const actions = await withExactSources(observed.actions, asking);
  const plan: Plan = {
    version: 1,
    job: job.name,
    direction,
    local: job.local,
    remote: job.remoteUrl,
    madeAt: new Date(now).toISOString(),
    actions: contents ? await withContents(actions, pair.local, direction, signal) : actions,
    conflicts: observed.conflicts,
    problems: observed.problems,
    untouched: observed.untouched,
    guard: verdict(job, seen, baselineTotal, judge),
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

/** What is in scope of a job, by its configuration and the `.ferryignore` of the folder. @throws ConfigError. */
export async function filterOf(job: Pick<JobSettings, 'include' | 'exclude'>, root: string): Promise<Filter> {
  return new Filter({ include: job.include, exclude: job.exclude, ignoreFiles: await ignoreLines(root) });
}

type Counted = Pick<Observed, 'total' | 'deletes' | 'missing'>;

/**
 * What a batch saw, in proportion to the whole. A local folder that is gone or empty is no source, however few of its
 * paths the batch is about.
 */
async function asPartOfAll(
  { deletes, missing }: Observed,
  batch: Batch,
  known: number,
  pair: Pair,
  filter: Filter,
): Promise<Counted> {
  batch.counted(known);
  const peak = Math.max(batch.peak, known);
  const total = { source: peak, destination: peak, baseline: peak };
  // Looked at last: it may have been unmounted while the batch was walked.
  const root = await pair.local.list(ROOT).catch(() => null);
  const holds = root?.entries.some(({ path, kind }) => filter.admits(path, kind)) ?? false;
  // What came meanwhile makes up for what went: a build that gives its files new names loses nothing.
  const more = (count: number) => (count === 0 ? 0 : count + peak - known);
  return {
    total: holds ? total : { ...total, source: 0 },
    deletes: { local: more(deletes.local), remote: more(deletes.remote) },
    missing: { ...missing, local: missing.local || root === null },
  };
}

function verdict(job: JobSettings, observed: Counted, baselineTotal: number, judge: typeof guard): Guard {
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
    source: job.local,
  });
  const onLocal = judge({
    ...common,
    deletes: deletes.local,
    destinationTotal: direction === 'sync' ? total.source : total.destination,
    sourceTotal: direction === 'sync' ? total.destination : total.source,
    // A remote folder that is gone, though there was an agreement about it, is not to be taken for an emptied one.
    sourceMissing: missing.remote && (direction === 'pull' || (direction === 'sync' && baselineTotal > 0)),
    source: job.remoteUrl,
  });
  if (direction === 'push') return onRemote;
  if (direction === 'pull') return onLocal;
  return {
    refused: onRemote.refused || onLocal.refused,
    reasons: [...new Set([...onRemote.reasons, ...onLocal.reasons])],
  };
}

async function ignoreLines(root: string): Promise<string[]> {
  const file = join(root, IGNORE_FILE);
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code;
    throw new ConfigError(
      `${printable(file)} cannot be read (${why}), so it is not known what is to be left out, and nothing was done; give the user that runs Ferry the right to read the folder and this file`,
      { cause: error },
    );
  }
}
