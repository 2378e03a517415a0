/**
 * What tells the versions of large files on a server apart whose listings tell times to the minute, or to the day: a
 * download that is cut off goes on where it was, and must not go on with another version of that minute.
 */
import { nameOn } from '../diff/index.ts';
import type { Action, Direction, Remote, TransferAction } from '../model/index.ts';
import { RESUMABLE } from '../transfer/index.ts';
import { sightPatiently } from './sight-patiently.ts';

interface Asking {
  readonly remote: Remote;
  readonly direction: Direction;
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/**
 * The same actions, each download that can be taken up again with its source's exact time. One that is of another size by
 * now, or of which the server does not say, is left as it is.
 * LIMIT: on a server that tells no exact times, an edit that keeps the size is not seen within its minute.
 */
export async function withExactSources<T extends Action>(actions: readonly T[], asking: Asking): Promise<readonly T[]> {
  const { remote, direction } = asking;
  const { mlst, mdtm } = remote.capabilities;
  const vague = mlst || mdtm ? actions.filter((action) => isVague(action)) : [];
  if (vague.length === 0) return actions;
  const names = vague.map((action) => nameOn('remote', direction, action));
  const exact = new Map<T, T>();
  for (const [index, sighting] of (await sightPatiently(remote, names, asking)).entries()) {
    const action = vague[index]!;
    if (sighting.found !== 'present' || sighting.entry.size !== action.source.size) continue;
    const stamps = { ...action.source.stamps, ...sighting.entry.stamps };
    exact.set(action, { ...action, source: { ...action.source, stamps } });
  }
  return actions.map((action) => exact.get(action) ?? action);
}

function isVague<T extends Action>(action: T): action is T & TransferAction {
  if (action.action !== 'download' || action.size <= RESUMABLE) return false;
  const { mlst, mdtm } = action.source.stamps;
  return mlst === undefined && mdtm === undefined;
}
