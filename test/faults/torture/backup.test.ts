/** Sequences about a backup: that the bench finds what it is to find, and those that it found to go wrong. */
// First, before anything takes the calls of the file system for its own.
import './fs-faults.ts';
import { expect, test } from 'vitest';
import type { Sabotage } from './backup/scene.ts';
import { type BackupStep, type Harm, kept, NO_HARM, type Sequence, type Step } from './backup/steps.ts';
import { BACKUPS, walkBackups } from './backup.ts';
import { withoutKeptVersionsIn, writingInPlace } from './sabotage.ts';
import { walkSequences } from './sequences.ts';

const write = (path: string): Step => ({ step: 'edit', edit: { edit: 'write', path } });
const backup = (harm: Partial<Harm> = {}, rest: Partial<BackupStep> = {}): Step => ({
  step: 'backup',
  hours: 24,
  harm: { ...NO_HARM, ...harm },
  verify: false,
  unguarded: true,
  meanwhile: [],
  ...rest,
});
const killed = (at: NonNullable<Harm['kill']>['at'], nth: number): Partial<Harm> => ({
  kill: { at, nth, after: true },
});

function sequence(direction: Sequence['direction'], steps: readonly Step[], rest: Partial<Sequence> = {}): Sequence {
  return { direction, profile: 'modern', connections: 1, keep: {}, steps, ...rest };
}

test.each<{ what: string; direction: Sequence['direction']; sabotage: Sabotage }>([
  { what: 'a snapshot is never written into', direction: 'pull', sabotage: writingInPlace },
  { what: 'old versions are kept', direction: 'push', sabotage: withoutKeptVersionsIn },
])('that $what is noticed where it is not so', { timeout: 60_000 }, async ({ direction, sabotage }) => {
  const steps = [write('a'), backup(), write('a'), backup()];
  const whole = await walkBackups(sequence(direction, steps));
  expect(whole.violations, whole.transcript.join('\n')).toEqual([]);
  const { violations, transcript } = await walkBackups(sequence(direction, steps), sabotage);
  expect(
    violations.map(({ wrong }) => wrong),
    transcript.join('\n'),
  ).toContain('lost');
});

test('a snapshot that a kill left without its name is gone on with, at whatever call of its end it came', {
  timeout: 120_000,
}, async () => {
  for (let nth = 34; nth < 46; nth++) {
    // A file takes the place of a folder.
    const steps = [write('d/b'), backup(), write('d'), backup(killed('disk', nth))];
    const { violations, transcript } = await walkBackups(sequence('pull', steps));
    expect(violations, transcript.join('\n')).toEqual([]);
  }
});

test('a lock is taken, or not held, whichever call of the disk fails once meanwhile', { timeout: 60_000 }, async () => {
  for (let nth = 1; nth < 12; nth++) {
    const steps = [backup({ disk: { nth, code: 'EIO', forGood: false } })];
    const { violations, transcript } = await walkBackups(sequence('pull', steps));
    expect(violations, transcript.join('\n')).toEqual([]);
  }
});

/** No run gets anywhere. */
const disconnected: Sabotage = (options) => ({
  ...options,
  seams: { openPair: () => Promise.reject(new Error('nothing opens')) },
});

test('a sequence that fails says what replays it, and that fails in the same way', { timeout: 60_000 }, async () => {
  const options = { short: true, seed: 3, say: () => {} };
  const { violations } = await walkSequences(BACKUPS, options, { total: 1, sabotage: disconnected });
  const [, seed, path] = /backup --seed (-?\d+) --path (\S+)/.exec(violations[0]!.what)!;
  const again = await walkSequences(
    BACKUPS,
    { ...options, seed: Number(seed), path: path! },
    { sabotage: disconnected },
  );
  expect(again).toEqual({ line: '1: 1 violations', violations });
});

test('what the rules keep, by the calendar', () => {
  const times = ['2026-01-01T10:00', '2026-01-01T12:00', '2026-01-04T23:59', '2026-01-05T00:00', '2026-02-01T00:00'];
  const of = (keep: Sequence['keep']) => {
    const stay = kept(
      times.map((time) => Date.parse(`${time}Z`)),
      keep,
    );
    return times.filter((time) => stay.has(Date.parse(`${time}Z`)));
  };
  expect(of({})).toEqual(times);
  expect(of({ last: 2 })).toEqual(times.slice(3));
  expect(of({ daily: 4 })).toEqual(times.slice(1));
  // The 5th was a Monday.
  expect(of({ weekly: 3 })).toEqual([times[2], times[3], times[4]]);
  expect(of({ monthly: 2 })).toEqual(times.slice(3));
  expect(of({ yearly: 3 })).toEqual([times[4]]);
});
