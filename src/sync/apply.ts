/** Carries out a plan that was saved, reviewed and brought back, if the world is still the one it was made for. */

import { sideOf } from '../act/acting.ts';
import { matches } from '../act/expectation.ts';
import { listRemote } from '../act/listings.ts';
import type { JobSettings } from '../config/settings.ts';
import { nameOn, otherSide } from '../diff/index.ts';
import {
  type Action,
  ChangingError,
  type Direction,
  type Entry,
  type Fingerprint,
  GuardError,
  isTransfer,
  type Pair,
  type Plan,
  printable,
  type RelPath,
  ROOT,
  type Side,
  type Sighting,
  StaleError,
  type Summary,
} from '../model/index.ts';
import { mendSwaps, settleTentatives } from '../transfer/index.ts';
import { carryOut } from './carry-out.ts';
import { conduct, type RunOptions } from './conduct.ts';
import { tellPlan } from './plan.ts';
import { makeRoot } from './remote-side.ts';

/** Names of moved paths that an error message lists at most. */
const MOST_NAMED = 10;

/** As {@link run}, for a plan that exists already. Exit code 7, nothing touched, when anything it names has moved. */
export function apply(job: JobSettings, plan: Plan, options: RunOptions): Promise<Summary> {
  return conduct(job, options, async ({ pair, tally, signal, tell }) => {
    if (plan.guard.refused) throw new GuardError(plan.guard.reasons.join('; '));
    if (!options.dryRun) {
      await mendSwaps(pair.remote, pair.memory, signal);
      await settleTentatives(pair.remote, pair.memory, signal);
    }
    const moved = await whatMoved(pair, plan, signal, job.retries + 1);
    if (moved.length > 0) throw new StaleError(sayStale(plan, moved));
    tellPlan(plan, tell);
    tally.planned(plan);
    if (options.dryRun) return undefined;
    pair.remote.warm(plan.actions.length);
    if (plan.actions.length > 0 && plan.direction !== 'pull') await makeRoot(pair.remote, job, signal);
    const { direction } = plan;
    // What the plan does not name is not looked at, and stays in a hot folder until it is.
    const only = plan.actions.flatMap((action) => (action.action === 'upload' ? [action.path] : []));
    await carryOut(plan.actions, job, { pair, tally, tell, signal, direction, strict: true, only });
    return undefined;
  });
}

interface Expected {
  readonly side: Side;
  readonly path: RelPath;
  /** Null: nothing may be there. */
  readonly was: Fingerprint | null;
  readonly kind: 'file' | 'directory';
}

/** What a plan takes for granted about both sides. */
function expectations(action: Action, direction: Direction): Expected[] {
  if (action.action === 'rename' && action.instead)
    return action.instead.flatMap((one) => expectations(one, direction));
  if (isTransfer(action)) {
    const to = sideOf(action);
    const from = otherSide(to);
    return [
      { side: from, path: nameOn(from, direction, action), was: action.source, kind: 'file' },
      { side: to, path: nameOn(to, direction, action), was: action.replaces, kind: 'file' },
    ];
  }
  const { side, path } = action;
  if (action.action === 'mkdir') return [{ side, path, was: null, kind: 'directory' }];
  if (action.action === 'rename') {
    const kind = action.directory ? 'directory' : 'file';
    return [{ side, path: action.from, was: action.expected, kind }];
  }
  return [{ side, path, was: action.expected, kind: action.kind }];
}

async function whatMoved(pair: Pair, plan: Plan, signal: AbortSignal, attempts: number): Promise<RelPath[]> {
  // What makes way for another kind is expected to be there by the removal, not to be absent by the transfer.
  const replaced = new Set(plan.actions.filter(({ action }) => action === 'replace').map(({ path }) => path));
  const every = plan.actions.flatMap((action) => expectations(action, plan.direction));
  const all = every.filter(({ was, path }) => was !== null || !replaced.has(path));
  const moved = new Set<RelPath>();
  for (const { path, was, kind } of all.filter(({ side }) => side === 'local')) {
    const entry = await pair.local.look(path);
    if (was === null ? entry !== null : !entry || !(await isStill(pair, entry, was, kind))) moved.add(path);
  }
  const remote = all.filter(({ side }) => side === 'remote');
  // Where the whole remote folder is not there yet, no path in it can be asked for.
  const nothingThere = remote.length > 0 && (await listRemote(pair, ROOT, signal, attempts)) === null;
  const sightings: readonly Sighting[] = nothingThere
    ? remote.map(({ path }) => ({ path, found: 'absent' }))
    : await pair.remote.sight(
        remote.map(({ path }) => path),
        signal,
      );
  remote.forEach(({ path, was, kind }, index) => {
    const sighting = sightings[index];
    if (was === null) {
      if (sighting?.found !== 'absent') moved.add(path);
    } else if (sighting?.found !== 'present') moved.add(path);
    else if (!matches(sighting.entry, was, kind)) moved.add(path);
  });
  return [...moved];
}

/** By its content where the plan knows that: another checkout has other times. */
async function isStill({ local }: Pair, entry: Entry, was: Fingerprint, kind: Expected['kind']): Promise<boolean> {
  const { sha256, stat } = was.stamps;
  if (sha256 === undefined || entry.kind !== 'file' || entry.stamps.stat === stat) return matches(entry, was, kind);
  try {
    return entry.size === was.size && (await local.sha256(entry.path)) === sha256;
  } catch (error) {
    if (error instanceof ChangingError) return false;
    throw error;
  }
}

function sayStale(plan: Plan, moved: readonly RelPath[]): string {
  const named = moved.slice(0, MOST_NAMED).map(printable).join(', ');
  const more = moved.length > MOST_NAMED ? ` and ${moved.length - MOST_NAMED} more` : '';
  return `the plan of ${plan.madeAt} no longer holds, nothing was done: ${named}${more} changed since; make a new plan`;
}
