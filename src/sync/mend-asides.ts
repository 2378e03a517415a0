/**
 * Old files that lie aside on the server though nothing is remembered of their swap: the run that was killed in between
 * kept its memory there, or on another machine, or it is lost. Their names say whose they are.
 */
import {
  asideOf,
  isAside,
  nameOf,
  type Pair,
  printable,
  type RelPath,
  ReplyError,
  type Sighting,
  type Tell,
} from '../model/index.ts';
import { pause } from '../queue/index.ts';

export interface MendingAsides {
  readonly pair: Pair;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  /** Whether no other run can be in the middle of such a swap. */
  readonly locked: boolean;
}

/** How long a swap that is under way elsewhere may take from one rename to the next, in ms. */
const UNDERWAY = 2000;

/**
 * Where the new file is in place, the old one goes; else it comes back. Resolves with whether anything came back, so that
 * what was seen no longer holds.
 * RACE: without the lock on the server, a swap that another run takes longer over than that fails, and is said there.
 */
export async function mendAsides(asides: readonly RelPath[], options: MendingAsides): Promise<boolean> {
  const { pair, signal, locked } = options;
  const found = new Map<RelPath, RelPath>();
  for (const aside of asides) {
    const path = asideOf(aside);
    if (path !== undefined && isAside(nameOf(aside))) found.set(aside, path);
  }
  if (found.size === 0) return false;
  if (!locked) await pause(UNDERWAY, signal);
  const names = [...found].flat();
  const seen = new Map((await pair.remote.sight(names, signal)).map((sighting) => [sighting.path, sighting]));
  let cameBack = false;
  const ageless = Number.NEGATIVE_INFINITY;
  const timeOf = (aside: RelPath) => {
    const sighting = seen.get(aside);
    return sighting?.found === 'present' ? (sighting.entry.mtime ?? ageless) : ageless;
  };
  // Of several the youngest: the others were in its way once, and go with the next run.
  for (const [aside, path] of [...found].sort(([a], [b]) => (timeOf(a) < timeOf(b) ? 1 : -1))) {
    const back = await mend(aside, path, { ...options, look: (at) => seen.get(at) });
    cameBack ||= back;
  }
  return cameBack;
}

interface Mending extends MendingAsides {
  readonly look: (path: RelPath) => Sighting | undefined;
}

/** Whether it came back under its name. */
async function mend(aside: RelPath, path: RelPath, { pair, tell, signal, look }: Mending): Promise<boolean> {
  if (look(aside)?.found !== 'present') return false;
  const final = look(path);
  if (final?.found !== 'present' && final?.found !== 'absent') return false;
  if (final.found === 'present' && final.entry.kind !== 'file') return false;
  const lane = await pair.remote.lane(signal);
  try {
    if (final.found === 'present') {
      await lane.remove(aside);
      return false;
    }
    // Not over what has come there meanwhile.
    if ((await lane.find(path)) !== null) return false;
    await lane.rename(aside, path);
    return true;
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    const message = `${printable(aside)} on the server is what ${printable(path)} was before a run that was cut off, and cannot be put right: ${error.message}`;
    tell({ type: 'warning', message });
    return false;
  } finally {
    lane.release();
  }
}
