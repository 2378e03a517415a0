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

export interface PublishOptions {
  /** The kind of temporary name that this server takes. */
  readonly style: TemporaryStyle;
  /** Where the old file is kept, in a directory that is there; undefined: nowhere. */
  readonly keep?: RelPath | undefined;
  /** Told where it could not be kept. */
  readonly unkept?: (error: Error) => void;
}

/**
 * Renames `temporary` to `path`. `old` is what is under `path` now, null if nothing is. Where it is kept, it is renamed
 * in the same flight, so that the name is free for no longer than the server takes from one command to the next.
 */
export async function publish(
  lane: Lane,
  memory: Memory,
  temporary: RelPath,
  path: RelPath,
  old: Fingerprint | null,
  { style, keep, unkept }: PublishOptions,
): Promise<void> {
  const keeping = old !== null && keep !== undefined ? lane.rename(path, keep) : undefined;
  const kept = keeping?.then(
    () => true,
    (error: Error) => {
      if (!(error instanceof ReplyError)) throw error;
      unkept?.(error);
      return false;
    },
  );
  kept?.catch(() => {}); // met below
  try {
    await lane.rename(temporary, path);
    await kept;
  } catch (error) {
    if (old === null || !(error instanceof ReplyError)) throw error;
    if (await kept) {
      await lane.rename(keep!, path);
      throw error;
    }
    if (!mindsWhatIsThere(error)) throw error;
    await swap(lane, memory, { path, temporary, aside: asideFor(path, tagOf(old), style) });
  }
}

/** Whether RNTO may have been refused because its target exists. No other refusal is worth moving a good file for. */
function mindsWhatIsThere({ command, reply, text }: ReplyError): boolean {
  return command.startsWith('RNTO') && (reply === 550 || (reply >= 500 && /exist/i.test(text)));
}

async function swap(lane: Lane, memory: Memory, pending: PendingSwap): Promise<void> {
  await memory.saveSwap(pending);
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

/** A swap that could not be mended, and why. */
export interface Unmended extends PendingSwap {
  readonly because: string;
}

/**
 * Completes or undoes the swaps that were left half-way. A new file that is not in place is not put there: it may have
 * been written to since. The old one comes back, and the new one is sent as any other. Resolves with those that could
 * not be put right.
 */
export async function mendSwaps(remote: Remote, memory: Memory, signal: AbortSignal): Promise<Unmended[]> {
  const unmended: Unmended[] = [];
  for await (const pending of memory.swaps()) {
    const because = await mend(remote, pending, signal);
    if (because === undefined) await memory.dropSwap(pending.path);
    else unmended.push({ ...pending, because });
  }
  return unmended;
}

/** Why it could not be done; undefined when it is. */
async function mend(remote: Remote, { path, aside }: PendingSwap, signal: AbortSignal): Promise<string | undefined> {
  const sightings = await remote.sight([path, aside], signal);
  for (const sighting of sightings) if (sighting.found === 'unknown') return sighting.because;
  const [final, old] = sightings;
  if (old?.found !== 'present') return undefined;
  const lane = await remote.lane(signal);
  try {
    if (final?.found === 'present') await lane.remove(aside);
    else await lane.rename(aside, path);
    return undefined;
  } catch (error) {
    if (error instanceof ReplyError) return error.message;
    throw error;
  } finally {
    lane.release();
  }
}
