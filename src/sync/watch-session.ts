/**
 * One stretch of a watch, with one configuration: everything is brought in step once, and from then on what is noticed,
 * in batches. A batch is the run that any other verb makes, restricted to its paths.
 */
import { stat } from 'node:fs/promises';
import type { JobSettings } from '../config/settings.ts';
import { type Filter, IGNORE_FILE } from '../diff/index.ts';
import {
  EXIT,
  FerryError,
  type RelPath,
  type RunEventBody,
  type Summary,
  type Tell,
  toRelPath,
} from '../model/index.ts';
import { type Clock, type Trouble, Watcher } from '../watch/index.ts';
import type { PassOptions } from './conduct.ts';
import { withoutState } from './pair.ts';
import { filterOf } from './plan.ts';
import { run } from './run.ts';
import { Agenda, type Work } from './watch-agenda.ts';
import type { Link } from './watch-link.ts';
import { newsOf } from './watch-news.ts';

export interface SessionOptions {
  readonly link: Link;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Told of every run that was made. */
  readonly onRun: (summary: Summary) => void;
  /** Handed to every run. */
  readonly run: Pick<PassOptions, 'wire' | 'stateBase'>;
}

/** How a stretch ended: by a request, or by a run that no other can follow. */
export type SessionEnd =
  | { readonly by: 'request' }
  | { readonly by: 'failure'; readonly summary: Summary; readonly first: boolean };

/** After so long without anything to do connections are given back, in ms. */
const IDLE = 20_000;
/** ms between two looks for a folder that is not there. */
const FOLDER_EVERY = 1000;
/** Removals of so many ms count together for the guard. */
const COUNTED_WITHIN = 60_000;
/** ms between two looks at every file, where the system's notices cannot be had; longer for very many files. */
const POLLING = 2000;
const POLLING_PER_FILE = 0.1;

export class Session {
  readonly #options: SessionOptions;
  readonly #job: JobSettings;
  readonly #agenda: Agenda;
  /** How many files were known, of late. */
  #counts: { readonly at: number; readonly known: number }[] = [];
  #watcher: Watcher | undefined;
  #polling: boolean;
  /** What has to be put right before anything else is done. */
  #blind: 'folder' | 'overflow' | 'exhausted' | 'rules' | undefined;
  #files = 0;
  #first = true;
  #requested = false;
  #woken = false;
  #endSleep = () => {};
  #warned = new Set<string>();

  constructor(options: SessionOptions) {
    const { job } = options.link;
    const { rescan, poll, polling } = job.watch;
    this.#options = options;
    this.#job = job;
    this.#polling = polling;
    const every = job.direction === 'push' ? rescan : Math.min(rescan, poll);
    this.#agenda = new Agenda({ every, random: Math.random });
  }

  /** Ends this stretch once the run that is under way is over. */
  request(): void {
    this.#requested = true;
    this.#wake();
  }

  /** Watches until it is requested to end, or cannot go on. @throws the signal's reason; StateError, LocalError. */
  async run(): Promise<SessionEnd> {
    const { signal, clock } = this.#options;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    let idleSince: number | undefined;
    try {
      await this.#watch().catch((error) => {
        if (error instanceof FerryError) throw error;
        this.#blind = 'folder'; // gone again
      });
      for (;;) {
        signal.throwIfAborted();
        if (this.#requested) return { by: 'request' };
        if (this.#blind && !(await this.#see())) continue;
        const taken = this.#watcher?.take() ?? [];
        this.#agenda.add(taken);
        // What is left out is not watched either.
        if (taken.includes(IGNORE_FILE)) this.#blind = 'rules';
        if (this.#blind) continue;
        const next = this.#agenda.next(clock.now());
        if ('wait' in next) {
          idleSince ??= clock.now();
          const idleFor = clock.now() - idleSince;
          if (idleFor >= IDLE) await this.#options.link.rest();
          await this.#sleep(idleFor < IDLE ? Math.min(next.wait, IDLE - idleFor) : next.wait);
          continue;
        }
        const end = await this.#perform(next);
        if (end) return end;
        idleSince = undefined;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#watcher?.close();
    }
  }

  async #perform(work: Work): Promise<SessionEnd | undefined> {
    const { clock, link, signal, tell } = this.#options;
    const paths = work.everything ? undefined : await newsOf(link, work.paths);
    if (paths?.length === 0) {
      // Looking at nothing does not show that the server is there.
      if (!this.#agenda.isOffline) this.#agenda.done(work, [], clock.now());
      this.#settled();
      return undefined;
    }
    const failed = new Map<RelPath, string>();
    let cause: unknown;
    if (work.everything) this.#files = await link.memory.count();
    const summary = await run(withoutLimits(this.#job), {
      ...this.#options.run,
      signal,
      tell: (event) => {
        note(failed, event);
        tell(event);
      },
      pair: link.lend,
      ...(paths ? { batch: { paths, peak: this.#peak(), counted: (known: number) => this.#counted(known) } } : {}),
      heard: this.#agenda.isOffline,
      onFailure: (error) => {
        cause = error;
      },
    });
    this.#options.onRun(summary);
    signal.throwIfAborted();
    return this.#judge(work, summary, cause, failed);
  }

  /** What a run's end means for what comes next. */
  async #judge(
    work: Work,
    summary: Summary,
    cause: unknown,
    failed: ReadonlyMap<RelPath, string>,
  ): Promise<SessionEnd | undefined> {
    const { clock, link, tell } = this.#options;
    const first = this.#first;
    const retryable = cause instanceof FerryError && cause.retryable;
    switch (summary.exitCode) {
      case EXIT.agreed:
      case EXIT.incomplete:
        this.#first = false;
        // What moved while it was copied comes again as soon as it stands still.
        for (const [path, code] of failed) if (code === 'changing') this.#watcher?.notice(path);
        if (cause === undefined) this.#agenda.done(work, [...failed.keys()], clock.now());
        else this.#agenda.brokenOff(work, clock.now());
        this.#settled();
        return undefined;
      case EXIT.locked:
      case EXIT.connect: {
        if (first && !retryable) return { by: 'failure', summary, first };
        await link.rest();
        // A password that is refused again and again can lock the account.
        const least = retryable || summary.exitCode === EXIT.locked ? 0 : this.#job.watch.rescan;
        const delay = this.#agenda.offline(work, clock.now(), least);
        const message = summary.message ?? 'the server cannot be reached';
        tell({ type: 'watch', state: 'offline', pending: this.#pending, delay, message });
        return undefined;
      }
      case EXIT.refused:
      case EXIT.usage:
        if (first) return { by: 'failure', summary, first };
        this.#agenda.refused(work, clock.now());
        return undefined;
      default:
        return { by: 'failure', summary, first };
    }
  }

  get #pending(): number {
    return this.#agenda.size + (this.#watcher?.pending ?? 0);
  }

  #settled(): void {
    const pending = this.#pending;
    this.#options.tell({ type: 'watch', state: pending > 0 ? 'noticed' : 'watching', pending });
  }

  #counted(known: number): void {
    this.#counts.push({ at: this.#options.clock.now(), known });
  }

  #peak(): number {
    const since = this.#options.clock.now() - COUNTED_WITHIN;
    this.#counts = this.#counts.filter(({ at }) => at >= since);
    return Math.max(0, ...this.#counts.map(({ known }) => known));
  }

  /** Begins to watch the folder. What a pull writes is nothing that anybody else is to hear of. */
  async #watch(): Promise<void> {
    const { clock, tell, link } = this.#options;
    if (this.#job.direction === 'pull') return;
    const filter = await this.#filter();
    let watcher: Watcher | undefined;
    watcher = await Watcher.open({
      root: link.local.root,
      admits: (path, kind) => filter.admits(path, kind),
      followLinks: this.#job.links === 'follow',
      settle: this.#job.watch.settle,
      polling: this.#polling ? Math.max(POLLING, this.#files * POLLING_PER_FILE) : null,
      clock,
      onChange: () => {
        if (watcher && !this.#agenda.isOffline && !this.#first && this.#agenda.size === 0) {
          tell({ type: 'watch', state: 'noticed', pending: this.#pending });
        }
        this.#wake();
      },
      onTrouble: (trouble) => this.#trouble(trouble),
    });
    this.#watcher = watcher;
  }

  async #filter(): Promise<Filter> {
    const { link, run } = this.#options;
    return filterOf(await withoutState(this.#job, run.stateBase), link.local.root);
  }

  #trouble(trouble: Trouble): void {
    if (trouble.kind === 'error') {
      this.#warnOnce(
        `watching the folder met a difficulty (${trouble.error.message}); everything is looked at regularly`,
      );
      return;
    }
    if (trouble.kind === 'exhausted' && this.#polling) {
      this.#warnOnce(`even looking at the files in turn needs more than this system gives (${trouble.error.message})`);
      return;
    }
    // A folder that went takes the other troubles along.
    if (this.#blind !== 'folder') this.#blind = trouble.kind === 'root' ? 'folder' : trouble.kind;
    this.#wake();
  }

  /** Begins to watch anew after the watch was lost; false while that cannot be. */
  async #see(): Promise<boolean> {
    const { link, tell } = this.#options;
    const why = this.#blind;
    const there = await stat(link.local.root).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!there) {
      this.#blind = 'folder';
      const message = `${link.local.root} is not there; nothing is done until it is back`;
      if (!this.#warned.has(message)) tell({ type: 'watch', state: 'waiting', pending: this.#pending, message });
      this.#warned.add(message);
      await this.#sleep(FOLDER_EVERY);
      return false;
    }
    if (why === 'exhausted') {
      this.#polling = true;
      tell({ type: 'warning', message: EXHAUSTED });
    }
    if (why === 'overflow') {
      this.#warnOnce(
        'so much changed at once that the system may have kept some of it to itself: looking at everything',
      );
    }
    this.#warned = new Set([...this.#warned].filter((said) => !said.startsWith(link.local.root)));
    this.#blind = undefined;
    this.#agenda.everything();
    try {
      // The run that follows says what is wrong with the rules.
      if (why === 'rules' && !(await this.#filter().catch(() => null))) return true;
      // First of all the old one: chokidar's watches are shared, dead ones too.
      await this.#watcher?.close();
      this.#watcher = undefined;
      await this.#watch();
      return true;
    } catch {
      this.#blind = 'folder'; // gone again
      await this.#sleep(FOLDER_EVERY);
      return false;
    }
  }

  #warnOnce(message: string): void {
    if (!this.#warned.has(message)) this.#options.tell({ type: 'warning', message });
    this.#warned.add(message);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (signal.aborted || this.#requested) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(ms, resolve);
      this.#endSleep = () => {
        cancel();
        resolve();
      };
      // What came while nobody slept counts as well.
      if (this.#woken) this.#endSleep();
    });
    this.#endSleep = () => {};
    this.#woken = false;
  }

  #wake(): void {
    this.#woken = true;
    this.#endSleep();
  }
}

const EXHAUSTED =
  'the system has no watches left for so many directories, so every file is looked at in turn, which is slower; ' +
  'raise the limit with: sysctl fs.inotify.max_user_watches=524288 (and fs.inotify.max_user_instances=512), then start again';

/** Time and bytes are limited for the watch as a whole. */
function withoutLimits(job: JobSettings): JobSettings {
  return { ...job, maxDuration: null, maxTransfer: null };
}

/** Which paths a run did not bring in step. */
function note(failed: Map<RelPath, string>, event: RunEventBody): void {
  if (event.type === 'problem' && event.path !== '') failed.set(event.path, event.code);
  if (event.type === 'action' && event.status === 'skipped') failed.set(toRelPath(event.path), 'skipped');
}
