/** Makes a plan hold in other checkouts: the files that it sends are known by their content there, not by time or inode. */
import { nameOn } from '../diff/index.ts';
import {
  type Action,
  ChangingError,
  type Direction,
  fingerprintOf,
  type Local,
  LocalError,
  type RenameAction,
} from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';

/** The same actions, every upload's source with its SHA-256. One that moved since it was listed is left as it is. */
export async function withContents(
  actions: readonly Action[],
  local: Local,
  direction: Direction,
  signal: AbortSignal,
): Promise<Action[]> {
  const known: Action[] = [];
  for (const action of actions) {
    signal.throwIfAborted();
    known.push(await contentOf(action, local, direction));
  }
  return known;
}

async function contentOf(action: Action, local: Local, direction: Direction): Promise<Action> {
  if (action.action === 'upload') return withContent(action, local, direction);
  if (action.action !== 'rename' || !action.instead) return action;
  const instead: NonNullable<RenameAction['instead']>[number][] = [];
  for (const one of action.instead) {
    instead.push(one.action === 'upload' ? await withContent(one, local, direction) : one);
  }
  return { ...action, instead };
}

async function withContent<T extends Action & { readonly action: 'upload' | 'download' }>(
  action: T,
  local: Local,
  direction: Direction,
): Promise<T> {
  const here = nameOn('local', direction, action);
  try {
    const sha256 = await local.sha256(here);
    const now = await local.look(here);
    if (!now || !sameVersion(fingerprintOf(now), action.source)) return action;
    return { ...action, source: { ...action.source, stamps: { ...action.source.stamps, sha256 } } };
  } catch (error) {
    // The transfer meets it again, and says so.
    if (error instanceof LocalError || error instanceof ChangingError) return action;
    throw error;
  }
}
