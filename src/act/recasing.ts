/**
 * Gives what only changed the case of its name here that name on a server that takes both for one. A server may say that
 * it did so and have done nothing, or refuse as the new name seems to be taken: then it goes over another name, which is
 * journalled first, so that a run that is cut off there is mended by the next. What a listing shows is what counts.
 */
import {
  type Action,
  asideFor,
  joinPath,
  type Lane,
  nameOf,
  parentOf,
  type RelPath,
  type RenameAction,
  ReplyError,
  ROOT,
  StaleError,
} from '../model/index.ts';
import { isRetryable } from '../queue/index.ts';
import { tagOf } from '../transfer/index.ts';
import type { Acting } from './acting.ts';
import { matches } from './expectation.ts';
import { isConnectionGone } from './failure.ts';
import { listRemote } from './listings.ts';
import { inPasses, type Pass } from './passes.ts';

/** Whether an action is of that kind: two names that differ, and not in what a server that folds case goes by. */
export function isRecasing(action: Action): action is RenameAction {
  if (action.action !== 'rename' || action.side !== 'remote' || action.instead) return false;
  const [from, to] = [nameOf(action.from), nameOf(action.path)];
  return from !== to && from.toLowerCase() === to.toLowerCase();
}

/** Parents first, one after the other. A name that stays as it was keeps nothing else from being done. */
export async function actOnRecasings(acting: Acting, recasings: readonly RenameAction[]): Promise<void> {
  const former = formerNames(recasings);
  const take = async ({ left, failures }: Pass<RenameAction>) => {
    for (const recasing of [...left]) {
      acting.options.signal.throwIfAborted();
      acting.started(recasing);
      try {
        const shown = await recase(acting, recasing);
        await remember(acting, recasing, former);
        left.delete(recasing);
        if (shown) acting.done(recasing);
        else acting.failedAlone(recasing, new StaleError(KEPT));
      } catch (error) {
        if (isConnectionGone(error)) throw error;
        if (isRetryable(error)) failures.set(recasing, error);
        else {
          left.delete(recasing);
          acting.failedAlone(recasing, error);
        }
      }
    }
  };
  await inPasses(acting, recasings, take);
}

const KEPT = 'the server keeps the name that it had, in other upper and lower case; from now on the two count as one';

/** Whether the server shows the new name by then; false: it keeps another one, whatever it is told. */
async function recase(acting: Acting, recasing: RenameAction): Promise<boolean> {
  const { from, path, expected, directory } = recasing;
  const [seen] = await acting.options.pair.remote.sight([from], acting.options.signal);
  if (seen?.found !== 'present') throw new StaleError('it is gone from the server since it was listed');
  if (!matches(seen.entry, expected, directory ? 'directory' : 'file')) {
    throw new StaleError('it changed on the server since it was listed');
  }
  const refusal = await refusalOf(acting, (lane) => lane.rename(from, path));
  if (!refusal && (await isShown(acting, path))) return true;
  await goOver(acting, recasing, refusal);
  return isShown(acting, path);
}

/** At every moment the file has one of its names, or that which is journalled. */
async function goOver(acting: Acting, { from, path, expected }: RenameAction, refusal?: ReplyError): Promise<void> {
  const { memory } = acting.options.pair;
  const aside = asideFor(path, tagOf(expected));
  await memory.saveSwap({ path, temporary: aside, aside });
  const unmoved = await refusalOf(acting, (lane) => lane.rename(from, aside));
  if (unmoved) {
    await memory.dropSwap(path);
    throw refusal ?? unmoved;
  }
  const unnamed = await refusalOf(acting, (lane) => lane.rename(aside, path));
  if (unnamed) {
    await withLane(acting, (lane) => lane.rename(aside, from));
    await memory.dropSwap(path);
    throw unnamed;
  }
  await memory.dropSwap(path);
}

async function isShown({ options }: Acting, path: RelPath): Promise<boolean> {
  const listing = await listRemote(options.pair, parentOf(path), options.signal, options.attempts);
  if (listing?.entries.some((entry) => nameOf(entry.path) === nameOf(path))) return true;
  if (listing?.incomplete === undefined) return false;
  throw new StaleError(`the listing that would show its new name may be incomplete: ${listing.incomplete}`);
}

/** The server's refusal for good; undefined where it did what it was told. */
async function refusalOf(acting: Acting, tell: (lane: Lane) => Promise<void>): Promise<ReplyError | undefined> {
  try {
    await withLane(acting, tell);
    return undefined;
  } catch (error) {
    if (error instanceof ReplyError && !error.retryable) return error;
    throw error;
  }
}

/** Held for no longer than that: there may be no second connection to list by. */
async function withLane({ options }: Acting, tell: (lane: Lane) => Promise<void>): Promise<void> {
  const lane = await options.pair.remote.lane(options.signal);
  try {
    await tell(lane);
  } finally {
    lane.release();
  }
}

/** What was agreed on holds under the new name, and no more under the old one. */
async function remember({ options }: Acting, { from, path }: RenameAction, former: Former): Promise<void> {
  const { memory } = options.pair;
  for (const old of new Set([former(from), from])) {
    const agreed = await memory.get(old);
    if (agreed) await Promise.all([memory.learn({ ...agreed, path }), memory.forget(old)]);
  }
}

/** What a path was called before any name in it changed its case. */
type Former = (path: RelPath) => RelPath;

function formerNames(recasings: readonly RenameAction[]): Former {
  const olds = new Map(recasings.map(({ path, from }) => [path, from]));
  const former = (path: RelPath): RelPath => {
    const above = parentOf(path);
    return path === ROOT ? ROOT : joinPath(former(olds.get(above) ?? above), nameOf(path));
  };
  return former;
}
