/** Makes directories, parents first, and renames; on the server all of them travel together, in the plan's order. */
import type { DeleteAction, Lane, MkdirAction, RenameAction } from '../model/index.ts';
import { isRetryable, retrying } from '../queue/index.ts';
import type { Acting } from './act.ts';
import { isStillExpected } from './expectation.ts';

type Making = MkdirAction | RenameAction | DeleteAction;

/** How many commands are on their way before the oldest answer is waited for. */
const AHEAD = 256;

export async function actOnDirectories(acting: Acting, makings: readonly Making[]): Promise<void> {
  const left = new Set(makings);
  const { signal, attempts } = acting.options;
  // Every step can be taken again after a lost connection: a directory that is there already is as good as made.
  await retrying(() => makeAll(acting, left), { attempts, signal, progressed: () => false });
}

/** Works through `left`, taking out what is done or has failed for good. */
async function makeAll(acting: Acting, left: Set<Making>): Promise<void> {
  if (left.size === 0) return;
  const { pair, signal } = acting.options;
  const remote = [...left].some((making) => making.side === 'remote');
  const lane = remote ? await pair.remote.lane(signal) : undefined;
  const underway: Promise<void>[] = [];
  try {
    for (const making of [...left]) {
      signal.throwIfAborted();
      const step = make(acting, making, lane).then(() => void left.delete(making));
      step.catch(() => undefined);
      // What changes a name that a later step builds on is waited for; plain MKDs follow each other on the wire.
      if (making.action === 'mkdir' && making.side === 'remote') underway.push(step);
      else await step;
      if (underway.length >= AHEAD) await Promise.all(underway.splice(0, AHEAD / 2));
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane?.release();
  }
}

async function make(acting: Acting, making: Making, lane: Lane | undefined): Promise<void> {
  const { pair } = acting.options;
  const side = making.side === 'remote' ? lane! : pair.local;
  const { path } = making;
  acting.started(making);
  try {
    if (making.action === 'mkdir') {
      await side.makeDirectory(path);
      const nothing = { size: 0, stamps: {} };
      await pair.memory.learn({ path, kind: 'directory', local: nothing, remote: nothing });
    } else {
      await isStillExpected(pair, making.side, making.action === 'rename' ? making.from : path, making.expected);
      if (making.action === 'rename') await side.rename(making.from, path);
      else await side.remove(path);
    }
    acting.done(making);
  } catch (error) {
    if (isRetryable(error)) throw error;
    acting.failed(making, error);
  }
}
