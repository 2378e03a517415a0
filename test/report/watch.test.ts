/** What a watch shows on a terminal. */
import { expect, test } from 'vitest';
import type { RunEvent, RunEventBody } from '../../src/model/index.ts';
import { watchReporter } from '../../src/report/watch.ts';
import { terminal } from './terminal.ts';

const at = (ms: number, body: RunEventBody): RunEvent =>
  ({ ...body, time: new Date(Date.UTC(2026, 0, 2) + ms).toISOString() }) as RunEvent;
const progress = (ms: number, bytes: number) =>
  at(ms, { type: 'progress', phase: 'transfer', files: 1, filesTotal: 9, bytes, bytesTotal: 9000 });

function shown() {
  const stream = terminal(60);
  const options = { verbosity: 0, color: false, progress: true, quiet: false, mask: (text: string) => text } as const;
  const report = watchReporter({ stream, ...options });
  return { report, last: () => stream.rows().at(-1), stream };
}

test('a lost connection is shown at once, and no longer than nothing moves', () => {
  const { report, last, stream } = shown();
  report(progress(0, 4000));
  expect(last()).toMatch(/4/);
  const message = 'the control connection was lost';
  report(at(100, { type: 'retry', path: 'a.txt', attempt: 2, delay: 5000, message }));
  expect(last()).toMatch(/^trying again: the control connection was lost · watching/);
  // The ticker goes on.
  report(progress(300, 4000));
  report(progress(4900, 4000));
  expect(last()).toMatch(/^trying again/);
  report(progress(5200, 4000));
  expect(last()).not.toMatch(/trying again/);
  report(at(5300, { type: 'retry', path: 'a.txt', attempt: 3, delay: 5000, message }));
  expect(last()).toMatch(/^trying again/);
  report(progress(5400, 4500));
  expect(last()).not.toMatch(/trying again/);
  // No line of its own: it may be over in a moment.
  expect(stream.rows()).toHaveLength(1);
});
