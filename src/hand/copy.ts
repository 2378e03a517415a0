/** The frame of a copy by hand: the plan is made, carried out by the engine that runs use, and told in the same events. */
import { randomUUID } from 'node:crypto';
import { act } from '../act/act.ts';
import { withExactSources } from '../act/exact-sources.ts';
import { Tally } from '../act/tally.ts';
import type { ServerSettings } from '../config/settings.ts';
import { UsageError } from '../model/errors.ts';
import { exitCodeOf, isTransfer, type Local, type Plan, type Remote, type Summary, type Tell } from '../model/index.ts';
import { temporaryFor } from '../model/temporary.ts';
import { explain, powersOf } from '../sync/conduct.ts';
import { plainTextWarning } from '../sync/plain-text.ts';
import { RESUMABLE, tagOf } from '../transfer/index.ts';
import { journalled } from './journal.ts';
import type { CopyPlan } from './plan.ts';
import type { Work } from './work.ts';

/** A copy that is planned. */
export interface Prepared {
  readonly plan: CopyPlan;
  readonly local: Local;
  /** What is written to, as absolute paths. */
  readonly places: readonly string[];
}

export interface CopyRequest {
  /** `get` or `put`, for the events. */
  readonly verb: 'get' | 'put';
  /** For people: from where, to where. */
  readonly local: string;
  readonly remoteUrl: string;
  readonly server: Pick<ServerSettings, 'host'>;
  /** The remote side, open. */
  readonly connect: () => Promise<Remote>;
  readonly prepare: (work: Work) => Promise<Prepared>;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  /** Attempts per file, the first included. */
  readonly attempts: number;
  /** Bytes a second; null for no limit. */
  readonly limitRate: number | null;
  readonly preserve: boolean;
  readonly text: boolean;
  readonly dryRun: boolean;
}

/**
 * Never rejects for what a copy may meet: the summary, which is also the last event, carries the exit code and says why.
 * @throws UsageError where source and target cannot be.
 */
export async function copy(request: CopyRequest): Promise<Summary> {
  const { verb, tell, signal, dryRun } = request;
  const since = performance.now();
  const tally = new Tally(tell);
  const direction = verb === 'put' ? 'push' : 'pull';
  tell({ type: 'start', job: verb, direction, local: request.local, remote: request.remoteUrl, dryRun });
  let remote: Remote | undefined;
  let summary: Summary;
  try {
    remote = await request.connect();
    const { capabilities } = remote;
    const uses = powersOf(capabilities, true);
    tell({ type: 'capabilities', software: capabilities.software, uses, lacks: powersOf(capabilities, false) });
    const plainText = plainTextWarning(request.server, capabilities);
    if (plainText !== undefined) tell({ type: 'warning', message: plainText });
    const problem = tally.problem.bind(tally);
    const work = { remote, realm: request.remoteUrl, signal, tell, problem };
    const prepared = await request.prepare(work);
    const { plan } = prepared;
    tally.untouched = { unchanged: plan.unchanged, sameBySize: 0, kept: 0 };
    if (plan.links > 0) tell({ type: 'warning', message: `${plan.links} links and special files were left out` });
    tell(planned(plan));
    if (!dryRun) await carryOut(request, work, prepared, tally, direction);
    summary = tally.summary(verb, since, remote, {});
  } catch (error) {
    const cause = signal.aborted ? signal.reason : error;
    if (cause instanceof UsageError) throw cause;
    summary = tally.summary(verb, since, remote, { exitCode: exitCodeOf(cause), message: explain(cause) });
  }
  tell({ type: 'summary', ...summary });
  return summary;
}

async function carryOut(
  { tell, attempts, limitRate, preserve, text }: CopyRequest,
  work: Work,
  { plan, local, places }: Prepared,
  tally: Tally,
  direction: 'push' | 'pull',
): Promise<void> {
  const { remote, signal } = work;
  const actions = await withExactSources(plan.actions, { remote, direction, attempts, signal });
  await journalled(work, direction === 'push' ? 'remote' : 'local', places, async ({ memory, sole }) => {
    // The temporary name says of which version it holds a part, and the engine compares before it goes on.
    for (const action of sole ? actions : []) {
      if (!isTransfer(action) || action.size <= RESUMABLE) continue;
      const { path, alias, source, action: way } = action;
      const temporary = temporaryFor(alias ?? path, tagOf(source));
      await memory.saveCheckpoint({ path, source, temporary, confirmed: 0, direction: way });
    }
    await act(actions, {
      pair: { local, remote, memory },
      tally,
      tell,
      signal,
      direction,
      attempts,
      limitRate,
      chmod: preserve ? 'preserve' : 'none',
      order: [],
      strict: false,
      isText: () => text,
      ...(sole ? {} : { salt: randomUUID() }),
    });
  });
}

function planned({ actions }: CopyPlan) {
  const counts = { upload: 0, download: 0, mkdir: 0, delete: 0, rename: 0, replace: 0 };
  let bytes = 0;
  for (const action of actions) {
    counts[action.action]++;
    if (isTransfer(action)) bytes += action.size;
  }
  const guard: Plan['guard'] = { refused: false, reasons: [] };
  return { type: 'plan', counts, bytes, conflicts: 0, guard } as const;
}
