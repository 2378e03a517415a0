/** SIGINT and SIGTERM: the first one asks the run to stop and keep what it has, a second one ends it at once. */
import { setMaxListeners } from 'node:events';
import { EXIT, InterruptedError } from '../model/index.ts';

/** How long a run may take to close its files and its memory, in ms. */
let grace = 5000;

/** Lets a verb that has more to finish take longer, in ms. */
export function giveTime(ms: number): void {
  grace = ms;
}

/** Aborted by the first signal, with an InterruptedError as the reason. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const exitCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(new InterruptedError(signal));
      setTimeout(() => {
        process.stderr.write(`ferry: the run did not end within ${grace / 1000} s and was cut off; run it again\n`);
        process.exit(exitCode);
      }, grace).unref();
    });
  }
  return controller.signal;
}
