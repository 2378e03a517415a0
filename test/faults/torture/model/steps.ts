/** What a sequence is made of: a job, and what its user, another client, the network and the server do in turn. */
import fc from 'fast-check';
import type { JobSettings } from '../../../../src/config/settings.ts';
import type { Direction, Side } from '../../../../src/model/index.ts';
import { PROFILES } from './profiles.ts';

/** Somebody who is not Ferry changes one side. What makes no sense there, such as an edit of nothing, is not done. */
export type Edit =
  | { readonly edit: 'write' | 'same size' | 'touch' | 'revert' | 'remove' | 'mkdir' | 'link'; readonly path: string }
  | { readonly edit: 'rename'; readonly path: string; readonly to: string }
  | { readonly edit: 'write big'; readonly path: string };

export type SideEdit = Edit & { readonly side: Side };

/** What happens to commands of one kind, see `scripted-server.ts`. */
export interface WireFault {
  readonly on: string;
  /** How many pass unharmed before. */
  readonly after: number;
  readonly times: number;
  readonly does: 'close' | 'lose the reply' | '421 Gone' | '450 Busy' | '451 Oops' | '550 No' | '552 Full' | '500 What';
}

export type Lie = 'reads half' | 'stores half' | 'hides every other name' | 'hides every name';

export interface Kill {
  /** What is counted: commands at the server, or calls of the ports of this side. */
  readonly at: 'command' | 'call';
  readonly nth: number;
  /** Whether the call in which it dies was carried out. */
  readonly after: boolean;
}

export interface RunStep {
  readonly step: 'run';
  readonly policy: Pick<JobSettings, 'delete' | 'drift' | 'conflict' | 'compare' | 'maxDelete'> &
    Required<Pick<JobSettings, 'release' | 'keepVersions' | 'allowEmptySource'>>;
  readonly faults: readonly WireFault[];
  readonly lie: Lie | null;
  /** Edits in the middle of it, at the nth command that the server gets. */
  readonly meanwhile: readonly { readonly command: number; readonly edit: SideEdit }[];
  readonly kill: Kill | null;
}

export type Step =
  | { readonly step: 'edit'; readonly edit: SideEdit }
  | RunStep
  /** What is remembered is lost as a whole, or can no longer be read. */
  | { readonly step: 'lose state' }
  | { readonly step: 'garble state' };

export interface Sequence {
  readonly direction: Direction;
  readonly profile: keyof typeof PROFILES;
  readonly connections: number;
  /** Where it is remembered what was agreed on: in this process, in the store on the disk, or on the server. */
  readonly state: 'process' | 'store' | 'remote';
  /** ms by which the times of files begin before now. */
  readonly age: number;
  readonly steps: readonly Step[];
}

// Few names, so that what happens to them meets.
const PATHS = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'é x', 'A', 'd/e/f/g'] as const;
const VERBS = 'STOR RETR MLSD LIST MKD RMD DELE RNFR RNTO SIZE MLST MDTM MFMT CWD EPSV APPE REST PASS TYPE'.split(' ');
const REPLIES = [
  'close',
  'lose the reply',
  '421 Gone',
  '450 Busy',
  '451 Oops',
  '550 No',
  '552 Full',
  '500 What',
] as const;

const path = fc.constantFrom(...PATHS);
const side = fc.constantFrom<Side>('local', 'remote');

const edit: fc.Arbitrary<SideEdit> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ edit: fc.constant('write' as const), path, side }) },
  { weight: 20, arbitrary: fc.record({ edit: fc.constant('same size' as const), path, side }) },
  { weight: 8, arbitrary: fc.record({ edit: fc.constantFrom('touch' as const, 'revert' as const), path, side }) },
  { weight: 24, arbitrary: fc.record({ edit: fc.constant('remove' as const), path, side }) },
  { weight: 12, arbitrary: fc.record({ edit: fc.constant('mkdir' as const), path, side }) },
  { weight: 16, arbitrary: fc.record({ edit: fc.constant('rename' as const), path, to: path, side }) },
  { weight: 3, arbitrary: fc.record({ edit: fc.constant('link' as const), path, side }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('write big' as const), path, side }) },
);

const policy: fc.Arbitrary<RunStep['policy']> = fc.record({
  delete: fc.constantFrom('tracked', 'tracked', 'all', 'none'),
  drift: fc.constantFrom('overwrite', 'overwrite', 'keep', 'fail'),
  conflict: fc.constantFrom('keep-both', 'keep-both', 'keep-both', 'newer', 'local', 'remote', 'fail'),
  compare: fc.constantFrom('auto', 'auto', 'auto', 'hash'),
  maxDelete: fc.constantFrom<JobSettings['maxDelete']>('default', 'default', { percent: 100 }, { count: 1 }),
  release: fc.constantFrom('direct', 'direct', 'direct', 'staged'),
  keepVersions: fc.constantFrom(0, 0, 0, 1, 2),
  allowEmptySource: fc.boolean(),
});

export const fault: fc.Arbitrary<WireFault> = fc.record({
  on: fc.constantFrom(...VERBS),
  after: fc.nat(3),
  times: fc.constantFrom(1, 1, 1, 2, 99),
  does: fc.constantFrom(...REPLIES),
});

export const some = <T>(arbitrary: fc.Arbitrary<T>, most: number, weights: readonly [number, number]) =>
  fc.oneof(
    { weight: weights[0], arbitrary: fc.constant<readonly T[]>([]) },
    { weight: weights[1], arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: most }) },
  );

const run: fc.Arbitrary<RunStep> = fc.record({
  step: fc.constant('run' as const),
  policy,
  faults: some(fault, 2, [5, 4]),
  lie: fc.option(fc.constantFrom<Lie>('reads half', 'stores half', 'hides every other name', 'hides every name'), {
    freq: 8,
  }),
  meanwhile: some(fc.record({ command: fc.nat(45), edit }), 3, [3, 1]),
  kill: fc.option(
    fc.record({ at: fc.constantFrom('command' as const, 'call' as const), nth: fc.nat(45), after: fc.boolean() }),
    { freq: 4 },
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ step: fc.constant('edit' as const), edit }) },
  { weight: 8, arbitrary: run },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('lose state' as const, 'garble state' as const) }) },
);

export const sequence: fc.Arbitrary<Sequence> = fc.record({
  direction: fc.constantFrom<Direction>('push', 'pull', 'sync', 'sync'),
  profile: fc.constantFrom(...(Object.keys(PROFILES) as (keyof typeof PROFILES)[])),
  connections: fc.constantFrom(1, 1, 1, 3),
  state: fc.constantFrom('process', 'process', 'process', 'process', 'store', 'remote'),
  age: fc.constantFrom(0, 6 * 3600_000),
  steps: fc.array(step, { minLength: 3, maxLength: 15, size: 'max' }),
});

export function describeEdit(one: SideEdit): string {
  return `${one.side}: ${one.edit} ${one.path}${one.edit === 'rename' ? ` to ${one.to}` : ''}`;
}

export function describeRun({ policy: wish, faults, lie, meanwhile, kill }: RunStep): string {
  const parts = [
    `delete ${wish.delete}, drift ${wish.drift}, conflict ${wish.conflict}`,
    wish.compare === 'auto' ? '' : `compare ${wish.compare}`,
    wish.maxDelete === 'default' ? '' : `at most ${JSON.stringify(wish.maxDelete)} deletes`,
    wish.release === 'direct' ? '' : wish.release,
    wish.keepVersions === 0 ? '' : `keeps ${wish.keepVersions} versions`,
    wish.allowEmptySource ? 'allows an empty source' : '',
    ...faults.map(({ on, after, times, does }) => `${on} ${times} times after ${after}: ${does}`),
    lie === null ? '' : `the server ${lie}`,
    ...meanwhile.map(({ command, edit: one }) => `at command ${command} ${describeEdit(one)}`),
    kill ? `killed ${kill.after ? 'after' : 'before'} ${kill.at} ${kill.nth}` : '',
  ];
  return parts.filter(Boolean).join('; ');
}
