/** Several reporters as one. */
import type { RunEvent } from '../model/index.ts';
import type { Reporter } from './reporter.ts';

/** Tells several reporters the same. */
export function tee(...reporters: readonly Reporter[]): Reporter {
  const report = (event: RunEvent) => {
    for (const reporter of reporters) reporter(event);
  };
  const close = async () => {
    await Promise.all(reporters.map((reporter) => reporter.close()));
  };
  return Object.assign(report, { close });
}
