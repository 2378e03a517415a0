/**
 * Takes back what the last release did on the server: what it replaced or deleted comes back from the kept versions, what
 * it added goes. Nothing that anyone touched since is touched, and what goes is kept in turn.
 */

import { Acting } from '../act/acting.ts';
import { type Kept, keptPath, type Manifest } from '../act/manifest.ts';
import { actOnRollback, type TakenBack } from '../act/rollback.ts';
import { VersionShelf } from '../act/version-shelf.ts';
import { Versions } from '../act/versions.ts';
import type { JobSettings } from '../config/settings.ts';
import { guard } from '../diff/index.ts';
import {
  type Fingerprint,
  fingerprintOf,
  GuardError,
  type Pair,
  type Plan,
  type Problem,
  type RelPath,
  type Sighting,
  type Summary,
  UsageError,
} from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { conduct, type RunOptions } from './conduct.ts';
import { tellPlan } from './plan.ts';

/** As `run`, back to what was before the last release. Exit code 3 where something had to be left as it is. */
export function rollback(job: JobSettings, options: RunOptions): Promise<Summary> {
  return conduct(job, { ...options, verb: 'rollback' }, async ({ pair, tally, signal, tell, begin }) => {
    if (job.direction !== 'push') {
      throw new UsageError(`the job ${job.name} is a ${job.direction}; only a push can be rolled back`);
    }
    const now = new Date(options.seams?.now?.() ?? Date.now());
    const about = { pair, job: job.name, keep: {}, tell, signal, now };
    const manifest = await lastRelease(new VersionShelf(about));
    const { steps, problems } = await stepsOf(pair, manifest, signal);
    const plan = await planOf(job, pair, steps, problems);
    tellPlan(plan, tell);
    options.onPlan?.(plan);
    tally.planned(plan);
    if (plan.guard.refused) throw new GuardError(plan.guard.reasons.join('; '));
    if (options.dryRun || steps.length === 0) return undefined;
    await begin();
    const acting = new Acting({
      pair,
      tally,
      tell,
      signal,
      direction: 'push',
      attempts: job.retries + 1,
      limitRate: null,
      chmod: 'none',
      order: job.order,
      strict: true,
    });
    const versions = new Versions({ ...about, rollbackOf: manifest.release });
    await actOnRollback(acting, steps, manifest, versions);
    return undefined;
  });
}

async function lastRelease(shelf: VersionShelf): Promise<Manifest> {
  const takenBack = new Set<string>();
  for (const release of [...(await shelf.releases()).whole].reverse()) {
    if (release.until !== undefined)
      throw new UsageError(
        `the pushes from ${release.release} to ${release.until} can no longer be taken back one by one: "keep" let go what was there in between; "ferry restore" has what was there before them`,
      );
    const manifest = await shelf.read(release);
    // One that was cut off is gone on with: what it did already is found to be done.
    if (manifest.rollbackOf !== undefined) {
      if (manifest.ended) takenBack.add(manifest.rollbackOf);
    } else if (!takenBack.has(manifest.release)) return manifest;
  }
  throw new UsageError(
    takenBack.size > 0
      ? 'every release that is kept was rolled back already; push again to go forward'
      : 'there is no release to roll back: nothing is kept of any; "keepVersions": 3 in the configuration keeps what a push replaces',
  );
}

async function stepsOf(
  pair: Pair,
  { kept, release }: Manifest,
  signal: AbortSignal,
): Promise<{ steps: TakenBack[]; problems: Problem[] }> {
  const files = kept.filter(({ did }) => did !== 'made');
  const asked = [...new Set(files.flatMap((one) => [one.path, one.from ?? keptPath(release, one.path)]))];
  const seen = new Map((await pair.remote.sight(asked, signal)).map((sighting) => [sighting.path, sighting]));
  const steps: TakenBack[] = [];
  const problems: Problem[] = [];
  for (const one of files) {
    const step = await stepOf(pair, one, release, (path) => seen.get(path));
    if (typeof step === 'string') problems.push({ path: one.path, side: 'remote', code: 'changing', message: step });
    else if (step) steps.push({ ...step, kept: one });
  }
  return { steps, problems };
}

const TOUCHED = 'it changed on the server since the release, so it was left as it is';

/** What is to be done about one path; undefined where nothing is, a text where it cannot be. */
async function stepOf(
  { memory }: Pair,
  one: Kept,
  release: string,
  look: (path: RelPath) => Sighting | undefined,
): Promise<Omit<TakenBack, 'kept'> | string | undefined> {
  const { did, path } = one;
  const now = look(path);
  if (now?.found !== 'present' && now?.found !== 'absent') return 'the server could not be asked about it';
  const there = now.found === 'present' ? fingerprintOf(now.entry) : undefined;
  // Where the release did not come to its end, what is remembered says what it had put there.
  const placed = one.now ?? (await memory.get(path))?.remote;
  const untouched = isUntouched(now, placed);
  const step = { path, side: 'remote', reason: 'rolled back' } as const;
  if (did === 'added') {
    if (!there) return undefined;
    return untouched ? { action: { ...step, action: 'delete', kind: 'file', expected: there }, there } : TOUCHED;
  }
  const from = one.from ?? keptPath(release, path);
  const [source, target] = did === 'renamed' ? [now, look(from)] : [look(from), now];
  // It never came to that: the run was killed before, or this was taken back in part already.
  if (source?.found !== 'present')
    return source?.found === 'unknown' ? 'the server could not be asked about it' : undefined;
  const expected = fingerprintOf(source.entry);
  if (did === 'renamed') {
    if (!untouched || target?.found !== 'absent') return TOUCHED;
    return { action: { ...step, path: from, action: 'rename', from: path, expected }, there: undefined };
  }
  if (there && !(did === 'replaced' && untouched)) return TOUCHED;
  return { action: { ...step, action: 'rename', from, expected }, there };
}

function isUntouched(now: Sighting, placed: Fingerprint | undefined): boolean {
  if (now.found !== 'present' || now.entry.kind !== 'file' || !placed) return false;
  return sameVersion(fingerprintOf(now.entry), placed);
}

async function planOf(
  job: JobSettings,
  pair: Pair,
  steps: readonly TakenBack[],
  problems: readonly Problem[],
): Promise<Plan> {
  const total = await pair.memory.count();
  return {
    version: 1,
    job: job.name,
    direction: job.direction,
    local: job.local,
    remote: job.remoteUrl,
    madeAt: new Date().toISOString(),
    actions: steps.map(({ action }) => action),
    conflicts: [],
    problems,
    untouched: { unchanged: 0, sameBySize: 0, kept: 0 },
    guard: guard({
      deletes: steps.filter(({ action }) => action.action === 'delete').length,
      destinationTotal: total,
      sourceTotal: total,
      baselineTotal: total,
      sourceMissing: false,
      sourceIncomplete: [],
      maxDelete: job.maxDelete,
      allowEmptySource: true,
    }),
  };
}
