/** For cron: not a word when all is well, otherwise one paragraph that says what, where and why. */
import { type Problem, printable, type RunEvent } from '../model/index.ts';
import { counted } from './bytes.ts';
import { exitReason } from './exit-reason.ts';
import type { Mask, Output, Reporter } from './reporter.ts';
import { sinkTo } from './sink.ts';

const SHOWN = 20;

export function quietReporter(stream: Output, mask: Mask): Reporter {
  const sink = sinkTo(stream, mask);
  let job = 'ferry';
  /** For whoever reads this in a mail, the next morning. */
  let where = '';
  let first: Problem[] = [];
  let count = 0;
  /** What the hook that is under way wrote. */
  let written: string[] = [];
  /** What hooks that failed wrote, and failures that the summary does not speak of. */
  const ofHooks: string[] = [];

  const hook = ({ hook, status, text = '', message = '' }: Extract<RunEvent, { type: 'hook' }>) => {
    if (status === 'started') written = [];
    if (status === 'output') written = [...written.slice(1 - SHOWN), `${hook}: ${text}`];
    if (status !== 'failed') return;
    if (hook === 'failed') ofHooks.push(message);
    // A single line is in the message already.
    if (written.length > 1) ofHooks.push(...written);
  };
  const tell = (headline: string) => {
    sink.line(printable(headline.replaceAll('\n', ' ')));
    for (const { path, message } of first) sink.line(`  ${printable(path || '.')}: ${printable(message)}`);
    if (count > first.length) sink.line(`  … and ${counted(count - first.length, 'more problem')}`);
    for (const line of ofHooks) sink.line(`  ${printable(line)}`);
    if (where !== '') sink.line(`  ${printable(where)}`);
    first = [];
    count = 0;
  };
  const report = (event: RunEvent) => {
    if (event.type === 'start') {
      // Of a copy by hand, the tool is all there is to name.
      const tool = event.job === 'get' || event.job === 'put';
      job = tool ? `ferry ${event.job}` : `ferry ${event.verb ?? event.direction} ${event.job}`;
      // A restore is in no history.
      where = tool || event.verb === 'restore' ? '' : placeOf(event);
    }
    if (event.type === 'problem') {
      count++;
      if (first.length < SHOWN) first.push(event);
    }
    if (event.type === 'hook') hook(event);
    if (event.type === 'summary') {
      const reason = exitReason(event);
      if (reason !== undefined) tell(`${job}: exit ${event.exitCode}: ${reason}`);
      else first = [];
    }
  };
  const close = () => {
    // A run that broke off before its summary must not swallow what it found.
    if (first.length > 0) tell(`${job}: ended early, after ${counted(count, 'problem')}:`);
    return sink.flush();
  };
  return Object.assign(report, { close });
}

/** Empty for a run without a job: its name is its two folders. */
function placeOf({ job, direction, local, remote }: Extract<RunEvent, { type: 'start' }>): string {
  if (job.includes(' ')) return '';
  const pair =
    direction === 'pull' ? `${remote} to ${local}` : `${local} ${direction === 'sync' ? 'with' : 'to'} ${remote}`;
  return `(${pair}; "ferry status ${job}" shows the last runs)`;
}
