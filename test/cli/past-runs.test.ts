/** When a job's history is a reason to complain, and when not. */
import { expect, test } from 'vitest';
import { complaintOf } from '../../src/cli/past-runs.ts';
import type { PastRun } from '../../src/state/index.ts';

const NOW = Date.UTC(2026, 10, 21, 9);
const HOUR = 3_600_000;

type End = number | 'running' | 'killed' | 'unseen';

/** Runs with these ends, an hour apart, the last one an hour ago. */
function history(...ends: readonly End[]) {
  const runs = ends.map((end, index) => {
    const at = new Date(NOW - (ends.length - index) * HOUR).toISOString();
    const ended = typeof end === 'number';
    const state = ended ? ('ended' as const) : end;
    return { state, exitCode: ended ? end : null, began: at, ended: ended ? at : null } as PastRun;
  });
  return { job: 'site', direction: 'push', local: '/srv', remote: 'ftp://x', runs } as const;
}

test.each<[says: string, ends: readonly End[], maxAge: number | null, complaint: RegExp | undefined]>([
  ['nothing yet', [], null, undefined],
  ['all well', [5, 0], null, undefined],
  ['the last one failed', [0, 5], null, /exit code 5/],
  ['its own limit is no success', [0, 9], null, /exit code 9/],
  ['the first goes on', ['running'], null, undefined],
  ['one goes on after a failure', [5, 'running'], null, /exit code 5/],
  ['killed', [0, 'killed'], null, /cut off/],
  ['killed, and going on since', [0, 'killed', 'running'], null, undefined],
  ['of another container', [0, 'unseen'], null, /cut off/],
  ['refused by the lock', [0, 6], null, undefined],
  ['refused by the lock after a failure', [3, 6, 6], null, /exit code 3/],
  ['a watch that was stopped, and started again', [143, 'running'], null, undefined],
  ['stopped in the middle of the night', [0, 130], null, undefined],
  ['well, and not long ago', [0], 2 * HOUR, undefined],
  ['well, and too long ago', [0, 143], HOUR, /longer ago/],
])('%s', (_, ends, maxAge, complaint) => {
  const said = complaintOf(history(...ends), maxAge, NOW);
  if (complaint === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(complaint);
});
