/** What a plan saw of a path, held against what is there just before the plan touches it. */
import { type Entry, type Fingerprint, fingerprintOf, type Pair, type RelPath, StaleError } from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';

/** What a plan touches: links and special files it leaves alone. */
type Touched = 'file' | 'directory';

/** @throws StaleError when the local path is gone, or is another version, or of another kind, than was expected. */
export async function isStillExpected(
  { local }: Pick<Pair, 'local'>,
  path: RelPath,
  expected: Fingerprint,
  kind: Touched = 'file',
): Promise<void> {
  const entry = await local.look(path);
  if (!entry) throw new StaleError('it is gone since it was looked at');
  if (!matches(entry, expected, kind)) throw new StaleError('it changed here since it was looked at');
}

/**
 * A directory's size and time change with what is in it, so only a file's are compared. Servers that are asked for the time
 * of a directory may not say that it is one.
 */
export function matches(now: Entry, expected: Fingerprint, kind: Touched): boolean {
  if (now.kind === 'directory') return kind === 'directory';
  return now.kind === 'file' && sameVersion(fingerprintOf(now), expected);
}
