/** The frame of every verb that works on a job: lock, connect, the verb's own part, and a summary however it ends. */
import { setMaxListeners } from 'node:events';
import { Tally } from '../act/tally.ts';
import { secretsMask } from '../config/mask.ts';
import type { JobSettings } from '../config/settings.ts';
import type { guard } from '../diff/index.ts';
import { JobHooks } from '../hooks/index.ts';
import {
  type Capabilities,
  EXIT,
  exitCodeOf,
  FerryError,
  GuardError,
  interruptionBy,
  LimitError,
  LocalError,
  LockError,
  type Pair,
  type Plan,
  type RemoteCounters,
  type RunEventBody,
  type Summary,
  type Tell,
} from '../model/index.ts';
import { retrying } from '../queue/index.ts';
import { beginRun, type CurrentRun, type Lock } from '../state/index.ts';
import { systemClock } from '../watch/clock.ts';
import { lockJob, type OpenPair, openPair, type PairOptions, stateOf, withoutState } from './pair.ts';
import { plainTextWarning } from './plain-text.ts';
import { type Batch, makePlan, type Planned } from './plan.ts';
import { lockRemote, type RemoteLock } from './remote-lock.ts';
import { NO_SNAPSHOT, refuseMirror, type SnapshotSteps } from './snapshot-steps.ts';
import { waitingFor } from './wait.ts';

/** What a run is given besides its job. */
export interface RunOptions {
  readonly tell: Tell;
  readonly signal?: AbortSignal;
  readonly dryRun?: boolean;
  /** Sets what is remembered aside and learns what agrees now; without effect in a dry run. */
  readonly adopt?: boolean;
  readonly stateBase?: string;
  readonly wire?: (line: string) => void;
  /** Called with the plan before anything is touched. */
  readonly onPlan?: (plan: Plan) => void;
  /** Called with what ended the run before its end, where something did; the summary says it in words. */
  readonly onFailure?: (error: unknown) => void;
  /** @internal */
  readonly seams?: Seams;
}

/**
 * Parts of a run that a test bench puts others in the place of: ports that fail, kill or lie at a named point, a guard
 * that is asleep. No verb and no option leads here.
 */
export interface Seams {
  readonly openPair?: typeof openPair;
  readonly guard?: typeof guard;
  /** What releases on the server are dated by, in ms since the epoch. */
  readonly now?: () => number;
}

/** A pair that is open already. */
export interface Lent extends Pair {
  /** What was sent before. */
  readonly before: RemoteCounters;
}

/** A run that is one of many, of a watch. */
export interface PassOptions extends RunOptions {
  /** Lends both sides and the memory, which stay open; connects first where that is needed. */
  readonly pair?: (signal: AbortSignal) => Promise<Lent>;
  /** What it is about, where it is not about everything. */
  readonly batch?: Batch;
  /** What is done, where it is not what the direction says. */
  readonly verb?: 'rollback' | 'backup';
  /** For a backup: what becomes of what the run worked on. */
  readonly snapshot?: SnapshotSteps;
  /** Whether the hooks have heard of this failure before: the server is still away. */
  readonly heard?: boolean;
}

/** What the body of a verb is given. */
export interface Conducted {
  readonly pair: Pair;
  /** @param contents whether the plan is to hold in other checkouts. */
  readonly planned: (contents?: boolean) => Promise<Planned>;
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** Runs the `before` hooks, where they did not run yet. */
  readonly begin: () => Promise<void>;
}

/**
 * The frame of every verb that works on a job: start, lock and connect, the body, and a summary however it ends.
 * A number that the body resolves with is the exit code.
 */
export async function conduct(
  job: JobSettings,
  options: PassOptions,
  body: (conducted: Conducted) => Promise<number | undefined>,
): Promise<Summary> {
  const { tell, dryRun = false } = options;
  const since = performance.now();
  const tally = new Tally(tell);
  const limits = limited(job, options.signal, tally, tell);
  let lock: Lock | undefined;
  let remoteLock: RemoteLock | undefined;
  let pair: Pair | undefined;
  let close = async () => {};
  let before: RemoteCounters = { commands: 0, connections: 0 };
  /** Whether another run kept this one from beginning. */
  let excluded = true;
  let summary: Summary;
  tell({
    type: 'start',
    job: job.name,
    direction: job.direction,
    ...(options.verb === undefined ? {} : { verb: options.verb }),
    local: job.home ?? job.local,
    remote: job.remoteUrl,
    dryRun,
  });
  const about = { job: job.name, direction: job.direction, local: job.home ?? job.local, remote: job.remoteUrl };
  const { mask } = secretsMask();
  const toHooks = { tell, mask, signal: options.signal };
  const hooks = new JobHooks(dryRun ? undefined : job.hooks, about, toHooks);
  // A run of a watch that had nothing to do is no run to the others.
  const heartbeat = new JobHooks(job.hooks && { ...job.hooks, before: [], after: [], failed: [] }, about, toHooks);
  let noted: CurrentRun | undefined;
  let begun = false;
  const begin = async () => {
    if (!begun) await hooks.before(limits.signal);
    begun = true;
  };
  try {
    refuseMirror(job);
    const remotely = { tell, signal: limits.signal, wire: options.wire };
    if (!options.pair) {
      if (!dryRun) noted = await beginRun(stateOf(job, options.stateBase), about, { mask });
      lock = await waitingFor(() => lockJob(job, options.stateBase), job, { tell, signal: limits.signal });
    }
    if (!dryRun) remoteLock = await lockRemote(job, remotely);
    if (remoteLock) remoteLock.onLost = limits.abort;
    excluded = false;
    if (options.pair) {
      const lent = await options.pair(limits.signal);
      before = lent.before;
      pair = remoteLock ? { ...lent, remote: remoteLock.guard(lent.remote) } : lent;
    } else {
      await begin();
      await options.snapshot?.prepare({ signal: limits.signal, tell });
      const own = await open(remoteLock?.job ?? job, options, limits.signal, remoteLock);
      close = own.close;
      pair = own;
    }
    tell(describe(pair.remote.capabilities));
    const plainText = plainTextWarning(job.server, pair.remote.capabilities);
    if (plainText !== undefined) tell({ type: 'warning', message: plainText });
    const opened = pair;
    const guarding = options.seams?.guard ? { guard: options.seams.guard } : {};
    const batch = options.batch && { batch: options.batch };
    const scope = { pair: opened, job: await withoutState(job, options.stateBase) };
    const planning = { ...scope, tell, signal: limits.signal, learn: !dryRun, ...guarding, ...batch };
    const planned = (contents?: boolean) => makePlan({ ...planning, ...(contents ? { contents } : {}) });
    const exitCode = await body({ pair, planned, tally, signal: limits.signal, tell: limits.tell, begin });
    summary = tally.summary(job.name, since, spent(pair, before), typeof exitCode === 'number' ? { exitCode } : {});
  } catch (error) {
    const cause = limits.signal.aborted ? limits.signal.reason : error;
    excluded = options.pair
      ? cause instanceof LockError
      : excluded && (lock === undefined || cause instanceof LockError);
    options.onFailure?.(cause);
    const unmade = options.snapshot !== undefined && tally.snapshot === undefined && !dryRun;
    const message = unmade ? `${explain(cause)}; ${NO_SNAPSHOT}` : explain(cause);
    const end = { exitCode: exitCodeOf(cause), message };
    summary = tally.summary(job.name, since, spent(pair, before), end);
  } finally {
    limits.end();
    const warn = (error: unknown) => tell({ type: 'warning', message: explain(error) });
    // On a connection of the run, it goes before those are closed.
    if (remoteLock?.shared) await remoteLock.release().catch(warn);
    await close().catch(warn);
  }
  // A run that another one kept from beginning has no hooks: they would meddle with that one's.
  const idle = options.pair && !begun;
  if (!excluded && !idle) summary = await hooks.ended(summary);
  else if (!excluded && !options.heard) {
    summary = await (summary.exitCode === EXIT.agreed ? heartbeat : hooks).ended(summary);
  }
  await noted?.end(summary, { problems: tally.firstProblems, sole: !excluded });
  await remoteLock?.release().catch((error) => tell({ type: 'warning', message: explain(error) }));
  await lock?.release().catch((error) => tell({ type: 'warning', message: explain(error) }));
  tell({ type: 'summary', ...summary });
  return summary;
}

function spent(pair: Pair | undefined, before: RemoteCounters): { readonly counters: RemoteCounters } {
  const { commands = 0, connections = 0 } = pair?.remote.counters ?? {};
  return { counters: { commands: commands - before.commands, connections: connections - before.connections } };
}

/** A source that is not there is what the guard is for: it may be an unmounted disk. */
async function open(
  job: JobSettings,
  options: RunOptions,
  signal: AbortSignal,
  lock: RemoteLock | undefined,
): Promise<OpenPair> {
  const pairOptions: PairOptions = {
    missingLocal: job.direction === 'push' ? 'refuse' : options.dryRun ? 'empty' : 'make',
    readOnly: options.dryRun ?? false,
    adoption: { due: options.adopt ?? false },
    warn: (message) => options.tell({ type: 'warning', message }),
    ...(options.stateBase === undefined ? {} : { stateBase: options.stateBase }),
    ...(options.wire === undefined ? {} : { wire: options.wire }),
    ...(lock === undefined ? {} : { lock }),
  };
  const onRetry = (error: unknown, attempt: number, delay: number) =>
    options.tell({ type: 'retry', path: '', attempt: attempt + 1, delay, message: explain(error) });
  const opening = options.seams?.openPair ?? openPair;
  try {
    return await retrying(() => opening(job, pairOptions, signal), { attempts: job.retries + 1, signal, onRetry });
  } catch (error) {
    if (error instanceof LocalError && error.errno === 'ENOENT' && job.direction === 'push') {
      throw new GuardError(
        `the source folder ${job.local} does not exist; is a disk not mounted, or the path misspelt?`,
      );
    }
    throw error;
  }
}

/** Ends the run at its own limits by aborting it with a LimitError. */
function limited(job: JobSettings, outer: AbortSignal | undefined, tally: Tally, tell: Tell) {
  const controller = new AbortController();
  // Everything that waits listens to it: many transfers at once are no leak.
  setMaxListeners(0, controller.signal);
  const onAbort = () => outer && controller.abort(interruptionBy(outer));
  if (outer?.aborted) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  const over = 'the time allowed by --max-duration, or "maxDuration" of the job, is over';
  const callOff =
    job.maxDuration === null
      ? undefined
      : systemClock.after(job.maxDuration, () => controller.abort(new LimitError(over)));
  return {
    signal: controller.signal,
    abort: (error: Error) => controller.abort(error),
    tell: (event: RunEventBody) => {
      tell(event);
      const moved = tally.bytesSent + tally.bytesReceived;
      if (job.maxTransfer !== null && event.type === 'progress' && moved >= job.maxTransfer) {
        controller.abort(
          new LimitError('as many bytes as --max-transfer, or "maxTransfer" of the job, allows were moved'),
        );
      }
    },
    end: () => {
      callOff?.();
      outer?.removeEventListener('abort', onAbort);
    },
  };
}

function describe(capabilities: Capabilities): RunEventBody {
  const { software } = capabilities;
  return { type: 'capabilities', software, uses: powersOf(capabilities, true), lacks: powersOf(capabilities, false) };
}

/** What a server can do, or cannot, in words. */
export function powersOf(capabilities: Capabilities, present: boolean): string[] {
  const { mlsd, setTime, restart, hash, utf8, tls, pipelining } = capabilities;
  const powers: [string, boolean][] = [
    [tls ? `TLS (${tls.protocol})` : 'TLS', tls !== null],
    ['MLSD', mlsd],
    [setTime ? `setting times (${setTime})` : 'setting times', setTime !== null],
    ['resuming', restart],
    [hash ? `hashes (${hash.algorithm})` : 'hashes', hash !== null],
    ['UTF-8', utf8],
    ['pipelining', pipelining],
  ];
  return powers.filter(([, has]) => has === present).map(([name]) => name);
}

/** The message of a failure; a bug shows where it happened. */
export function explain(error: unknown): string {
  if (error instanceof FerryError) return error.message;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug, please report it together with what follows\n${trace}`;
}
