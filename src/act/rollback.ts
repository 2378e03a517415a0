/** Carries a rollback out: each file of now goes into the versions before the one of then comes back. */
import { Order } from '../diff/index.ts';
import {
  type DeleteAction,
  type Fingerprint,
  type Lane,
  lineage,
  type Pair,
  parentOf,
  type RelPath,
  type RenameAction,
  ReplyError,
  ROOT,
  StaleError,
} from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import type { Kept, Manifest } from './manifest.ts';
import { inFlight, inPasses } from './passes.ts';
import type { Versions } from './versions.ts';

type Step = RenameAction | DeleteAction;

/** One path that is to be as it was. */
export interface TakenBack {
  readonly action: Step;
  /** What the release did to it. */
  readonly kept: Kept;
  /** What is under the path now. */
  readonly there: Fingerprint | undefined;
}

export async function actOnRollback(
  acting: Acting,
  steps: readonly TakenBack[],
  manifest: Manifest,
  versions: Versions,
): Promise<void> {
  const { pair, signal, order } = acting.options;
  await versions.keep(
    steps.map(({ action, there }): Kept => {
      const { path } = action;
      if (!there) return { did: 'added', path };
      return { did: action.action === 'delete' ? 'deleted' : 'replaced', path, was: there };
    }),
  );
  await makeParents(pair, steps, signal);
  for (const rank of inRanks(steps, order)) await takeBack(acting, rank, versions);
  await removeMade(pair, manifest, signal);
  await versions.end();
  await pair.memory.flush();
}

/** What comes back in the job's order; what goes, last. */
function inRanks(steps: readonly TakenBack[], patterns: readonly string[]): TakenBack[][] {
  const order = new Order(patterns);
  const ranks = new Map<number, TakenBack[]>();
  for (const step of steps) {
    const rank = step.action.action === 'delete' ? Number.MAX_SAFE_INTEGER : order.rank(step.action.path);
    const rest = ranks.get(rank);
    if (rest) rest.push(step);
    else ranks.set(rank, [step]);
  }
  return [...ranks].sort(([a], [b]) => a - b).map(([, rank]) => rank);
}

async function makeParents({ remote, memory }: Pair, steps: readonly TakenBack[], signal: AbortSignal): Promise<void> {
  const folders = new Set<RelPath>();
  for (const { action, there } of steps) {
    if (action.action !== 'rename' || there) continue;
    for (const above of [...lineage(parentOf(action.path))].reverse()) if (above !== ROOT) folders.add(above);
  }
  if (folders.size === 0) return;
  const lane = await remote.lane(signal);
  try {
    await Promise.all([...folders].map((folder) => lane.makeDirectory(folder)));
  } finally {
    lane.release();
  }
  // The next push may remove again what its source lacks.
  const nothing = { size: 0, stamps: {} };
  for (const path of folders) await memory.learn({ path, kind: 'directory', local: nothing, remote: nothing });
}

async function takeBack(acting: Acting, rank: readonly TakenBack[], versions: Versions): Promise<void> {
  const { pair } = acting.options;
  const byAction = new Map(rank.map((one) => [one.action, one]));
  const tried = new Set<Step>();
  await inPasses(acting, [...byAction.keys()], async (pass) => {
    const lane = await pair.remote.lane();
    await inFlight(pass, lane, async (action) => {
      const again = tried.has(action);
      tried.add(action);
      const one = byAction.get(action)!;
      acting.started(action);
      await exchange(lane, one, versions, again);
      await remember(pair, one);
      acting.done(action);
    });
  });
}

/** One after the other: nothing is ever written over. */
async function exchange(lane: Lane, one: TakenBack, versions: Versions, again: boolean): Promise<void> {
  const { action, there } = one;
  const now = await lane.find(action.path);
  const found = now && { size: now.size ?? 0, stamps: now.stamps };
  // The reply to an earlier attempt may have been lost.
  if (again && action.action === 'delete' && !found) return;
  if (again && action.action === 'rename' && found && sameVersion(found, action.expected)) {
    if ((await lane.find(action.from)) === null) return;
  }
  if (found && !(there && sameVersion(found, there))) {
    throw new StaleError('it changed on the server since it was looked at');
  }
  const aside = versions.pathOf(action.path);
  if (found) await lane.rename(action.path, aside);
  if (action.action !== 'rename') return;
  try {
    await lane.rename(action.from, action.path);
  } catch (error) {
    if (error instanceof ReplyError && found) await lane.rename(aside, action.path);
    throw error;
  }
}

/** A hash that no content has: whatever is here differs from what came back. */
const UNKNOWN = 'unknown';

/**
 * What came back was agreed on once, so that a later push may replace or delete it; here there is something else, so that
 * it will.
 */
async function remember({ memory }: Pair, { action, kept }: TakenBack): Promise<void> {
  if (action.action === 'delete') return memory.forget(action.path);
  if (kept.did === 'renamed') await memory.forget(kept.path);
  const { sha256 = UNKNOWN } = kept;
  const { expected, path } = action;
  const local = { size: expected.size, stamps: {} };
  await memory.learn({ path, kind: 'file', local, remote: expected, sha256 });
}

/** Folders that the release made, where nothing is left in them. */
async function removeMade({ remote, memory }: Pair, { kept }: Manifest, signal: AbortSignal): Promise<void> {
  const made = kept.filter(({ did }) => did === 'made').map(({ path }) => path);
  if (made.length === 0) return;
  const lane = await remote.lane(signal);
  try {
    // Children before parents; one that something is in is refused.
    for (const path of made.sort().reverse()) {
      try {
        await lane.removeDirectory(path);
        await memory.forget(path);
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error;
      }
    }
  } finally {
    lane.release();
  }
}
