/** The table for push and pull, as sentences. Every case is run both ways round. */
import { describe, expect, it } from 'vitest';
import type { DecideOptions } from '../../src/diff/index.ts';
import type { Side } from '../../src/model/index.ts';
import { type Drawing, draw, link, special } from './tree.ts';
import { complaints, lines, World } from './world.ts';

interface Case {
  readonly says: string;
  /** What both sides once agreed on. */
  readonly agreed: Drawing;
  /** What happened since. */
  readonly since?: (world: World, source: Side, destination: Side) => unknown;
  readonly options?: Partial<DecideOptions>;
  /** `copy` stands for upload or download, `SRC` and `DST` for the sides. */
  readonly plans: readonly string[];
  readonly complains?: readonly string[];
  readonly kept?: number;
  /** What the baseline knows afterwards. */
  readonly remembers?: readonly string[];
  readonly tells?: RegExp;
}

const CASES: readonly Case[] = [
  { says: 'nothing changed: nothing is done', agreed: { a: '1', d: { b: '2' } }, plans: [] },
  {
    says: 'new at the source: transferred, its directory first',
    agreed: {},
    since: (world, source) => {
      world.root(source)!.children.set('d', { kind: 'directory', children: new Map() });
      world.write(source, 'd/x', '1');
    },
    plans: ['mkdir DST d (new)', 'copy d/x (new)'],
  },
  {
    says: 'changed at the source: transferred',
    agreed: { a: '1' },
    since: (world, source) => world.write(source, 'a', '22'),
    plans: ['copy a (changed)'],
  },
  {
    says: 'changed at the source to as many bytes: transferred',
    agreed: { a: '1' },
    since: (world, source) => world.write(source, 'a', '2'),
    plans: ['copy a (changed)'],
  },
  {
    says: 'changed at the destination only: transferred, and said to be drift',
    agreed: { a: '1' },
    since: (world, _, destination) => world.write(destination, 'a', '22'),
    plans: ['copy a (drift)'],
  },
  {
    says: 'changed at the destination only, drift: keep: left alone and counted',
    agreed: { a: '1' },
    since: (world, _, destination) => world.write(destination, 'a', '22'),
    options: { drift: 'keep' },
    plans: [],
    kept: 1,
  },
  {
    says: 'changed at the destination only, drift: fail: a problem',
    agreed: { a: '1' },
    since: (world, _, destination) => world.write(destination, 'a', '22'),
    options: { drift: 'fail' },
    plans: [],
    complains: ['DST a: failed'],
  },
  {
    says: 'changed on both sides: the source wins, whatever is said of drift',
    agreed: { a: '1' },
    since: (world) => world.write('local', 'a', '22').write('remote', 'a', '333'),
    options: { drift: 'fail' },
    plans: ['copy a (changed)'],
  },
  {
    says: 'deleted at the destination: comes back, as drift',
    agreed: { a: '1' },
    since: (world, _, destination) => world.remove(destination, 'a'),
    plans: ['copy a (drift)'],
  },
  {
    says: 'deleted at the source: deleted',
    agreed: { a: '1', b: '2' },
    since: (world, source) => world.remove(source, 'a'),
    plans: ['delete DST a (deleted at the source)'],
  },
  {
    says: 'deleted at the source, delete: none: kept',
    agreed: { a: '1', b: '2' },
    since: (world, source) => world.remove(source, 'a'),
    options: { delete: 'none' },
    plans: [],
    kept: 1,
  },
  {
    says: 'deleted at the source and changed at the destination: kept and counted',
    agreed: { a: '1', b: '2' },
    since: (world, source, destination) => world.remove(source, 'a').write(destination, 'a', '22'),
    plans: [],
    kept: 1,
  },
  {
    says: 'deleted at the source and changed at the destination, delete: all: deleted',
    agreed: { a: '1', b: '2' },
    since: (world, source, destination) => world.remove(source, 'a').write(destination, 'a', '22'),
    options: { delete: 'all' },
    plans: ['delete DST a (deleted at the source)'],
  },
  {
    says: 'a stranger at the destination: kept',
    agreed: { a: '1' },
    since: (world, _, destination) => world.write(destination, 'x', '1'),
    plans: [],
    kept: 1,
  },
  {
    says: 'a stranger at the destination, delete: all: deleted',
    agreed: { a: '1' },
    since: (world, _, destination) => world.write(destination, 'x', '1'),
    options: { delete: 'all' },
    plans: ['delete DST x (not at the source)'],
  },
  {
    says: 'gone on both sides: forgotten',
    agreed: { a: '1', d: { b: '1' } },
    since: (world) => {
      for (const side of ['local', 'remote'] as const) world.remove(side, 'a').remove(side, 'd');
    },
    plans: [],
  },
  {
    says: 'a directory deleted at the source: its content goes, then it',
    agreed: { d: { e: { a: '1' }, b: '2' } },
    since: (world, source) => world.remove(source, 'd'),
    plans: [
      'delete DST d/e/a (deleted at the source)',
      'delete DST d/e (deleted at the source)',
      'delete DST d/b (deleted at the source)',
      'delete DST d (deleted at the source)',
    ],
  },
  {
    says: 'a directory deleted at the source with a stranger deep inside: what was agreed on goes, the way to the stranger stays',
    agreed: { d: { e: { a: '1' }, f: { b: '2' } } },
    since: (world, source, destination) => world.remove(source, 'd').write(destination, 'd/e/x', 'stranger'),
    plans: [
      'delete DST d/f/b (deleted at the source)',
      'delete DST d/f (deleted at the source)',
      'delete DST d/e/a (deleted at the source)',
    ],
    kept: 3,
  },
  {
    says: "a stranger's directory: not even looked into",
    agreed: {},
    since: (world, _, destination) => {
      world.root(destination)!.children.set('d', { kind: 'directory', children: new Map() });
      world.write(destination, 'd/x', '1');
    },
    plans: [],
    kept: 1,
  },
  {
    says: 'a file becomes a directory: replaced right before the directory is made',
    agreed: { a: '1', z: '1' },
    since: (world, source) => {
      world.remove(source, 'a').root(source)!.children.set('a', { kind: 'directory', children: new Map() });
      world.write(source, 'a/b', '2');
    },
    plans: ['replace DST a (kind changed)', 'mkdir DST a (kind changed)', 'copy a/b (new)'],
  },
  {
    says: 'a directory becomes a file: its content goes by steps of its own',
    agreed: { a: { b: '1' } },
    since: (world, source) => world.remove(source, 'a').write(source, 'a', '2'),
    plans: ['copy a (kind changed)', 'delete DST a/b (deleted at the source)', 'replace DST a (kind changed)'],
  },
  {
    says: 'a directory becomes a file, and a stranger is in it: nothing is touched, a problem',
    agreed: { a: { b: '1', c: '2' } },
    since: (world, source, destination) =>
      world.remove(source, 'a').write(source, 'a', '2').write(destination, 'a/x', '3'),
    plans: [],
    complains: ['DST a: kind'],
    kept: 1,
  },
  {
    says: 'a directory becomes a file, delete: none: a problem if anything is in it',
    agreed: { a: { b: '1' } },
    since: (world, source) => world.remove(source, 'a').write(source, 'a', '2'),
    options: { delete: 'none' },
    plans: [],
    complains: ['DST a: kind'],
    kept: 1,
  },
  {
    says: 'the destination made a directory of a file, drift: keep: left alone',
    agreed: { a: '1' },
    since: (world, _, destination) => {
      world.remove(destination, 'a').root(destination)!.children.set('a', { kind: 'directory', children: new Map() });
    },
    options: { drift: 'keep' },
    plans: [],
    kept: 1,
  },
  {
    says: 'a link at the source: out of scope, and its namesake stays',
    agreed: { a: '1' },
    since: (world, source) => {
      world.root(source)!.children.set('a', link());
      world.root(source)!.children.set('b', special());
    },
    options: { delete: 'all' },
    plans: [],
  },
  {
    says: 'a link at the destination is never written over',
    agreed: { a: '1', d: { b: '1' } },
    since: (world, source, destination) => {
      world.root(destination)!.children.set('a', link());
      world.root(destination)!.children.set('d', link());
      world.write(source, 'a', '22').write(source, 'd/b', '22');
    },
    plans: [],
    complains: ['DST a: kind', 'DST d: kind'],
  },
  {
    says: 'a link at the destination that nothing is known of stays, delete: all or not',
    agreed: { a: '1' },
    since: (world, _, destination) => world.root(destination)!.children.set('l', link()),
    options: { delete: 'all' },
    plans: [],
    kept: 1,
  },
  {
    says: 'an incomplete listing at the source: nothing in or below it is deleted, the rest is done',
    agreed: { a: '1', b: '1', d: { c: '1', e: { f: '1' } }, g: { h: '1' } },
    since: (world, source) =>
      world
        .remove(source, 'd/e/f')
        .remove(source, 'g/h')
        .write(source, 'b', '22')
        .fault(source, 'd', { incomplete: 'cut', hides: ['c'] }),
    plans: ['copy b (changed)', 'delete DST g/h (deleted at the source)'],
    complains: ['SRC d: incomplete'],
  },
  {
    says: 'an incomplete listing at the destination: what is seen counts, what is not is sent, nothing is deleted',
    agreed: { a: '1', b: '1', c: '1' },
    since: (world, source, destination) =>
      world.remove(source, 'a').write(source, 'b', '22').fault(destination, '', { incomplete: 'cut' }),
    plans: ['copy b (changed)'],
    complains: ['DST : incomplete'],
  },
  {
    says: 'a directory that could not be read at the source: what is below it at the destination stays',
    agreed: { d: { a: '1', e: { b: '1' } } },
    since: (world, source) =>
      world.fault(source, 'd', {
        hides: ['a', 'e'],
        incomplete: 'permission denied',
        problems: [{ path: 'd' as never, side: source, code: 'unreadable', message: 'permission denied' }],
      }),
    plans: [],
    complains: ['SRC d: unreadable'],
  },
  {
    says: 'a file that could not be read at the source: its counterpart stays',
    agreed: { a: '1', b: '1', c: '1' },
    since: (world, source) =>
      world.remove(source, 'c').fault(source, '', {
        hides: ['a'],
        problems: [{ path: 'a' as never, side: source, code: 'unreadable', message: 'permission denied' }],
      }),
    options: { delete: 'all' },
    plans: ['delete DST c (deleted at the source)'],
    complains: ['SRC a: unreadable'],
  },
  {
    says: 'a name at the source that cannot be carried: strangers beside it stay, for one may be its counterpart',
    agreed: { a: '1' },
    since: (world, source, destination) =>
      world
        .remove(source, 'a')
        .write(destination, 'x', '1')
        .fault(source, '', {
          problems: [{ path: '' as never, side: source, code: 'name', message: 'line break' }],
        }),
    options: { delete: 'all' },
    plans: ['delete DST a (deleted at the source)'],
    complains: ['SRC : name'],
    kept: 1,
  },
  {
    says: 'a name at the destination that cannot be carried: the directory that it is in stays',
    agreed: { d: { a: '1' }, b: '1' },
    since: (world, source, destination) =>
      world.remove(source, 'd').fault(destination, 'd', {
        problems: [{ path: 'd' as never, side: destination, code: 'name', message: 'line break' }],
      }),
    plans: ['delete DST d/a (deleted at the source)'],
    complains: ['DST d: name'],
    kept: 1,
  },
  {
    says: 'content that cannot be had is a problem, and the file stays as it is',
    agreed: { a: '1', b: '1' },
    since: (world, source) => world.write(source, 'a', '2').write(source, 'b', '2').unreadable.add('a'),
    options: { compare: 'hash' },
    plans: ['copy b (changed)'],
    complains: ['remote a: unreadable'],
  },
  {
    says: 'a file became a directory where a listing is incomplete: a problem, and nothing is touched',
    agreed: { d: { a: '1' }, b: '1' },
    since: (world, source, destination) => {
      world.remove(source, 'd/a').directory(source, 'd/a').write(source, 'd/a/x', '1');
      world.remove(source, 'b').directory(source, 'b').fault(destination, 'd', { incomplete: 'cut' });
    },
    plans: ['replace DST b (kind changed)', 'mkdir DST b (kind changed)'],
    complains: ['DST d: incomplete', 'DST d/a: kind'],
  },
  {
    says: 'a directory became a file where a listing is incomplete: a problem, and nothing is touched',
    agreed: { d: { a: { x: '1' } } },
    since: (world, source) =>
      world.remove(source, 'd/a').write(source, 'd/a', '1').fault(source, 'd', { incomplete: 'cut' }),
    plans: [],
    complains: ['SRC d: incomplete', 'DST d/a: kind'],
  },
  {
    says: 'gone at the source and not seen at the destination: not forgotten',
    agreed: { a: '1', b: '1', d: { c: '1' } },
    since: (world, source, destination) =>
      world
        .remove(source, 'a')
        .remove(source, 'd')
        .fault(destination, '', { incomplete: 'cut', hides: ['a', 'd'] }),
    plans: [],
    complains: ['DST : incomplete'],
    remembers: ['a', 'b', 'd', 'd/c'],
  },
  {
    says: 'something at the destination that could not be looked at keeps the directory that it is in',
    agreed: { d: { a: '1' }, b: '1' },
    since: (world, source, destination) =>
      world.remove(source, 'd').fault(destination, 'd', {
        problems: [{ path: 'd/x' as never, side: destination, code: 'unreadable', message: '' }],
      }),
    plans: ['delete DST d/a (deleted at the source)'],
    complains: ['DST d/x: unreadable'],
    kept: 1,
  },
  {
    says: 'a special file is in the way: named as what it is',
    agreed: { a: '1' },
    since: (world, _, destination) => world.root(destination)!.children.set('a', special()),
    plans: [],
    complains: ['DST a: kind'],
    tells: /^a special file is in the way/,
  },
  {
    says: 'the source has a directory where the destination has only a link: what is in it is not sent through the link',
    agreed: { d: { a: '1' } },
    since: (world, source, destination) => {
      world.root(destination)!.children.set('d', link());
      world.write(source, 'd/b', '1');
    },
    plans: [],
    complains: ['DST d: kind'],
    tells: /^a link is in the way/,
  },
];

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  const [source, destination]: [Side, Side] = direction === 'push' ? ['local', 'remote'] : ['remote', 'local'];
  it.each(CASES)('$says', ({ agreed, since, options, plans, complains, kept, remembers, tells }) => {
    const world = World.agreedOn(agreed, { remembersHash: false });
    const before = draw(world.root(source));
    expect(before).toEqual(draw(world.root(destination)));
    since?.(world, source, destination);
    const settings = { direction, ...options };
    const plan = world.walk(settings);
    const told = (text: string) =>
      text
        .replace('copy', direction === 'push' ? 'upload' : 'download')
        .replace('DST', destination)
        .replace('SRC', source);
    expect(lines(plan)).toEqual(plans.map(told));
    expect(complaints(plan)).toEqual((complains ?? []).map(told));
    expect(plan.untouched.kept).toBe(kept ?? 0);
    if (tells) expect(plan.problems[0]!.message).toMatch(tells);
    world.carryOut(plan, settings);
    if (remembers) expect([...world.baseline.keys()].sort()).toEqual(remembers);
    const again = world.walk(settings);
    expect(lines(again), 'a second run has nothing to do').toEqual([]);
    expect(again.learned).toEqual([]);
    expect(again.forgotten).toEqual([]);
  });
});

describe('one way', () => {
  it('what is the same on both sides and was not known is learned, and files of which only the size is known are counted', () => {
    const world = new World({ a: 'one', d: { b: 'two' } }, { a: 'uno', d: { b: 'two' } }, { clock: 'list' });
    const plan = world.walk();
    expect(lines(plan)).toEqual([]);
    expect(plan.untouched).toEqual({ unchanged: 2, sameBySize: 2, kept: 0 });
    expect(plan.learned.map(({ path, kind }) => `${kind} ${path}`)).toEqual(['file a', 'directory d', 'file d/b']);
    expect(plan.total).toEqual({ source: 2, destination: 2, baseline: 0 });
  });

  it('without a destination everything is new; without a source everything agreed on would go', () => {
    expect(lines(new World({ a: '1' }, null).walk())).toEqual(['upload a (new)']);
    const world = World.agreedOn({ a: '1' });
    world.local = null;
    expect(lines(world.walk())).toEqual(['delete remote a (deleted at the source)']);
  });

  it('below a directory that a cut listing does not show nothing is forgotten: the next run deletes it', () => {
    const world = World.agreedOn({ d: { gone: '1', kept: '1', e: { gone: '1' } }, z: '1' });
    world
      .remove('local', 'd/gone')
      .remove('local', 'd/e/gone')
      .fault('remote', '', { incomplete: 'cut', hides: ['d'] });
    const plan = world.walk();
    expect(lines(plan)).toEqual(['mkdir remote d (new)', 'mkdir remote d/e (new)', 'upload d/kept (new)']);
    expect([plan.forgotten, complaints(plan)]).toEqual([[], ['remote : incomplete']]);
    world.faults.clear();
    expect(lines(world.walk())).toEqual([
      'delete remote d/gone (deleted at the source)',
      'delete remote d/e/gone (deleted at the source)',
    ]);
  });

  it('an unseen file may not be written over where drift is to be kept', () => {
    const world = World.agreedOn({ a: '1', b: '1' }).fault('remote', '', { incomplete: 'cut', hides: ['a'] });
    world.write('local', 'b', '22');
    expect(lines(world.walk())).toEqual(['upload a (new)', 'upload b (changed)']);
    expect(lines(world.walk({ drift: 'keep' }))).toEqual(['upload b (changed)']);
  });

  it('a touched source is still what it was if its hash is: then only the destination changed', () => {
    const world = World.agreedOn({ a: '1', b: '1' }, { remembersHash: true }).touch('local', 'a').remove('remote', 'a');
    world.directory('remote', 'a');
    const plan = world.walk({ drift: 'keep' });
    expect([lines(plan), plan.drifted, plan.asks]).toEqual([[], ['a'], [{ path: 'a', ask: 'local-sha256' }]]);
    world.write('local', 'a', '2');
    expect(lines(world.walk({ drift: 'keep' }))).toEqual([
      'upload a (kind changed)',
      'replace remote a (kind changed)',
    ]);
  });

  it('a local file is deleted on a pull only if it is shown to be what was agreed on', () => {
    const world = World.agreedOn({ a: '1', b: '1', c: '1', d: '1' }, { remembersHash: true });
    for (const name of ['a', 'b', 'c']) world.remove('remote', name).touch('local', name);
    world.write('local', 'b', '2').unreadable.add('c');
    const plan = world.walk({ direction: 'pull' });
    expect([lines(plan), plan.drifted]).toEqual([['delete local a (deleted at the source)'], ['b', 'c']]);
  });

  it("problems with what the filters leave out are nobody's", () => {
    const world = new World({}, {});
    const problems = ['x.log', 'x'].map(
      (path) => ({ path: path as never, side: 'local', code: 'unreadable', message: '' }) as const,
    );
    world.fault('local', '', { problems });
    expect(complaints(world.walk({}, { exclude: ['*.log'] }))).toEqual(['local x: unreadable']);
  });

  it('links that were to be followed and could not be are problems', () => {
    const world = new World({ l: link() }, {});
    expect(complaints(world.walk({ links: 'follow' }))).toEqual(['local l: kind']);
    expect(world.walk().links).toBe(1);
    expect(complaints(world.walk())).toEqual([]);
  });
});
