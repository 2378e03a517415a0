/**
 * Removes what a plan says must go, children before parents. Just before anything is removed it is looked at once
 * more: a remote file must still be the one that was seen, and a local file goes only if the server, asked for that
 * very path, says that it is not there.
 */
import {
  type DeleteAction,
  fingerprintOf,
  type Lane,
  parentOf,
  type RelPath,
  type Sighting,
  StaleError,
} from '../model/index.ts';
import { isRetryable, retrying } from '../queue/index.ts';
import type { Acting } from './act.ts';
import { isStillExpected, matches } from './expectation.ts';

/** Paths asked about in one go. */
const BATCH = 256;

export async function actOnRemovals(acting: Acting, removals: readonly DeleteAction[]): Promise<void> {
  const { signal, attempts } = acting.options;
  /** Directories of which a listing turned out to be wrong. */
  const doubtful = new Set<RelPath>();
  for (let at = 0; at < removals.length; at += BATCH) {
    const left = new Set(removals.slice(at, at + BATCH));
    // Every step can be taken again after a lost connection: what is gone already is as good as removed.
    await retrying(() => removeAll(acting, left, doubtful), { attempts, signal, progressed: () => false });
  }
}

/** Works through `left`, taking out what is done or has failed for good. */
async function removeAll(acting: Acting, left: Set<DeleteAction>, doubtful: Set<RelPath>): Promise<void> {
  const { pair, signal } = acting.options;
  const batch = [...left];
  const paths = batch.map((removal) => removal.path);
  const sightings = await pair.remote.sight(paths, signal);
  batch.forEach((removal, index) => {
    const doubt = removal.side === 'local' && removal.action === 'delete' && sightings[index]?.found !== 'absent';
    if (doubt) doubtful.add(parentOf(removal.path));
  });
  const lane = batch.some((removal) => removal.side === 'remote') ? await pair.remote.lane(signal) : undefined;
  const underway: Promise<void>[] = [];
  try {
    for (const [index, removal] of batch.entries()) {
      signal.throwIfAborted();
      // Whether a directory may go depends on what became of its children, so it waits for them.
      if (removal.kind === 'directory') await Promise.all(underway.splice(0));
      if (acting.failedBelow(removal.path)) {
        left.delete(removal);
        acting.skipped(removal);
        continue;
      }
      const step = remove(acting, removal, sightings[index], doubtful, lane).then(() => void left.delete(removal));
      step.catch(() => undefined);
      if (removal.side === 'remote') underway.push(step);
      else await step;
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane?.release();
  }
}

async function remove(
  acting: Acting,
  removal: DeleteAction,
  sighting: Sighting | undefined,
  doubtful: ReadonlySet<RelPath>,
  lane: Lane | undefined,
): Promise<void> {
  const { pair } = acting.options;
  const { path, kind, side } = removal;
  acting.started(removal);
  try {
    if (side === 'remote') {
      if (sighting?.found === 'unknown')
        throw new StaleError(`it could not be looked at once more: ${sighting.because}`);
      if (sighting?.found === 'present') {
        const { entry } = sighting;
        if (!matches(entry.kind, fingerprintOf(entry), removal.expected)) {
          throw new StaleError('it changed on the server since it was listed, so it stays');
        }
        if (kind === 'directory') await lane!.removeDirectory(path);
        else await lane!.remove(path);
      }
    } else {
      if (doubtful.has(parentOf(path))) {
        throw new StaleError(
          'the server still has something that its listing of this directory left out, so nothing is deleted here',
        );
      }
      await isStillExpected(pair, 'local', path, removal.expected);
      if (kind === 'directory') await pair.local.removeDirectory(path);
      else await pair.local.remove(path);
    }
    await pair.memory.forget(path);
    acting.done(removal);
  } catch (error) {
    if (isRetryable(error)) throw error;
    acting.failed(removal, error);
  }
}
