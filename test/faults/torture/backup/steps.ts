/** What happens to a backup in turn: edits of its source, runs, prunings and restores, each of which may be disturbed. */
import fc from 'fast-check';
import type { Keep } from '../../../../src/diff/index.ts';
import type { PROFILES } from '../model/profiles.ts';
import { fault, type Kill, type Lie, some, type WireFault } from '../model/steps.ts';

export type Edit =
  | { readonly edit: 'write' | 'same size' | 'remove' | 'mkdir'; readonly path: string }
  | { readonly edit: 'rename'; readonly path: string; readonly to: string };

/** What disturbs one verb. */
export interface Harm {
  readonly faults: readonly WireFault[];
  readonly lie: Lie | null;
  /** `disk`: at the nth call that changes something in the folder that the verb writes. */
  readonly kill: (Omit<Kill, 'at'> & { readonly at: Kill['at'] | 'disk' }) | null;
  /** The disk of that folder fails. */
  readonly disk: { readonly nth: number; readonly code: 'ENOSPC' | 'EIO'; readonly forGood: boolean } | null;
}

export interface BackupStep {
  readonly step: 'backup';
  /** Since the step before. */
  readonly hours: number;
  readonly harm: Harm;
  readonly verify: boolean;
  /** Whether a run may delete as much as it likes. */
  readonly unguarded: boolean;
  /** Edits of the source in the middle of it, at the nth command that the server gets. */
  readonly meanwhile: readonly { readonly command: number; readonly edit: Edit }[];
}

export interface RestoreStep {
  readonly step: 'restore';
  /** Of which snapshot, and of which once more into the same folder, counted from the oldest. */
  readonly which: number;
  readonly over: number;
  readonly harm: Harm;
}

export type Step =
  | { readonly step: 'edit'; readonly edit: Edit }
  | BackupStep
  | { readonly step: 'prune'; readonly harm: Harm }
  | RestoreStep
  /** Of a pull: a stored file is written to, so that it shows, or so that only its content tells. */
  | { readonly step: 'damage'; readonly which: number; readonly file: number; readonly shows: boolean }
  /** Of a push. */
  | { readonly step: 'rollback'; readonly hours: number; readonly harm: Harm };

export interface Sequence {
  readonly direction: 'pull' | 'push';
  readonly profile: keyof typeof PROFILES;
  readonly connections: number;
  readonly keep: Keep;
  readonly steps: readonly Step[];
}

export const NO_HARM: Harm = { faults: [], lie: null, kill: null, disk: null };
export const isHarmless = ({ faults, lie, kill, disk }: Harm): boolean =>
  faults.length === 0 && lie === null && kill === null && disk === null;

// Few names, so that what happens to them meets.
const path = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b', 'd/e/f', 'é x', '.h', 'g/.k/l');
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ edit: fc.constant('write' as const), path }) },
  { weight: 2, arbitrary: fc.record({ edit: fc.constant('same size' as const), path }) },
  { weight: 2, arbitrary: fc.record({ edit: fc.constant('remove' as const), path }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('mkdir' as const), path }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('rename' as const), path, to: path }) },
);

const kill: fc.Arbitrary<NonNullable<Harm['kill']>> = fc.record({
  at: fc.constantFrom('command' as const, 'call' as const, 'disk' as const),
  nth: fc.integer({ min: 1, max: 60 }),
  after: fc.boolean(),
});
const disk = fc.record({
  nth: fc.integer({ min: 1, max: 40 }),
  code: fc.constantFrom('ENOSPC' as const, 'EIO' as const),
  forGood: fc.boolean(),
});
const lie = fc.constantFrom<Lie>('reads half', 'stores half', 'hides every other name', 'hides every name');
const nothing = fc.constant(null);
/** One kind at a time: what two of them do together, one after the other does, too. */
const harm: fc.Arbitrary<Harm> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(NO_HARM) },
  {
    weight: 3,
    arbitrary: fc.record({ faults: fc.constant<readonly WireFault[]>([]), lie: nothing, kill, disk: nothing }),
  },
  { weight: 2, arbitrary: fc.record({ faults: some(fault, 2, [0, 1]), lie: nothing, kill: nothing, disk: nothing }) },
  {
    weight: 1,
    arbitrary: fc.record({ faults: fc.constant<readonly WireFault[]>([]), lie, kill: nothing, disk: nothing }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ faults: fc.constant<readonly WireFault[]>([]), lie: nothing, kill: nothing, disk }),
  },
);

const hours = fc.constantFrom(0, 1, 5, 20, 30, 200, 800);
const backup: fc.Arbitrary<BackupStep> = fc.record({
  step: fc.constant('backup' as const),
  hours,
  harm,
  verify: fc.boolean(),
  unguarded: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  meanwhile: some(fc.record({ command: fc.nat(40), edit }), 2, [4, 1]),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ step: fc.constant('edit' as const), edit }) },
  { weight: 8, arbitrary: backup },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('prune' as const), harm }) },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constant('restore' as const), which: fc.nat(9), over: fc.nat(9), harm }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant('damage' as const),
      which: fc.nat(9),
      file: fc.nat(9),
      shows: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('rollback' as const), hours, harm }) },
);

const count = fc.integer({ min: 1, max: 3 });
export const sequence: fc.Arbitrary<Sequence> = fc.record({
  direction: fc.constantFrom('pull' as const, 'push' as const),
  profile: fc.constantFrom(
    'modern' as const,
    'seconds' as const,
    'LIST and MDTM, two hours east' as const,
    'DOS, no renaming over' as const,
    'no REST, no hashes, three days slow' as const,
  ),
  connections: fc.constantFrom(1, 1, 3),
  keep: fc.record(
    { last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count },
    { requiredKeys: [] },
  ),
  steps: fc.array(step, { minLength: 4, maxLength: 20, size: 'max' }),
});

export function describeEdit({ edit: what, ...rest }: Edit): string {
  return `${what} ${Object.values(rest).join(' to ')}`;
}

export function describeHarm({ faults, lie: told, kill: killed, disk: failing }: Harm): string {
  const parts = [
    ...faults.map(({ on, after, times, does }) => `${on} ${times} times after ${after}: ${does}`),
    told === null ? '' : `the server ${told}`,
    killed ? `killed ${killed.after ? 'after' : 'before'} ${killed.at} ${killed.nth}` : '',
    failing ? `the disk says ${failing.code} at call ${failing.nth}${failing.forGood ? ' and after' : ''}` : '',
  ];
  return parts.filter(Boolean).join('; ') || 'undisturbed';
}

/** What the rules keep of these times, told the plainest way: by how each would be written in a calendar. */
export function kept(times: readonly number[], keep: Keep): Set<number> {
  if (Object.keys(keep).length === 0) return new Set(times);
  const written = (time: number, length: number) => new Date(time).toISOString().slice(0, length);
  const monday = (time: number) => {
    const date = new Date(time);
    date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    return date.toISOString().slice(0, 10);
  };
  const names: { readonly [rule in keyof Keep]-?: (time: number) => string } = {
    last: String,
    hourly: (time) => written(time, 13),
    daily: (time) => written(time, 10),
    weekly: monday,
    monthly: (time) => written(time, 7),
    yearly: (time) => written(time, 4),
  };
  const newestFirst = [...times].sort((a, b) => b - a);
  const stays = new Set<number>();
  for (const [rule, many] of Object.entries(keep)) {
    const seen = new Set<string>();
    for (const time of newestFirst) {
      const name = names[rule as keyof Keep](time);
      if (seen.size === many) break;
      if (!seen.has(name)) stays.add(time);
      seen.add(name);
    }
  }
  return stays;
}
