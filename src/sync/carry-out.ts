/** Carries the steps of a plan out as the job says: published and kept as it wants, and out of a hot folder afterwards. */
import { act } from '../act/act.ts';
import type { Tally } from '../act/tally.ts';
import type { JobSettings } from '../config/settings.ts';
import { textsOf } from '../diff/index.ts';
import type { Action, Direction, Pair, RelPath, RunEventBody, Tell } from '../model/index.ts';
import { clearHotFolder, SentFiles } from './hot-folder.ts';
import { releaseOptions } from './release-options.ts';

export interface CarryingOut {
  readonly pair: Pair;
  readonly tally: Tally;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly direction: Direction;
  /** Whether a source that is no longer what the plan saw is refused (a saved plan). */
  readonly strict: boolean;
  /** What it is about, where it is not about everything. */
  readonly only?: readonly RelPath[];
  /** What a release is dated by; the system's clock otherwise. */
  readonly now?: Date;
}

/** @throws whatever ends the run: a lost server, a limit, an interruption. */
export async function carryOut(actions: readonly Action[], job: JobSettings, carrying: CarryingOut): Promise<void> {
  const { pair, tally, tell, signal, direction, strict, only, now = new Date() } = carrying;
  const attempts = job.retries + 1;
  const sent = new SentFiles();
  const listened = (event: RunEventBody) => {
    sent.note(event);
    tell(event);
  };
  await act(actions, {
    pair,
    tally,
    tell: listened,
    signal,
    direction,
    attempts,
    limitRate: job.limitRate,
    chmod: job.chmod,
    isText: textsOf(job.ascii),
    salt: job.name,
    order: job.order,
    strict,
    ...releaseOptions(job, { pair, tell, tally, signal, now }),
  });
  if (!job.after) return;
  const { move } = job.after;
  await clearHotFolder(sent, { pair, move, tell, tally, signal, attempts, ...(only ? { only } : {}) });
}
