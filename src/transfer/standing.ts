/** What the server holds under a name right now; null where it says that there is nothing. */
import type { Fingerprint, Lane, RelPath } from '../model/index.ts';

export async function standing(lane: Lane, name: RelPath): Promise<Fingerprint | null> {
  const found = await lane.find(name);
  return found && { size: found.size ?? 0, stamps: found.stamps };
}
