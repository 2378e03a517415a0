/** Same content? The four steps of `auto` and the other modes, as sentences. */
import { describe, expect, it } from 'vitest';
import { type CompareMode, compare, type Evidence, NO_EVIDENCE, type Verdict } from '../../src/diff/index.ts';
import type { Agreement, Entry, RelPath, Stamps } from '../../src/model/index.ts';

const PATH = 'a' as RelPath;
const NOON = Date.UTC(2024, 4, 1, 12);

interface Facts {
  readonly size?: number | null;
  /** Seconds after noon; null: no time. */
  readonly at?: number | null;
  readonly precision?: number;
  readonly zoned?: boolean;
  readonly stamps?: Stamps;
}

function entry({ size = 10, at = 0, precision = 1, zoned = true, stamps = {} }: Facts): Entry {
  return { path: PATH, kind: 'file', size, mtime: at === null ? null : NOON + at * 1_000, precision, zoned, stamps };
}

function agreement(local: Stamps, remote: Stamps, sha256?: string): Agreement {
  return {
    path: PATH,
    kind: 'file',
    local: { size: 10, stamps: local },
    remote: { size: 10, stamps: remote },
    ...(sha256 ? { sha256 } : {}),
  };
}

interface Case {
  readonly says: string;
  readonly mode?: CompareMode;
  readonly local?: Facts;
  readonly remote?: Facts;
  readonly agreed?: Agreement;
  readonly canHash?: boolean;
  readonly canAskTime?: boolean;
  readonly told?: Partial<Record<keyof Evidence, unknown>>;
  /** `same`, `same by size`, `differs: <who moved>`, `ask: <what>` or `unreadable`. */
  readonly is: string;
  readonly learns?: Partial<Agreement>;
}

const STAT = { stat: '1:1' };
const MLST = { mlst: '20240501120000' };
const MDTM = { mdtm: '20240501120000' };
const LIST = { list: '2024-05-01T15:00' };
const unzoned: Facts = { at: 3 * 3_600, precision: 60_000, zoned: false, stamps: LIST };

const CASES: readonly Case[] = [
  // Nothing known: step 2.
  { says: 'sizes differ', remote: { size: 11 }, is: 'differs: unknown' },
  { says: 'times equal', remote: {}, is: 'same' },
  { says: 'times differ', remote: { at: 5 }, is: 'differs: unknown' },
  { says: 'the server cut the time to a second', local: { at: 0.999 }, remote: { precision: 1_000 }, is: 'same' },
  { says: 'the server rounded the time to a second', local: { at: -0.5 }, remote: { precision: 1_000 }, is: 'same' },
  { says: 'a whole second apart', local: { at: 1 }, remote: { precision: 1_000 }, is: 'differs: unknown' },
  { says: 'minutes, cut off', local: { at: 59.9 }, remote: { precision: 60_000 }, is: 'same' },
  { says: 'minutes, more than one apart', local: { at: 61 }, remote: { precision: 60_000 }, is: 'differs: unknown' },
  { says: 'days', local: { at: 80_000 }, remote: { precision: 86_400_000 }, is: 'same' },
  // Within a minute a file can change twice: what can be asked for its exact time is.
  { says: 'the same minute, MDTM at hand', remote: { precision: 60_000 }, canAskTime: true, is: 'ask: remote-time' },
  {
    says: 'another minute, MDTM at hand',
    remote: { at: 90, precision: 60_000 },
    canAskTime: true,
    is: 'differs: unknown',
  },
  {
    says: 'the same minute, and another second',
    remote: { precision: 60_000, stamps: LIST },
    canAskTime: true,
    told: { remoteTime: { mtime: NOON + 5_000, stamps: MDTM } },
    is: 'differs: unknown',
  },
  {
    says: 'the minute of what was agreed, and another second',
    local: { stamps: STAT },
    remote: { precision: 60_000, stamps: LIST },
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    told: { remoteTime: { mtime: NOON + 5_000, stamps: { mdtm: '20240501120005' } } },
    is: 'differs: remote',
  },
  // Times in an unknown zone: ask, then step 3, then 4.
  { says: 'a time in an unknown zone, MDTM at hand', remote: unzoned, canAskTime: true, is: 'ask: remote-time' },
  {
    says: 'asked, and equal',
    remote: unzoned,
    canAskTime: true,
    told: { remoteTime: { mtime: NOON, stamps: MDTM } },
    is: 'same',
    learns: { remote: { size: 10, stamps: { ...MDTM, ...LIST } } },
  },
  {
    says: 'asked, and different',
    remote: unzoned,
    canAskTime: true,
    told: { remoteTime: { mtime: NOON + 5_000, stamps: MDTM } },
    is: 'differs: unknown',
  },
  { says: 'asked, no answer', remote: unzoned, canAskTime: true, told: { remoteTime: null }, is: 'same by size' },
  { says: 'a time in an unknown zone and nothing to ask', remote: unzoned, is: 'same by size' },
  { says: 'no time at all, a hash at hand', remote: { at: null }, canHash: true, is: 'ask: content' },
  { says: 'hashes equal', remote: { at: null }, canHash: true, told: { content: 'same' }, is: 'same' },
  {
    says: 'hashes differ',
    remote: { at: null },
    canHash: true,
    told: { content: 'different' },
    is: 'differs: unknown',
  },
  {
    says: 'the hash could not be had',
    remote: { at: null },
    canHash: true,
    told: { content: 'unknown' },
    is: 'same by size',
  },
  { says: 'the size is not said', remote: { size: null }, is: 'differs: unknown' },
  { says: 'the size is not said, a hash at hand', remote: { size: null }, canHash: true, is: 'ask: content' },
  // The baseline: step 1.
  {
    says: 'neither moved, whatever the times say',
    local: { stamps: STAT },
    remote: { at: 900, stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'same',
  },
  {
    says: 'the remote stamp moved',
    local: { stamps: STAT },
    remote: { stamps: { mlst: '2' } },
    agreed: agreement(STAT, MLST),
    is: 'differs: remote',
  },
  {
    says: 'the remote size moved',
    local: { stamps: STAT },
    remote: { size: 11, stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'differs: remote',
  },
  {
    says: 'the local size moved',
    local: { size: 11, stamps: STAT },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'differs: local',
  },
  {
    says: 'both sizes moved',
    local: { size: 11 },
    remote: { size: 12 },
    agreed: agreement(STAT, MLST),
    is: 'differs: both',
  },
  {
    says: 'a date that has lost its time of day is the same stamp, and the long form is kept',
    local: { stamps: STAT },
    remote: { stamps: { list: '2024-05-01' } },
    agreed: agreement(STAT, LIST),
    is: 'same',
    learns: { remote: { size: 10, stamps: LIST } },
  },
  {
    says: 'another date',
    local: { stamps: STAT },
    remote: { stamps: { list: '2024-05-02' } },
    agreed: agreement(STAT, LIST),
    is: 'differs: remote',
  },
  {
    says: 'a new local time, the hash of the old content known',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST, 'abc'),
    is: 'ask: local-sha256',
  },
  {
    says: 'a fresh checkout: a new local time on the same content is learned',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST, 'abc'),
    told: { localSha256: 'abc' },
    is: 'same',
    learns: { local: { size: 10, stamps: { stat: '2:2' } }, sha256: 'abc' },
  },
  {
    says: 'new local content of the same size',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST, 'abc'),
    told: { localSha256: 'xyz' },
    is: 'differs: local',
  },
  {
    says: 'the local file cannot be read',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST, 'abc'),
    told: { localSha256: null },
    is: 'unreadable',
  },
  {
    says: 'a new local time, no hash known, but the server can',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    canHash: true,
    is: 'ask: content',
  },
  {
    says: 'and the content is the same',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    canHash: true,
    told: { content: 'same' },
    is: 'same',
  },
  {
    says: 'and the content is another',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    canHash: true,
    told: { content: 'different' },
    is: 'differs: local',
  },
  {
    says: 'a new local time that is the remote time',
    local: { stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'same',
  },
  {
    says: 'a new local time, nothing else known',
    local: { at: 60, stamps: { stat: '2:2' } },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'differs: local',
  },
  // No stamp from a source that the baseline has.
  {
    says: 'only MDTM was known and LIST is seen: asked',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    is: 'ask: remote-time',
  },
  {
    says: 'only MLST was known and LIST is seen: asked',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MLST),
    canAskTime: true,
    is: 'ask: remote-time',
  },
  {
    says: 'nothing was known but the date, and nothing is seen: nothing to ask for',
    local: { stamps: STAT },
    remote: { at: null },
    agreed: agreement(STAT, LIST),
    canAskTime: true,
    is: 'same by size',
  },
  {
    says: 'asked, and as agreed: the new stamp is learned beside the old one',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    told: { remoteTime: { mtime: NOON, stamps: MDTM } },
    is: 'same',
    learns: { remote: { size: 10, stamps: { ...MDTM, ...LIST } } },
  },
  {
    says: 'asked, and another',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    told: { remoteTime: { mtime: NOON, stamps: { mdtm: '1' } } },
    is: 'differs: remote',
  },
  {
    says: 'asked, no answer: by size',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    told: { remoteTime: null },
    is: 'same by size',
    // The date of now in its place would call the same, for ever, what nobody compared.
    learns: { remote: { size: 10, stamps: MDTM } },
  },
  {
    says: 'asked, and not answered for now',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    told: { remoteTime: null, withheld: true },
    is: 'unreadable',
  },
  {
    says: 'nothing to ask: by size',
    local: { stamps: STAT },
    remote: unzoned,
    agreed: agreement(STAT, {}),
    is: 'same by size',
  },
  {
    says: 'the time is that of the unmoved local file',
    local: { stamps: STAT },
    remote: { stamps: LIST },
    agreed: agreement(STAT, MDTM),
    canAskTime: true,
    is: 'same',
  },
  {
    says: 'the time is not that of the unmoved local file',
    local: { stamps: STAT },
    remote: { at: 90, stamps: LIST },
    agreed: agreement(STAT, {}),
    is: 'differs: remote',
  },
  {
    says: 'neither a size nor a stamp',
    local: { stamps: STAT },
    remote: { size: null, at: null },
    agreed: agreement(STAT, MDTM),
    is: 'differs: remote',
  },
  {
    says: 'no size but the stamp',
    local: { stamps: STAT },
    remote: { size: null, stamps: MDTM },
    agreed: agreement(STAT, MDTM),
    is: 'same',
  },
  // Both moved.
  {
    says: 'both moved, equal sizes show nothing',
    local: { size: 11, at: 60 },
    remote: { size: 11 },
    agreed: agreement(STAT, MLST),
    is: 'differs: both',
  },
  {
    says: 'both moved to the same time',
    local: { size: 11 },
    remote: { size: 11 },
    agreed: agreement(STAT, MLST),
    is: 'same',
  },
  {
    says: 'both moved to the same minute: that shows too little',
    local: { size: 11 },
    remote: { size: 11, precision: 60_000 },
    agreed: agreement(STAT, MLST),
    is: 'differs: both',
  },
  {
    says: 'both moved, a hash at hand',
    local: { size: 11 },
    remote: { size: 11 },
    agreed: agreement(STAT, MLST),
    canHash: true,
    is: 'ask: content',
  },
  {
    says: 'both moved to the same content',
    local: { size: 11 },
    remote: { size: 11 },
    agreed: agreement(STAT, MLST),
    canHash: true,
    told: { content: 'same' },
    is: 'same',
  },
  {
    says: 'both moved to other content',
    local: { size: 11 },
    remote: { size: 11 },
    agreed: agreement(STAT, MLST),
    canHash: true,
    told: { content: 'different' },
    is: 'differs: both',
  },
  // The other modes.
  { says: 'equal sizes, other times', mode: 'size', remote: { at: 90 }, is: 'same by size' },
  {
    says: 'sizes differ, the local one is new',
    mode: 'size',
    local: { size: 11 },
    remote: { stamps: { mlst: '9' } },
    agreed: agreement(STAT, MLST),
    is: 'differs: local',
  },
  { says: 'no size is said', mode: 'size', remote: { size: null }, is: 'differs: unknown' },
  { says: 'equal times', mode: 'time', canHash: true, is: 'same' },
  {
    says: 'other times, though agreed on',
    mode: 'time',
    local: { stamps: STAT },
    remote: { at: 90, stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'differs: unknown',
  },
  {
    says: 'other times, and the remote stamp moved',
    mode: 'time',
    local: { stamps: STAT },
    remote: { at: 90, stamps: { mlst: '2' } },
    agreed: agreement(STAT, MLST),
    is: 'differs: remote',
  },
  { says: 'no time to trust', mode: 'time', remote: unzoned, canHash: true, is: 'same by size' },
  { says: 'no time to trust, MDTM at hand', mode: 'time', remote: unzoned, canAskTime: true, is: 'ask: remote-time' },
  {
    says: 'always the content, though nothing moved',
    mode: 'hash',
    local: { stamps: STAT },
    remote: { stamps: MLST },
    agreed: agreement(STAT, MLST),
    is: 'ask: content',
  },
  { says: 'not where the sizes differ', mode: 'hash', remote: { size: 11 }, is: 'differs: unknown' },
  { says: 'equal content', mode: 'hash', told: { content: 'same' }, is: 'same' },
  { says: 'other content', mode: 'hash', told: { content: 'different' }, is: 'differs: unknown' },
  { says: 'content that cannot be had', mode: 'hash', told: { content: 'unknown' }, is: 'unreadable' },
];

describe.each(['auto', 'size', 'time', 'hash'] as const)('compare: %s', (mode) => {
  it.each(CASES.filter((one) => (one.mode ?? 'auto') === mode))('$says: $is', (one) => {
    const verdict = judge(one);
    expect(inWords(verdict)).toBe(one.is);
    if (one.learns && verdict.is === 'same') expect(verdict.agreement).toMatchObject(one.learns);
    if (one.learns && verdict.is === 'same' && one.learns.remote)
      expect(verdict.agreement.remote).toEqual(one.learns.remote);
  });
});

describe('what is remembered', () => {
  it('nothing new where nothing moved', () => {
    const agreed = agreement(STAT, { ...MLST, ...MDTM }, 'abc');
    const verdict = judge({ says: '', is: '', local: { stamps: STAT }, remote: { stamps: MLST }, agreed });
    expect(verdict).toEqual({ is: 'same', bySize: false, agreement: agreed });
  });

  it('old stamps and the old hash do not outlive the content that they were of', () => {
    const agreed = agreement(STAT, { ...MLST, ...MDTM }, 'abc');
    const moved = { size: 11, stamps: { stat: '2:2' } };
    const verdict = judge({ says: '', is: '', local: moved, remote: { size: 11, stamps: { mlst: '2' } }, agreed });
    expect(verdict).toEqual({
      is: 'same',
      bySize: false,
      agreement: { path: PATH, kind: 'file', local: moved, remote: { size: 11, stamps: { mlst: '2' } } },
    });
  });
});

function judge(one: Case): Verdict {
  const told = Object.fromEntries(
    Object.entries(one.told ?? {}).map(([kind, value]) => [kind, new Map([[PATH, value]])]),
  );
  return compare(
    {
      path: PATH,
      local: entry(one.local ?? {}),
      remote: entry(one.remote ?? {}),
      ...(one.agreed ? { agreed: one.agreed } : {}),
    },
    { compare: one.mode ?? 'auto', canHash: one.canHash ?? false, canAskTime: one.canAskTime ?? false },
    { ...NO_EVIDENCE, ...told } as Evidence,
  );
}

function inWords(verdict: Verdict): string {
  if (verdict.is === 'same') return verdict.bySize ? 'same by size' : 'same';
  if (verdict.is === 'differs') return `differs: ${verdict.moved}`;
  return verdict.is === 'ask' ? `ask: ${verdict.ask}` : verdict.is;
}

describe('a text, stored with other line ends', () => {
  const isText = () => true;
  const judge = (
    mode: CompareMode,
    local: Facts,
    remote: Facts,
    agreed?: Agreement,
    evidence: Evidence = NO_EVIDENCE,
  ) =>
    compare(
      { path: PATH, local: entry(local), remote: entry(remote), ...(agreed ? { agreed } : {}) },
      { compare: mode, canHash: mode === 'hash', canAskTime: false, isText },
      evidence,
    );

  it('is the same where the times say so, and each side keeps its own size', () => {
    const verdict = judge('auto', { size: 8, stamps: STAT }, { size: 10, stamps: MLST });
    expect(verdict).toMatchObject({
      is: 'same',
      bySize: false,
      agreement: { local: { size: 8 }, remote: { size: 10 } },
    });
  });

  it('differs where they do not', () => {
    expect(judge('auto', { size: 8 }, { size: 10, at: 5 })).toMatchObject({ is: 'differs' });
  });

  it('is what was agreed on, while neither side has moved', () => {
    const own = { ...agreement(STAT, MLST), local: { size: 8, stamps: STAT } };
    expect(judge('auto', { size: 8, stamps: STAT }, { stamps: MLST }, own)).toMatchObject({ is: 'same' });
    expect(judge('auto', { size: 9, stamps: STAT }, { stamps: MLST }, own)).toEqual({ is: 'differs', moved: 'local' });
    const grown = judge('auto', { size: 8, stamps: STAT }, { size: 11, stamps: MLST }, own);
    expect(grown).toEqual({ is: 'differs', moved: 'remote' });
  });

  it('is compared by its content where that is demanded', () => {
    expect(judge('hash', { size: 8 }, { size: 10 })).toEqual({ is: 'ask', ask: 'content' });
  });
});
