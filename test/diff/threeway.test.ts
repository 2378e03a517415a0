/** The three-way table for sync, as sentences. */
import { describe, expect, it } from 'vitest';
import type { DecideOptions } from '../../src/diff/index.ts';
import { type DirectoryNode, type Drawing, draw, file, link, special } from './tree.ts';
import { complaints, lines, World } from './world.ts';

interface Case {
  readonly says: string;
  readonly agreed: Drawing;
  /** What happened since. */
  readonly since?: (world: World) => unknown;
  readonly options?: Partial<DecideOptions>;
  readonly plans: readonly string[];
  /** What both sides hold afterwards. */
  readonly ends?: Drawing;
  readonly complains?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly links?: number;
  /** What the baseline knows afterwards. */
  readonly remembers?: readonly string[];
}

const makeDirectory = (world: World, side: 'local' | 'remote', name: string) =>
  world.root(side)!.children.set(name, { kind: 'directory', children: new Map() });

const CASES: readonly Case[] = [
  {
    says: 'nothing changed: nothing is done',
    agreed: { a: '1', d: { b: '2' } },
    plans: [],
    ends: { a: '1', d: { b: '2' } },
  },
  {
    says: 'new on each side: both travel',
    agreed: {},
    since: (world) => {
      makeDirectory(world, 'remote', 'd');
      world.write('local', 'a', '1').write('remote', 'd/b', '2');
    },
    plans: ['mkdir local d (new)', 'upload a (new)', 'download d/b (new)'],
    ends: { a: '1', d: { b: '2' } },
  },
  {
    says: 'edited on one side each: both travel',
    agreed: { a: '1', b: '1' },
    since: (world) => world.write('local', 'a', '2').write('remote', 'b', '3'),
    plans: ['upload a (changed)', 'download b (changed)'],
    ends: { a: '2', b: '3' },
  },
  {
    says: 'deleted locally: deleted remotely',
    agreed: { a: '1', b: '2' },
    since: (world) => world.remove('local', 'a'),
    plans: ['delete remote a (deleted at the source)'],
    ends: { b: '2' },
  },
  {
    says: 'deleted remotely: deleted locally',
    agreed: { a: '1', b: '2' },
    since: (world) => world.remove('remote', 'a'),
    plans: ['delete local a (deleted at the source)'],
    ends: { b: '2' },
  },
  {
    says: 'deleted locally and edited remotely: comes back',
    agreed: { a: '1' },
    since: (world) => world.remove('local', 'a').write('remote', 'a', '2'),
    plans: ['download a (changed)'],
    ends: { a: '2' },
  },
  {
    says: 'deleted remotely and edited locally: comes back',
    agreed: { a: '1' },
    since: (world) => world.remove('remote', 'a').write('local', 'a', '2'),
    plans: ['upload a (changed)'],
    ends: { a: '2' },
  },
  {
    says: 'deleted on both sides: forgotten',
    agreed: { a: '1', d: { b: '2' } },
    since: (world) => world.remove('local', 'a').remove('remote', 'a').remove('local', 'd').remove('remote', 'd'),
    plans: [],
    ends: {},
  },
  {
    says: 'deleted locally, delete: none: kept where it is',
    agreed: { a: '1', d: { b: '2' } },
    since: (world) => world.remove('local', 'a').remove('local', 'd'),
    options: { delete: 'none' },
    plans: [],
  },
  {
    says: 'a directory deleted remotely, delete: none: it comes back for what is new or was edited in it',
    agreed: { d: { a: '1', e: { b: '2' }, f: { c: '3' } } },
    since: (world) => world.remove('remote', 'd').write('local', 'd/a', 'edited').write('local', 'd/e/new', '4'),
    options: { delete: 'none' },
    plans: [
      'mkdir remote d (directory of a new file)',
      'mkdir remote d/e (directory of a new file)',
      'upload d/a (changed)',
      'upload d/e/new (new)',
    ],
  },
  {
    says: 'edited on both sides to the same content, with a hash at hand: the same',
    agreed: { a: '1' },
    since: (world) => world.write('local', 'a', '2').write('remote', 'a', '2'),
    options: { canHash: true },
    plans: [],
    ends: { a: '2' },
  },
  {
    says: 'edited on both sides: both survive on both, the newer one under the name',
    agreed: { 'a.txt': '1' },
    since: (world) => world.write('local', 'a.txt', 'older').write('remote', 'a.txt', 'newer'),
    plans: [
      'rename local a.txt to a.conflict-local-T.txt (conflict)',
      'upload a.conflict-local-T.txt (conflict)',
      'download a.txt (conflict)',
    ],
    ends: { 'a.txt': 'newer', 'a.conflict-local-T.txt': 'older' },
  },
  {
    says: 'edited on both sides, conflict: newer: the newer one is kept',
    agreed: { a: '1' },
    since: (world) => world.write('remote', 'a', 'older').write('local', 'a', 'newer'),
    options: { conflict: 'newer' },
    plans: ['upload a (conflict)'],
    ends: { a: 'newer' },
  },
  {
    says: 'edited on both sides, conflict: remote: the remote one is kept',
    agreed: { a: '1' },
    since: (world) => world.write('remote', 'a', 'theirs').write('local', 'a', 'ours'),
    options: { conflict: 'remote' },
    plans: ['download a (conflict)'],
    ends: { a: 'theirs' },
  },
  {
    says: 'edited on both sides, conflict: fail: said, and nothing is done',
    agreed: { a: '1', b: '1' },
    since: (world) => world.write('remote', 'a', 'theirs').write('local', 'a', 'ours').write('local', 'b', '2'),
    options: { conflict: 'fail' },
    plans: ['upload b (changed)'],
    conflicts: ['a'],
  },
  {
    says: 'a directory deleted locally, unchanged remotely: deleted remotely, children first',
    agreed: { d: { e: { a: '1' } } },
    since: (world) => world.remove('local', 'd'),
    plans: [
      'delete remote d/e/a (deleted at the source)',
      'delete remote d/e (deleted at the source)',
      'delete remote d (deleted at the source)',
    ],
    ends: {},
  },
  {
    says: 'a directory deleted locally, one file in it edited remotely: it comes back with that file alone',
    agreed: { d: { e: { a: '1' }, b: '1' }, z: '1' },
    since: (world) => world.remove('local', 'd').write('remote', 'd/e/a', '2'),
    plans: [
      'mkdir local d (directory of a new file)',
      'mkdir local d/e (directory of a new file)',
      'download d/e/a (changed)',
      'delete remote d/b (deleted at the source)',
    ],
    ends: { d: { e: { a: '2' } }, z: '1' },
  },
  {
    says: 'a directory deleted remotely, a new file in it locally: it comes back with that file',
    agreed: { d: { b: '1' }, z: '1' },
    since: (world) => world.remove('remote', 'd').write('local', 'd/new', '2'),
    plans: [
      'mkdir remote d (directory of a new file)',
      'upload d/new (new)',
      'delete local d/b (deleted at the source)',
    ],
    ends: { d: { new: '2' }, z: '1' },
  },
  {
    says: 'a file became a directory on one side: travels',
    agreed: { a: '1' },
    since: (world) => {
      makeDirectory(world.remove('remote', 'a'), 'remote', 'a');
      world.write('remote', 'a/b', '2');
    },
    plans: ['replace local a (kind changed)', 'mkdir local a (kind changed)', 'download a/b (new)'],
    ends: { a: { b: '2' } },
  },
  {
    says: 'a directory became a file on one side: travels',
    agreed: { a: { b: '1' } },
    since: (world) => world.remove('local', 'a').write('local', 'a', '2'),
    plans: ['upload a (kind changed)', 'delete remote a/b (deleted at the source)', 'replace remote a (kind changed)'],
    ends: { a: '2' },
  },
  {
    says: 'a directory became a file on one side and was edited within on the other: nothing is done, a problem',
    agreed: { a: { b: '1', c: '1' } },
    since: (world) => world.remove('local', 'a').write('local', 'a', '2').write('remote', 'a/b', '3'),
    plans: [],
    complains: ['remote a: kind'],
  },
  {
    says: 'a directory became a file on one side and got a new directory within on the other: nothing is done, a problem',
    agreed: { a: { b: '1' } },
    since: (world) =>
      world.remove('local', 'a').write('local', 'a', '2').directory('remote', 'a/n').write('remote', 'a/n/x', '3'),
    plans: [],
    complains: ['remote a: kind'],
  },
  {
    says: 'a new file on one side, a new directory of that name on the other: the file takes another name',
    agreed: {},
    since: (world) => {
      makeDirectory(world.write('local', 'a.d', '1'), 'remote', 'a.d');
      world.write('remote', 'a.d/b', '2');
    },
    plans: [
      'rename local a.d to a.conflict-local-T.d (conflict)',
      'mkdir local a.d (conflict)',
      'upload a.conflict-local-T.d (conflict)',
      'download a.d/b (new)',
    ],
    ends: { 'a.d': { b: '2' }, 'a.conflict-local-T.d': '1' },
  },
  {
    says: 'a new file on one side, a new directory on the other, any other rule: a conflict',
    agreed: {},
    since: (world) => makeDirectory(world.write('local', 'a', '1'), 'remote', 'a'),
    options: { conflict: 'newer' },
    plans: [],
    conflicts: ['a'],
  },
  {
    says: 'a listing is incomplete: what is not seen there is neither deleted, nor sent, nor in conflict',
    agreed: { a: '1', b: '1', c: '1', d: { e: '1' } },
    since: (world) =>
      world
        .write('local', 'a', '2')
        .write('local', 'b', '2')
        .remove('remote', 'c')
        .write('local', 'n', '1')
        .fault('remote', '', { incomplete: 'cut', hides: ['a', 'd'] }),
    plans: ['upload b (changed)'],
    complains: ['remote : incomplete'],
  },
  {
    says: 'a link on one side and a file on the other: neither is touched, a problem',
    agreed: { a: '1' },
    since: (world) => world.root('local')!.children.set('a', link()),
    plans: [],
    complains: ['local a: kind'],
  },
  {
    says: 'deleted on one side and not seen on the other: not forgotten, nor deleted',
    agreed: { a: '1', b: '1', d: { c: '1' } },
    since: (world) =>
      world
        .remove('local', 'a')
        .remove('local', 'd')
        .fault('remote', '', { incomplete: 'cut', hides: ['a', 'd'] }),
    plans: [],
    complains: ['remote : incomplete'],
    remembers: ['a', 'b', 'd', 'd/c'],
  },
  {
    says: 'the same the other way round',
    agreed: { a: '1', b: '1', d: { c: '1' } },
    since: (world) =>
      world
        .remove('remote', 'a')
        .remove('remote', 'd')
        .fault('local', '', { incomplete: 'cut', hides: ['a', 'd'] }),
    plans: [],
    complains: ['local : incomplete'],
    remembers: ['a', 'b', 'd', 'd/c'],
  },
  {
    says: 'a directory deleted on one side, a link in it on the other: what is known goes, the way to the link stays',
    agreed: { d: { a: '1' }, b: '1' },
    since: (world) =>
      (world.root('remote')!.children.get('d') as DirectoryNode).children.set('l', link()) &&
      world.remove('local', 'd'),
    plans: ['delete remote d/a (deleted at the source)'],
    links: 1,
  },
  {
    says: 'links on both sides are left out and counted',
    agreed: { b: '1' },
    since: (world) => {
      world.root('local')!.children.set('l', link());
      world.root('remote')!.children.set('l', special());
      world.root('remote')!.children.set('m', link());
    },
    plans: [],
    links: 2,
  },
  {
    says: 'content that cannot be had is a problem',
    agreed: { a: '1' },
    since: (world) => world.write('local', 'a', '2').unreadable.add('a'),
    options: { compare: 'hash' },
    plans: [],
    complains: ['remote a: unreadable'],
  },
  {
    says: 'a file became a directory where a listing is incomplete: a problem, and nothing is touched',
    agreed: { a: '1' },
    since: (world) => world.remove('local', 'a').directory('local', 'a').fault('local', '', { incomplete: 'cut' }),
    plans: [],
    complains: ['local : incomplete', 'remote a: kind'],
  },
  {
    says: 'a file was edited on one side and became a directory on the other: both survive',
    agreed: { a: '1' },
    since: (world) =>
      world.write('local', 'a', '2').remove('remote', 'a').directory('remote', 'a').write('remote', 'a/b', '3'),
    plans: [
      'rename local a to a.conflict-local-T (conflict)',
      'mkdir local a (conflict)',
      'download a/b (new)',
      'upload a.conflict-local-T (conflict)',
    ],
    ends: { a: { b: '3' }, 'a.conflict-local-T': '2' },
  },
];

describe('sync', () => {
  it.each(CASES)('$says', ({ agreed, since, options, plans, ends, complains, conflicts, links, remembers }) => {
    const world = World.agreedOn(agreed);
    since?.(world);
    const settings = { direction: 'sync', ...options } as const;
    const plan = world.walk(settings);
    expect([...lines(plan)]).toEqual(plans);
    expect(complaints(plan)).toEqual(complains ?? []);
    expect(plan.conflicts.map(({ path }) => path)).toEqual(conflicts ?? []);
    expect(plan.links).toBe(links ?? (complains?.includes('local a: kind') ? 1 : 0));
    world.carryOut(plan, settings);
    if (remembers) expect([...world.baseline.keys()].sort()).toEqual(remembers);
    if (ends) expect([draw(world.local), draw(world.remote)]).toEqual([ends, ends].map(sorted));
    const again = world.walk(settings);
    expect(lines(again), 'a second run has nothing to do').toEqual([]);
    expect([again.learned, again.forgotten]).toEqual([[], []]);
  });

  it('the first run is a union: equal files are adopted, different ones are conflicts, nothing is deleted', () => {
    const world = new World(
      { same: file('1', 5), ours: file('2', 1), differs: file('ours', 1), d: { x: file('1', 1) } },
      { same: file('1', 5), theirs: file('3', 1), differs: file('theirs', 2), d: { y: file('1', 1) } },
    );
    const plan = world.run({ direction: 'sync' });
    expect(plan.actions.filter(({ action }) => action === 'delete' || action === 'replace')).toEqual([]);
    const all = {
      d: { x: '1', y: '1' },
      differs: 'theirs',
      'differs.conflict-local-T': 'ours',
      ours: '2',
      same: '1',
      theirs: '3',
    };
    expect([draw(world.local), draw(world.remote)]).toEqual([all, all]);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([]);
  });

  it('without a stamp to name it by, or a time to judge by, a conflict stays one', () => {
    const world = new World({ a: 'ours' }, { a: 'their' }, { clock: 'list' });
    const { conflictStamp: _, ...unnamed } = { direction: 'sync', conflictStamp: 'T' } as const;
    expect(
      new World({ a: 'ours' }, { a: 'their' }).walk({ ...unnamed, conflictStamp: undefined as never }).conflicts,
    ).toHaveLength(1);
    expect(world.walk({ direction: 'sync', conflict: 'newer' }).conflicts).toHaveLength(1);
  });

  it('links that were to be followed and could not be are problems, remote ones are not', () => {
    const world = new World({ l: link(), s: special() }, { m: link(), l: link() });
    expect(complaints(world.walk({ direction: 'sync', links: 'follow' }))).toEqual(['local l: kind']);
    expect(complaints(world.walk({ direction: 'sync' }))).toEqual([]);
  });

  it('which one is newer is asked of the server where its listing does not say', () => {
    const world = new World({ a: file('old', 1) }, { a: file('newer', 2) }, { clock: 'list' });
    const plan = world.walk({ direction: 'sync', conflict: 'newer', canAskTime: true });
    expect(lines(plan)).toEqual(['download a (conflict)']);
    expect(plan.asks).toEqual([{ path: 'a', ask: 'remote-time' }]);
  });

  it('the name for what is set aside is not one that is in use', () => {
    const world = new World(
      { a: file('old', 1), 'a.conflict-local-T': '1' },
      { a: file('new', 2), 'a.conflict-local-T-2': '1' },
    );
    expect(lines(world.walk({ direction: 'sync' }))).toContain('rename local a to a.conflict-local-T-3 (conflict)');
  });
});

describe('every combination of what can have become of one file', () => {
  const STATES = ['absent', 'as agreed', 'edited'] as const;
  const cases = [true, false].flatMap((known) =>
    STATES.flatMap((local) =>
      STATES.flatMap((remote) =>
        (['keep-both', 'local', 'remote', 'fail'] as const).flatMap((conflict) =>
          (['none', 'tracked', 'all'] as const).map((remove) => ({ known, local, remote, conflict, remove })),
        ),
      ),
    ),
  );

  it.each(cases)('known: $known, local $local, remote $remote, conflict: $conflict, delete: $remove', (one) => {
    const world = World.agreedOn({ a: 'agreed', other: '1' });
    if (!one.known) world.baseline.delete('a' as never);
    for (const side of ['local', 'remote'] as const) {
      if (one[side] === 'absent') world.remove(side, 'a');
      if (one[side] === 'edited') world.write(side, 'a', `by ${side}`);
    }
    const options = { direction: 'sync', conflict: one.conflict, delete: one.remove } as const;
    const { conflicts } = world.run(options);
    const end = { local: draw(world.local), remote: draw(world.remote) };
    const goal = outcome(one);
    expect(conflicts.length).toBe(goal === 'conflict' ? 1 : 0);
    const now = { absent: {}, 'as agreed': { a: 'agreed' }, edited: null } as const;
    if (goal === 'conflict' || goal === 'left')
      for (const side of ['local', 'remote'] as const)
        expect(end[side]).toEqual({ ...(now[one[side]] ?? { a: `by ${side}` }), other: '1' });
    else expect(end).toEqual({ local: { ...goal, other: '1' }, remote: { ...goal, other: '1' } });
  });

  /** What both sides hold in the end; `left`: as it was; `conflict`: as it was, and said. */
  function outcome({ known, local, remote, conflict, remove }: (typeof cases)[number]): object | 'left' | 'conflict' {
    const content = {
      local: local === 'edited' ? 'by local' : 'agreed',
      remote: remote === 'edited' ? 'by remote' : 'agreed',
    };
    if (local === 'absent' && remote === 'absent') return {};
    if (local === 'absent' || remote === 'absent') {
      const side = local === 'absent' ? 'remote' : 'local';
      const unmoved = known && (side === 'local' ? local : remote) === 'as agreed';
      return !unmoved ? { a: content[side] } : remove === 'none' ? 'left' : {};
    }
    if (content.local === content.remote) return { a: 'agreed' };
    if (known && local === 'as agreed') return { a: content.remote };
    if (known && remote === 'as agreed') return { a: content.local };
    if (conflict === 'fail') return 'conflict';
    if (conflict !== 'keep-both') return { a: content[conflict] };
    // The remote one was edited last, except where only the local one was.
    const [newer, older] = remote === 'edited' ? (['remote', 'local'] as const) : (['local', 'remote'] as const);
    return { a: content[newer], [`a.conflict-${older}-T`]: content[older] };
  }
});

function sorted(drawing: Drawing): unknown {
  return Object.fromEntries(Object.entries(drawing).sort(([a], [b]) => (a < b ? -1 : 1)));
}
