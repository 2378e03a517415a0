/** Watches a job as a test wants it: in a state folder of its own, with every event kept, ended when the test is. */
import { onTestFinished } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { InterruptedError, type RunEventBody, type Summary } from '../../src/model/index.ts';
import { type WatchOptions, watch } from '../../src/sync/index.ts';

export interface Watching {
  readonly events: RunEventBody[];
  /** Every run of the watch, its own summary at the end included. */
  readonly summaries: Summary[];
  /** `action path` of every action that was carried out, in order. */
  done(): string[];
  /** Resolves once the condition holds; looked at with every event and ten times a second. */
  until(condition: () => boolean, what?: string): Promise<void>;
  /** Resolves once everything that was noticed is done. */
  atRest(): Promise<void>;
  stop(): Promise<Summary>;
  readonly ended: Promise<Summary>;
}

const PATIENCE = 25_000;

/** What is read while it is being written may not be there for a moment. */
function holds(condition: () => boolean): boolean {
  try {
    return condition();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export function startWatch(job: JobSettings, stateBase: string, options: Partial<WatchOptions> = {}): Watching {
  const controller = new AbortController();
  const events: RunEventBody[] = [];
  const summaries: Summary[] = [];
  let look = () => {};
  const ended = watch(job, {
    stateBase,
    signal: controller.signal,
    ...options,
    tell: (event) => {
      events.push(event);
      if (event.type === 'summary') summaries.push(event);
      options.tell?.(event);
      look();
    },
  });
  const stop = () => {
    controller.abort(new InterruptedError('abort'));
    return ended;
  };
  onTestFinished(async () => void (await stop()));
  const until = (condition: () => boolean, what = condition.toString()) =>
    new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        clearInterval(timer);
        clearTimeout(deadline);
        look = () => {};
        settle();
      };
      const check = () => {
        if (holds(condition)) end(resolve);
      };
      const timer = setInterval(check, 100);
      const deadline = setTimeout(() => {
        const said = events.slice(-12).map((event) => JSON.stringify(event));
        end(() => reject(new Error(`never came: ${what}\n${said.join('\n')}`)));
      }, PATIENCE);
      look = check;
      check();
    });
  return {
    events,
    summaries,
    done: () =>
      events.flatMap((event) =>
        event.type === 'action' && event.status === 'done' ? [`${event.action} ${event.path}`] : [],
      ),
    until,
    atRest: () =>
      until(() => {
        const last = events.findLast(({ type }) => type === 'watch');
        return last?.type === 'watch' && last.state === 'watching';
      }, 'rest'),
    stop,
    ended,
  };
}
