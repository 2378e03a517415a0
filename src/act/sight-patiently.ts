/** Asks the server about many paths, and again for those that it could not speak of at once. */
import type { RelPath, Remote, Sighting } from '../model/index.ts';
import { backoff, pause } from '../queue/index.ts';

/** Answers in the order of the question; what the server will not say at all stays unknown. */
export async function sightPatiently(
  remote: Remote,
  paths: readonly RelPath[],
  { attempts, signal }: { readonly attempts: number; readonly signal: AbortSignal },
): Promise<readonly Sighting[]> {
  const sightings = [...(await remote.sight(paths, signal))];
  for (let attempt = 1; attempt < attempts; attempt++) {
    const unknown = [...sightings.keys()].filter((index) => {
      const sighting = sightings[index]!;
      return sighting.found === 'unknown' && !sighting.unspeakable;
    });
    if (unknown.length === 0) break;
    await pause(backoff(attempt, Math.random), signal);
    const again = await remote.sight(
      unknown.map((index) => paths[index]!),
      signal,
    );
    unknown.forEach((index, at) => {
      sightings[index] = again[at]!;
    });
  }
  return sightings;
}
