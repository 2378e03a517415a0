/**
 * Keeps a job in step as long as it is let: a run of everything, then one for whatever changes, and everything again
 * from time to time.
 */
import { setMaxListeners } from 'node:events';
import { secretsMask } from '../config/mask.ts';
import type { JobSettings } from '../config/settings.ts';
import {
  ConfigError,
  exitCodeOf,
  GuardError,
  LimitError,
  LocalError,
  NOTHING_DONE,
  type Summary,
  type Tell,
} from '../model/index.ts';
import { beginRun } from '../state/index.ts';
import { type Clock, systemClock } from '../watch/index.ts';
import { explain, type RunOptions } from './conduct.ts';
import { stateOf } from './pair.ts';
import { refuseMirror } from './snapshot-steps.ts';
import { Link } from './watch-link.ts';
import { Session, type SessionEnd } from './watch-session.ts';

export interface WatchOptions extends Omit<RunOptions, 'dryRun' | 'onPlan'> {
  /** The job as it is configured by now. Rejects where that cannot be used. */
  readonly reload?: () => Promise<JobSettings>;
  /** Is handed what asks for {@link WatchOptions.reload}. */
  readonly onReloader?: (reload: () => void) => void;
  readonly clock?: Clock;
}

/**
 * Watches until the signal says to stop, or the job cannot go on. Never rejects for what a run may meet: the summary,
 * of all runs together, carries the exit code and is the last event.
 */
export async function watch(job: JobSettings, options: WatchOptions): Promise<Summary> {
  return new Watch(job, options).run();
}

class Watch {
  readonly #options: WatchOptions;
  readonly #tell: Tell;
  readonly #stop = new AbortController();
  readonly #since = performance.now();
  readonly #total: { -readonly [K in keyof typeof NOTHING_DONE]: number } = { ...NOTHING_DONE };
  readonly #adoption: { due: boolean };
  #job: JobSettings;
  /** What the next stretch goes by, where it was read already. */
  #next: JobSettings | undefined;
  #session: Session | undefined;

  constructor(job: JobSettings, options: WatchOptions) {
    this.#job = job;
    this.#options = options;
    this.#tell = options.tell;
    this.#adoption = { due: options.adopt ?? false };
  }

  async run(): Promise<Summary> {
    const { signal: outer, onReloader } = this.#options;
    setMaxListeners(0, this.#stop.signal);
    const onAbort = () => this.#stop.abort(outer?.reason);
    if (outer?.aborted) onAbort();
    outer?.addEventListener('abort', onAbort, { once: true });
    const timer = this.#limit();
    onReloader?.(() => void this.#reload());
    let end: { exitCode: number; message?: string };
    const { mask } = secretsMask();
    const { name, direction, local, remoteUrl } = this.#job;
    const about = { job: name, direction, local, remote: remoteUrl };
    const noted = await beginRun(stateOf(this.#job, this.#options.stateBase), about, { mask }).catch(() => undefined);
    try {
      refuseMirror(this.#job);
      end = await this.#sessions();
    } catch (error) {
      const cause = this.#stop.signal.aborted ? this.#stop.signal.reason : error;
      end = { exitCode: exitCodeOf(cause), message: explain(cause) };
    } finally {
      timer?.();
      outer?.removeEventListener('abort', onAbort);
    }
    const seconds = Math.round((performance.now() - this.#since) / 10) / 100;
    const summary: Summary = { job: this.#job.name, ...end, ...this.#total, seconds };
    await noted?.end(summary, { problems: [], sole: false });
    this.#tell({ type: 'watch', state: 'stopped', pending: 0, ...(end.message ? { message: end.message } : {}) });
    this.#tell({ type: 'summary', ...summary });
    return summary;
  }

  /** One after the other: a new one with each configuration. */
  async #sessions(): Promise<{ exitCode: number; message?: string }> {
    let before: JobSettings | undefined;
    for (;;) {
      let end: SessionEnd;
      try {
        end = await this.#oneSession();
      } catch (error) {
        if (before === undefined || this.#stop.signal.aborted) throw error;
        this.#goBack(before, explain(error));
        before = undefined;
        continue;
      }
      if (end.by === 'request') {
        before = this.#job;
        this.#job = this.#next ?? this.#job;
        this.#next = undefined;
        this.#tell({ type: 'warning', message: 'the configuration was read again' });
        continue;
      }
      const { exitCode, message } = end.summary;
      if (before === undefined || !end.first) return { exitCode, ...(message === undefined ? {} : { message }) };
      this.#goBack(before, message ?? `exit code ${exitCode}`);
      before = undefined;
    }
  }

  async #oneSession(): Promise<SessionEnd> {
    const { stateBase, wire, clock = systemClock } = this.#options;
    const missingLocal = this.#job.direction === 'push' ? ('refuse' as const) : ('make' as const);
    const run = { ...(stateBase === undefined ? {} : { stateBase }), ...(wire === undefined ? {} : { wire }) };
    if (this.#job.state === 'remote') {
      throw new ConfigError(
        'a watch cannot work with "state": "remote": such a memory knows files by their content alone, so that every rescan ' +
          'would have to read every file, and every batch to write all of it to the server again. Use --state local: ' +
          'what is on the server already is recognised by size and time',
      );
    }
    let link: Link;
    try {
      link = await Link.open(this.#job, {
        missingLocal,
        adoption: this.#adoption,
        warn: (message) => this.#tell({ type: 'warning', message }),
        ...run,
      });
    } catch (error) {
      if (!(error instanceof LocalError) || error.errno !== 'ENOENT') throw error;
      throw new GuardError(
        `the folder ${this.#job.local} does not exist; is a disk not mounted, or the path misspelt?`,
      );
    }
    try {
      const signal = this.#stop.signal;
      this.#session = new Session({ link, tell: this.#tell, signal, clock, run, onRun: (one) => this.#count(one) });
      if (this.#next) this.#session.request();
      return await this.#session.run();
    } finally {
      this.#session = undefined;
      await link.close();
    }
  }

  /** Takes the new configuration as soon as the run that is under way is over; a broken one changes nothing. */
  async #reload(): Promise<void> {
    try {
      const job = await this.#options.reload?.();
      if (!job) return;
      this.#next = job;
      this.#session?.request();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#tell({ type: 'warning', message: `the configuration is as it was, as the new one is not right: ${why}` });
    }
  }

  #goBack(before: JobSettings, why: string): void {
    this.#tell({ type: 'warning', message: `the configuration is as it was: with the new one, ${why}` });
    this.#job = before;
  }

  #count(one: Summary): void {
    for (const key of Object.keys(this.#total) as (keyof typeof NOTHING_DONE)[]) this.#total[key] += one[key];
    this.#total.unchanged = one.unchanged;
    this.#total.sameBySize = one.sameBySize;
    const { maxTransfer } = this.#job;
    if (maxTransfer !== null && this.#total.bytesSent + this.#total.bytesReceived >= maxTransfer) {
      this.#stop.abort(
        new LimitError('as many bytes as --max-transfer, or "maxTransfer" of the job, allows were moved'),
      );
    }
  }

  #limit(): (() => void) | undefined {
    const { maxDuration } = this.#job;
    if (maxDuration === null) return undefined;
    const { clock = systemClock } = this.#options;
    return clock.after(maxDuration, () =>
      this.#stop.abort(new LimitError('the time allowed by --max-duration, or "maxDuration" of the job, is over')),
    );
  }
}
