/** Which runs this machine remembers of which jobs, and whether all is well with them. */
import { join } from 'node:path';
import { loadConfig, processSurroundings, resolveJob, secretsMask } from '../config/index.ts';
import { type Direction, EXIT, exitCodeOf, NOTHING_DONE } from '../model/index.ts';
import { beginRun, foldersWithRuns, type PastRun, pastRuns, stateFolder } from '../state/index.ts';
import { stateOf } from '../sync/index.ts';

/** The runs of one job, oldest first. */
export interface JobHistory {
  readonly job: string;
  /** Folder and URL. */
  readonly local: string;
  readonly remote: string;
  readonly direction: Direction;
  readonly runs: readonly PastRun[];
}

/** Where runs are noted that ended before it was known which folders they were about. */
const UNBEGUN = 'not-begun';

/** Notes a run of a named job that could not even begin: its configuration is broken, say. */
export async function noteUnbegun(job: string, direction: Direction, error: unknown): Promise<void> {
  const about = { job, direction, local: process.cwd(), remote: '' };
  const message = error instanceof Error ? error.message : String(error);
  const run = await beginRun(join(stateFolder(process.env), UNBEGUN), about, { mask: secretsMask().mask });
  const summary = { job, exitCode: exitCodeOf(error), message, ...NOTHING_DONE };
  await run.end(summary, { problems: [], sole: false });
}

/**
 * What is remembered of a job, or of all. Where the configuration at hand knows the job, only that one is meant, and
 * not another of the same name.
 */
export async function histories(job: string | undefined, configFile: string | undefined): Promise<JobHistory[]> {
  const base = stateFolder(process.env);
  const own = job === undefined ? undefined : await folderOf(job, configFile);
  const unbegun = await pastRuns(join(base, UNBEGUN));
  const found: JobHistory[] = [];
  for (const folder of await foldersWithRuns(base)) {
    if (folder === join(base, UNBEGUN) || (own !== undefined && folder !== own)) continue;
    const runs = await pastRuns(folder);
    const last = runs.at(-1);
    if (last === undefined || (job !== undefined && last.job !== job)) continue;
    const all = [...runs, ...unbegun.filter((run) => run.job === last.job)];
    found.push({ ...last, runs: all.sort((a, b) => (a.began < b.began ? -1 : 1)) });
  }
  const known = new Set(found.map((history) => history.job));
  for (const name of new Set(unbegun.map((run) => run.job))) {
    const runs = unbegun.filter((run) => run.job === name);
    if (!known.has(name) && (job === undefined || job === name)) found.push({ ...runs.at(-1)!, runs });
  }
  return found;
}

/** The job's own folder; undefined where no configuration at hand can say. */
async function folderOf(job: string, configFile: string | undefined): Promise<string | undefined> {
  const surroundings = processSurroundings();
  try {
    const config = await loadConfig({ file: configFile, surroundings });
    return config?.jobs.has(job) ? stateOf(await resolveJob(config, job, { surroundings })) : undefined;
  } catch {
    // What a broken configuration did to the last runs is just what is asked for.
    return undefined;
  }
}

/** Ends that say nothing about how the job is: another run was under way, or someone stopped it. */
const UNTELLING: ReadonlySet<number> = new Set([EXIT.locked, EXIT.interrupted, EXIT.terminated]);

/** What is wrong with a job, in a sentence; undefined where its last run went well and is no older than allowed. */
export function complaintOf({ runs }: JobHistory, maxAge: number | null, now: number): string | undefined {
  // One that goes on by now may have followed one that was killed, and a watch always ends by being stopped.
  const resumed = runs.at(-1)?.state === 'running';
  const last = runs
    .filter((run) => (run.state === 'ended' ? !UNTELLING.has(run.exitCode ?? 0) : run.state !== 'running' && !resumed))
    .at(-1);
  if (last === undefined) return undefined;
  if (last.state !== 'ended') return 'its last run was cut off';
  if (last.exitCode !== EXIT.agreed) return `its last run ended with exit code ${last.exitCode}`;
  if (last.message !== undefined) return 'its last run was not well, although both sides agree';
  const age = now - Date.parse(last.ended ?? last.began);
  return maxAge !== null && age > maxAge ? 'its last run is longer ago than --max-age allows' : undefined;
}
