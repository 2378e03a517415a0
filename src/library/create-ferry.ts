/** The library's front door: one job, and everything that can be done with it. */
import { backup, makesSnapshots, onNewest, onNewestFinished } from '../backup/index.ts';
import type { JobSettings } from '../config/index.ts';
import { EXIT, interruptionBy, type Plan, type RunEvent, type RunEventBody, type Summary } from '../model/index.ts';
import {
  apply as applyPlan,
  type CheckReport,
  check as checkServer,
  plan as makePlan,
  type RunOptions,
  run as runJob,
  verify as verifyJob,
  watch as watchJob,
} from '../sync/index.ts';
import { type FerryOptions, settingsOf } from './options.ts';
import { Running } from './running.ts';

/** The kinds of events, such as `action` or `summary`. */
export type EventType = RunEvent['type'];

/** The event of one kind. */
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;

/** What every call takes. */
export interface CallOptions {
  /**
   * Stops what is under way: transfers are checkpointed, connections closed, and the call rejects with an
   * `InterruptedError` whose cause is the signal's reason.
   */
  readonly signal?: AbortSignal;
  /** Takes each line on the control connections, passwords masked. */
  readonly wire?: (line: string) => void;
}

/** What {@link Ferry.run} takes. */
export interface RunCallOptions extends CallOptions {
  /** Say what would be done, in events, and do nothing. */
  readonly dryRun?: boolean;
  /** Called with the plan before anything is touched; what it throws stops the run. */
  readonly onPlan?: (plan: Plan) => void;
}

/** What {@link Ferry.verify} found. */
export interface Verification {
  /** Whether both sides are known to hold the same content, everywhere in scope. */
  readonly agreed: boolean;
  /** What would have to be done to make the destination like the source; what could not be compared is in `problems`. */
  readonly differences: Plan;
  readonly summary: Summary;
}

/**
 * One job. Nothing is read, locked or connected to before a method is called, and nothing stays open after it. Every
 * method resolves where the work was done, though some paths may have failed: look at `summary.exitCode`. It rejects with
 * what kept it from being done:
 *
 * | error | when |
 * | --- | --- |
 * | `UsageError`, `ConfigError` | the job is not described right |
 * | `ConnectError`, `LoginError`, `TlsError` | the server cannot be used |
 * | `LockError` | another run holds the job |
 * | `GuardError`, `HookError` | refused, before anything was touched |
 * | `StaleError` | `apply`: the world has moved since the plan was made |
 * | `LimitError` | `maxDuration` or `maxTransfer` is reached |
 * | `InterruptedError` | the signal was aborted |
 *
 * `exitCodeOf` gives the exit code that the command line has for it.
 */
export interface Ferry {
  /** The job as it was settled: configuration, overrides and defaults. @throws UsageError, ConfigError. */
  settings(): Promise<JobSettings>;
  /** Says what a run would do, and why. A guard's refusal is part of the plan. */
  plan(options?: CallOptions): Running<Plan>;
  /** Makes the destination like the source (or both sides alike); of a pull that is a backup, a snapshot. */
  run(options?: RunCallOptions): Running<Summary>;
  /** Carries out a plan, or nothing where it no longer holds. */
  apply(plan: Plan, options?: RunCallOptions): Running<Summary>;
  /**
   * Keeps both sides in step as files change, until the signal is aborted, and resolves then: with the sum of all its
   * runs. What stands in the way meanwhile (a server that is away) is waited for; `watch` events tell of it.
   */
  watch(options?: CallOptions): Running<Summary>;
  /** Compares both sides by content, and changes nothing. */
  verify(options?: CallOptions): Running<Verification>;
  /** Connects, and finds out what the server can do. */
  check(options?: CallOptions): Promise<CheckReport>;
  /** Calls the listener with each event of that kind, of all calls. @returns how to have it stop. */
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void;
}

/**
 * A job to work with, from a configuration or from a folder and a URL.
 *
 * ```ts
 * const ferry = createFerry({ job: 'site' });
 * const ferry = createFerry({ source: './public', destination: 'ftpes://me@example.com/htdocs', overrides: { delete: 'all' } });
 *
 * ferry.on('problem', ({ path, message }) => console.error(path, message));
 * const plan = await ferry.plan();
 * const { exitCode, uploaded } = await ferry.run({ signal: AbortSignal.timeout(600_000) });
 * ```
 */
export function createFerry(options: FerryOptions = {}): Ferry {
  return new OneJob(options);
}

type Verb<R> = (job: JobSettings, options: RunOptions) => Promise<R>;

class OneJob implements Ferry {
  readonly #options: FerryOptions;
  readonly #listeners = new Map<EventType, Set<(event: RunEvent) => void>>();
  #settings: Promise<JobSettings> | undefined;

  constructor(options: FerryOptions) {
    this.#options = options;
  }

  settings(): Promise<JobSettings> {
    // What could not be settled may be by the next time: a file was written, a variable set.
    this.#settings ??= settingsOf(this.#options).catch((error: unknown) => {
      this.#settings = undefined;
      throw error;
    });
    return this.#settings;
  }

  run(options: RunCallOptions = {}): Running<Summary> {
    const { dryRun = false, onPlan } = options;
    return this.#start(options, (job, engine) => {
      const run = makesSnapshots(job) ? backup : runJob;
      return run(job, { ...engine, dryRun, ...(onPlan ? { onPlan } : {}) });
    });
  }

  apply(plan: Plan, options: RunCallOptions = {}): Running<Summary> {
    const { dryRun = false } = options;
    return this.#start(options, (job, engine) => applyPlan(job, plan, { ...engine, dryRun }));
  }

  plan(options: CallOptions = {}): Running<Plan> {
    return this.#start(options, async (job, engine) => {
      const looked = makesSnapshots(job) ? await onNewest(job) : job;
      return (await withPlan(makePlan, looked, engine)).plan;
    });
  }

  verify(options: CallOptions = {}): Running<Verification> {
    return this.#start(options, async (job, engine) => {
      const looked = makesSnapshots(job) ? await onNewestFinished(job) : job;
      const { plan, summary } = await withPlan(verifyJob, looked, engine);
      return { agreed: summary.exitCode === EXIT.agreed, differences: plan, summary };
    });
  }

  watch({ signal, ...options }: CallOptions = {}): Running<Summary> {
    const stop = new AbortController();
    const onAbort = () => signal && stop.abort(interruptionBy(signal));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    return this.#start({ ...options, signal: stop.signal }, async (job, { onFailure: _, ...engine }) => {
      try {
        return await watchJob(job, engine);
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    });
  }

  async check({ signal, wire }: CallOptions = {}): Promise<CheckReport> {
    const job = await this.settings();
    try {
      return await checkServer(job, { ...(signal ? { signal } : {}), ...(wire ? { wire } : {}) });
    } catch (error) {
      throw signal?.aborted ? interruptionBy(signal) : error;
    }
  }

  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    const own = (event: RunEvent) => listener(event as EventOf<T>);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  #start<R>({ signal, wire }: CallOptions, verb: Verb<R>): Running<R> {
    const { stateFolder } = this.#options;
    return new Running<R>(async (told) => {
      const job = await this.settings();
      let failure: { readonly error: unknown } | undefined;
      const outcome = await verb(job, {
        tell: (body) => this.#tell(body, told),
        onFailure: (error) => {
          failure = { error };
        },
        ...(signal ? { signal } : {}),
        ...(wire ? { wire } : {}),
        ...(stateFolder === undefined ? {} : { stateBase: stateFolder }),
      });
      if (failure !== undefined) throw failure.error;
      return outcome;
    });
  }

  #tell(body: RunEventBody, told: (event: RunEvent) => void): void {
    const event: RunEvent = { ...body, time: new Date().toISOString() };
    told(event);
    for (const listener of this.#listeners.get(event.type) ?? []) {
      try {
        listener(event);
      } catch (error) {
        // A listener's mistake is its program's, as with an EventTarget: the run goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** A verb together with the plan that it hands out on the way. */
async function withPlan(verb: Verb<Summary>, job: JobSettings, engine: RunOptions) {
  let plan: Plan | undefined;
  let failure: unknown;
  const onPlan = (made: Plan) => {
    plan = made;
  };
  const onFailure = (error: unknown) => {
    failure = error;
    engine.onFailure?.(error);
  };
  const summary = await verb(job, { ...engine, onPlan, onFailure });
  if (plan === undefined) throw failure;
  return { plan, summary };
}
