/**
 * The hooks of one run, or of one batch of a watch: `before`, and then `after` where it ended with exit code 0, else
 * `failed`. Where `after` fails, `failed` runs too, and the exit code stays: it speaks of the two sides, which agree.
 * Where all went well, the heartbeat is told.
 */
import { EXIT, exitCodeOf, HookError, type HookSettings, interruptionBy, type Summary } from '../model/index.ts';
import type { HookAbout } from './facts.ts';
import { beat } from './heartbeat.ts';
import { type HookOptions, runHook } from './run-hook.ts';

export type JobHookOptions = Pick<HookOptions, 'tell' | 'mask' | 'env' | 'signal'>;

/** How long a `failed` hook may take when the run itself was asked to stop, in ms. */
const WHEN_STOPPED = 2500;

const NONE: HookSettings = { before: [], after: [], failed: [], heartbeat: null, timeout: 0, folder: '.' };

/** How long a heartbeat's program may take, in ms. */
const HEARTBEAT = 30_000;

export class JobHooks {
  readonly #settings: HookSettings;
  readonly #about: HookAbout;
  readonly #options: JobHookOptions;

  /** @param options `signal` is the one that stops the run: it ends a hook that is under way. */
  constructor(settings: HookSettings | undefined, about: HookAbout, options: JobHookOptions) {
    this.#settings = settings ?? NONE;
    this.#about = about;
    this.#options = options;
  }

  /** @throws HookError: the run must not begin. */
  async before(signal: AbortSignal | undefined = this.#options.signal): Promise<void> {
    try {
      await this.#run('before', null, { signal });
    } catch (error) {
      if (!(error instanceof HookError)) throw error;
      throw new HookError('before', `${error.message}; nothing was done`, { cause: error });
    }
  }

  /**
   * Runs what is to run at such an end. Never rejects; the summary that comes back says what failed of it. Exit code 0
   * with a message is a run whose work is done, and that was not well all the same.
   */
  async ended(summary: Summary): Promise<Summary> {
    let end = summary;
    if (summary.exitCode === EXIT.agreed) {
      try {
        await this.#run('after', summary, { signal: this.#options.signal });
      } catch (error) {
        const { signal } = this.#options;
        const exitCode = signal?.aborted ? exitCodeOf(interruptionBy(signal)) : EXIT.agreed;
        const { message } = error as Error;
        end = {
          ...summary,
          exitCode,
          message: summary.message ? `${summary.message}; and ${message}` : agreeBut(message),
        };
      }
      if (end.message === undefined) {
        await this.#beat(summary);
        return summary;
      }
    }
    try {
      const stopped = this.#options.signal?.aborted === true;
      await this.#run('failed', end, { signal: stopped ? undefined : this.#options.signal, stopped });
    } catch (error) {
      this.#options.tell({ type: 'warning', message: (error as Error).message });
    }
    return end;
  }

  async #beat(summary: Summary): Promise<void> {
    const { heartbeat, timeout, folder } = this.#settings;
    const { tell, signal } = this.#options;
    if (heartbeat === null) return;
    const hook = 'heartbeat';
    if (typeof heartbeat !== 'string') {
      const limited = { ...this.#options, timeout: Math.min(timeout, HEARTBEAT), folder };
      await runHook(heartbeat, { ...this.#about, hook, summary }, limited).catch((error: unknown) =>
        tell({ type: 'warning', message: (error as Error).message }),
      );
      return;
    }
    // The rest of the URL is what only the two of them know.
    const program = new URL(heartbeat).origin;
    tell({ type: 'hook', hook, program, status: 'started' });
    const why = await beat(heartbeat, { signal });
    if (why === undefined) return tell({ type: 'hook', hook, program, status: 'done' });
    const message = `the heartbeat ${program} ${why}`;
    tell({ type: 'hook', hook, program, status: 'failed', message });
    tell({ type: 'warning', message });
  }

  async #run(
    hook: 'before' | 'after' | 'failed',
    summary: Summary | null,
    { signal, stopped = false }: { readonly signal: AbortSignal | undefined; readonly stopped?: boolean },
  ): Promise<void> {
    const { timeout, folder } = this.#settings;
    const limit = stopped ? Math.min(timeout, WHEN_STOPPED) : timeout;
    for (const argv of this.#settings[hook]) {
      await runHook(argv, { ...this.#about, hook, summary }, { ...this.#options, timeout: limit, folder, signal });
    }
  }
}

/** What a summary says where something failed after the work was done. */
export function agreeBut(failure: string): string {
  return `both sides agree, but ${failure}`;
}
