/** What a plan saw of a path, held against what is there just before the plan touches it. */
import { type Fingerprint, fingerprintOf, type Pair, type RelPath, type Side, StaleError } from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';

/** @throws StaleError when the path is gone, cannot be seen, or is another version than was expected. */
export async function isStillExpected(pair: Pair, side: Side, path: RelPath, expected: Fingerprint): Promise<void> {
  if (side === 'local') {
    const entry = await pair.local.look(path);
    if (!entry) throw new StaleError('it is gone since it was looked at');
    if (!matches(entry.kind, fingerprintOf(entry), expected))
      throw new StaleError('it changed here since it was looked at');
    return;
  }
  const [sighting] = await pair.remote.sight([path]);
  if (sighting?.found !== 'present') throw new StaleError('it is gone from the server since it was listed');
  if (!matches(sighting.entry.kind, fingerprintOf(sighting.entry), expected)) {
    throw new StaleError('it changed on the server since it was listed');
  }
}

/** A directory's size and time change with what is in it, so only a file's are compared. */
export function matches(kind: string, now: Fingerprint, expected: Fingerprint): boolean {
  return kind !== 'file' || sameVersion(now, expected);
}
