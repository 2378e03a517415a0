/**
 * Putting a complete temporary file under its final name on the server. Most servers rename over an existing file. On
 * those that refuse (IIS and others) the old file goes aside, the new one in, the old one away; the step is journalled
 * first, so that whatever a crash leaves is mended by the next run. At every moment either the final name or a
 * journalled one holds a whole file.
 */
import {
  type Fingerprint,
  type Lane,
  type Memory,
  type PendingSwap,
  type RelPath,
  type Remote,
  ReplyError,
} from '../model/index.ts';
import { asideFor, type TemporaryStyle } from '../model/temporary.ts';
import { tagOf } from './context.ts';

/** Renames `temporary` to `path`. `old` is what is under `path` now, null if nothing is. */
export async function publish(
  lane: Lane,
  memory: Memory,
  temporary: RelPath,
  path: RelPath,
  old: Fingerprint | null,
  style: TemporaryStyle,
): Promise<void> {
  try {
    await lane.rename(temporary, path);
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable || old === null) throw error;
    await swap(lane, memory, { path, temporary, aside: asideFor(path, tagOf(old), style) });
  }
}

async function swap(lane: Lane, memory: Memory, pending: PendingSwap): Promise<void> {
  await memory.saveSwap(pending);
  await memory.flush();
  try {
    await lane.rename(pending.path, pending.aside);
  } catch (error) {
    // Not even the old file can be moved: nothing happened, so there is nothing to mend.
    if (error instanceof ReplyError) await memory.dropSwap(pending.path);
    throw error;
  }
  try {
    await lane.rename(pending.temporary, pending.path);
  } catch (error) {
    if (error instanceof ReplyError) {
      await lane.rename(pending.aside, pending.path);
      await memory.dropSwap(pending.path);
    }
    throw error;
  }
  await lane.remove(pending.aside);
  await memory.dropSwap(pending.path);
}

/** Completes or undoes the swaps that an earlier run left half-way. Resolves with the paths it put right. */
export async function mendSwaps(remote: Remote, memory: Memory, signal: AbortSignal): Promise<RelPath[]> {
  const mended: RelPath[] = [];
  for await (const pending of memory.swaps()) {
    const lane = await remote.lane(signal);
    try {
      const [final, aside, temporary] = await remote.sight([pending.path, pending.aside, pending.temporary], signal);
      if ([final, aside, temporary].some((sighting) => sighting?.found === 'unknown')) continue;
      if (final?.found === 'absent') {
        if (temporary?.found === 'present') await lane.rename(pending.temporary, pending.path);
        else if (aside?.found === 'present') await lane.rename(pending.aside, pending.path);
      }
      const published = final?.found === 'present' || temporary?.found === 'present';
      if (aside?.found === 'present' && published) await lane.remove(pending.aside);
      await memory.dropSwap(pending.path);
      mended.push(pending.path);
    } finally {
      lane.release();
    }
  }
  return mended;
}
