/** What a change by hand remembers while it is under way, and what an earlier one that was killed has left to mend. */
import type { Memory } from '../model/index.ts';
import { claim, memoryInRam, stateFolder } from '../state/index.ts';
import { mendSwaps } from '../transfer/index.ts';
import type { Work } from './work.ts';

export interface Journal {
  readonly memory: Memory;
  /** Whether nobody else on this machine writes to the same places. */
  readonly sole: boolean;
}

/** Claims `places` on the server (paths with a slash in front), or on this machine, for as long as `act` takes. */
export async function journalled<T>(
  work: Work,
  where: 'remote' | 'local',
  places: readonly string[],
  act: (journal: Journal) => Promise<T>,
): Promise<T> {
  const realm = where === 'remote' ? work.realm : 'local';
  const claimed = await claim(stateFolder(process.env), realm, places);
  try {
    const memory = memoryInRam(where === 'remote' ? claimed.keep : undefined);
    if (where === 'remote' && claimed.left.length > 0) {
      for (const swap of claimed.left) await memory.saveSwap(swap);
      // What cannot be put right now stays written down for the next one.
      await mendSwaps(work.remote, memory, work.signal);
    }
    return await act({ memory, sole: claimed.sole });
  } finally {
    await claimed.release();
  }
}
