/** Sequences that the model found to go wrong, each as short as it got; and that it would find them again. */
import { expect, test } from 'vitest';
import type { Kill, RunStep, Sequence, SideEdit, Step } from './model/steps.ts';
import { type Sabotage, walk } from './model/walk.ts';
import { MODEL } from './model.ts';
import { asleepGuard, withoutSizeCheckIn, withoutTemporaryNamesIn } from './sabotage.ts';
import { walkSequences } from './sequences.ts';

const edit = (side: SideEdit['side'], what: Exclude<SideEdit['edit'], 'rename'>, path: string): Step => ({
  step: 'edit',
  edit: { side, edit: what, path },
});

function run(changes: Partial<Omit<RunStep, 'policy'>> & { readonly policy?: Partial<RunStep['policy']> } = {}): Step {
  const { policy, ...rest } = changes;
  return {
    step: 'run',
    faults: [],
    lie: null,
    meanwhile: [],
    kill: null,
    ...rest,
    policy: {
      delete: 'tracked',
      drift: 'overwrite',
      conflict: 'keep-both',
      compare: 'auto',
      maxDelete: 'default',
      release: 'direct',
      keepVersions: 0,
      allowEmptySource: false,
      ...policy,
    },
  };
}

function sequence(direction: Sequence['direction'], steps: readonly Step[], rest: Partial<Sequence> = {}): Sequence {
  return { direction, profile: 'modern', connections: 1, state: 'process', age: 0, steps, ...rest };
}

const killed = (nth: number, at: Kill['at'] = 'call'): Kill => ({ at, nth, after: true });

test.each<[string, Sequence[]]>([
  [
    'a root that the server refuses to enter once is not taken for an empty one that agrees',
    [
      sequence('sync', [
        edit('remote', 'write', 'a'),
        run({ faults: [{ on: 'CWD', after: 0, times: 1, does: '550 No' }] }),
      ]),
    ],
  ],
  [
    'an edit of the same size within the minute is seen though the clock of the server is an hour slow',
    [
      sequence(
        'sync',
        [
          edit('remote', 'write', 'd/b'),
          run(),
          edit('local', 'write', 'd'),
          edit('remote', 'same size', 'd/b'),
          run({ policy: { maxDelete: { percent: 100 } } }),
        ],
        { profile: 'LIST and MDTM, an hour slow, times cannot be set' },
      ),
    ],
  ],
  [
    'a temporary file under a second kind of name is not forgotten when a kill comes',
    Array.from({ length: 14 }, (_, index) =>
      sequence('push', [
        edit('local', 'write', 'a'),
        run({ faults: [{ on: 'STOR', after: 0, times: 1, does: '550 No' }], kill: killed(8 + index) }),
      ]),
    ),
  ],
  [
    'a state that cannot be saved leaves no connection open',
    [sequence('push', [edit('local', 'write', 'a'), run({ lie: 'stores half' })], { state: 'remote' })],
  ],
])('%s', { timeout: 60_000 }, async (_, sequences) => {
  for (const one of sequences) {
    const { violations, transcript } = await walk(one);
    expect(violations, transcript.join('\n')).toEqual([]);
  }
});

test.each<{ what: string; sabotage: Sabotage; wrong: string; steps: readonly Step[] }>([
  {
    what: 'temporary names',
    sabotage: withoutTemporaryNamesIn,
    wrong: 'torn',
    steps: [edit('local', 'write', 'a'), run({ lie: 'stores half' })],
  },
  {
    what: 'the guard',
    sabotage: asleepGuard,
    wrong: 'wrong delete',
    steps: [
      edit('local', 'write', 'a'),
      edit('local', 'write', 'b'),
      run(),
      edit('local', 'remove', 'a'),
      edit('local', 'remove', 'b'),
      run(),
    ],
  },
  {
    what: 'the size check',
    sabotage: withoutSizeCheckIn,
    wrong: 'torn',
    steps: [edit('local', 'write', 'a'), run({ lie: 'stores half' })],
  },
])('sequences show the lack of $what', async ({ sabotage, wrong, steps }) => {
  const whole = await walk(sequence('push', steps));
  expect(whole.violations, whole.transcript.join('\n')).toEqual([]);
  const { violations, transcript } = await walk(sequence('push', steps), sabotage);
  expect(
    violations.map((one) => one.wrong),
    transcript.join('\n'),
  ).toContain(wrong);
});

/** No run gets anywhere. */
const disconnected: Sabotage = (options) => ({
  ...options,
  seams: { openPair: () => Promise.reject(new Error('nothing opens')) },
});

test('a sequence that fails says what replays it, and that fails in the same way', { timeout: 60_000 }, async () => {
  const options = { short: true, seed: 3, say: () => {} };
  const { violations } = await walkSequences(MODEL, options, { total: 1, sabotage: disconnected });
  const [, seed, path] = /--seed (-?\d+) --path (\S+)/.exec(violations[0]!.what)!;
  const again = await walkSequences(MODEL, { ...options, seed: Number(seed), path: path! }, { sabotage: disconnected });
  expect(again).toEqual({ line: '1: 1 violations', violations });
});
