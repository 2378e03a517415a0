/** The order of a plan, and what can only be settled once everything was seen. */
import { describe, expect, it } from 'vitest';
import { assemble, Collector, decide, Filter, NO_EVIDENCE, Order } from '../../src/diff/index.ts';
import { comparePaths, ROOT } from '../../src/model/index.ts';
import { file } from './tree.ts';
import { isTransfer, lines, OPTIONS, RULES, World } from './world.ts';

const MIB = 1024 * 1024;

describe('order', () => {
  it('directories first, parents before children; large files early among the small ones, which go by path; removals last, children first', () => {
    const world = World.agreedOn({ old: { sub: { x: '1' } }, k: '1', big: '1' });
    world.remove('local', 'old');
    for (const [name, size] of [
      ['s1', 1],
      ['m', 50],
      ['l', MIB],
      ['s2', 2],
      ['xl', MIB + 1],
    ] as const)
      world.write('local', name, 'x'.repeat(size));
    world.local!.children.set('d', { kind: 'directory', children: new Map() });
    world.write('local', 'd/deep', 'x'.repeat(70));
    expect(lines(world.walk())).toEqual([
      'mkdir remote d (new)',
      'upload xl (new)',
      'upload d/deep (new)',
      'upload l (new)',
      'upload m (new)',
      'upload s1 (new)',
      'upload s2 (new)',
      'delete remote old/sub/x (deleted at the source)',
      'delete remote old/sub (deleted at the source)',
      'delete remote old (deleted at the source)',
    ]);
  });

  it('files that are to wait come after the others, in the order of their patterns', () => {
    const world = new World(
      { 'index.html': 'x'.repeat(999), 'a.html': '1', 'b.css': '22', d: { 'index.html': '1' } },
      {},
    );
    const order = new Order(['*.html', '/index.html']);
    const last = new Order(['/index.html']);
    expect(lines(world.walk({}, {}, last)).at(-1)).toBe('upload index.html (new)');
    expect(lines(world.walk({}, {}, order)).slice(1, 2)).toEqual(['upload b.css (new)']);
  });

  it('every transfer is in the plan exactly once, whatever their number', () => {
    for (let count = 0; count < 12; count++) {
      const world = new World(
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 'x'.repeat(i % 5)])),
        {},
      );
      expect(
        world
          .walk()
          .actions.map(({ path }) => path)
          .sort(comparePaths),
      ).toEqual([...world.local!.children.keys()].sort());
    }
  });
});

describe('collector', () => {
  it('a directory that was not looked into is not removed', () => {
    const world = World.agreedOn({ d: { a: '1' }, b: '1' });
    world.remove('local', 'd');
    const { decisions } = world.walk();
    expect(decisions.map(({ directory }) => directory)).toEqual(['', 'd']);
    expect(lines(assemble(decisions.slice(0, 1), 'push'))).toEqual([]);
    expect(lines(assemble(decisions, 'push'))).toHaveLength(2);
  });

  it('a decision that still asks is void', () => {
    const world = new World({ a: '1' }, { a: '2' });
    const view = {
      directory: ROOT,
      local: world.listing('local', ROOT),
      remote: world.listing('remote', ROOT),
      baseline: [],
    };
    const decision = decide(view, new Filter(RULES), { ...OPTIONS, compare: 'hash' }, NO_EVIDENCE);
    expect(decision.asks).toEqual([{ path: 'a', ask: 'content' }]);
    expect(() => new Collector('push').add(decision)).toThrow(RangeError);
  });

  it('the guard counts files and whatever makes way, not directories that go after their files', () => {
    const world = World.agreedOn({ d: { a: '1', b: '1' }, e: 'file', f: { x: '1' } });
    world.remove('local', 'd').remove('local', 'e').remove('local', 'f').write('local', 'f', '1');
    world.local!.children.set('e', { kind: 'directory', children: new Map() });
    expect(world.walk().deletes).toEqual({ local: 0, remote: 5 });
    expect(world.walk().total).toEqual({ source: 1, destination: 4, baseline: 4 });
  });

  it('nothing makes way below a directory whose listing is incomplete, however well the rest was seen', () => {
    const world = World.agreedOn({ d: { e: { a: '1', b: { c: '1' } } } });
    world.remove('local', 'd/e/a').remove('local', 'd/e/b').write('local', 'd/e/b', '1');
    world.fault('remote', 'd', { incomplete: 'cut' });
    const plan = world.walk();
    expect(lines(plan)).toEqual([]);
    expect(plan.problems.map(({ path, code }) => `${path}: ${code}`)).toEqual(['d: incomplete', 'd/e/b: kind']);
  });

  it('not even an empty directory makes way there', () => {
    const world = World.agreedOn({ d: { e: { b: {} } } });
    world.remove('local', 'd/e/b').write('local', 'd/e/b', '1').fault('remote', 'd', { incomplete: 'cut' });
    expect(lines(world.walk())).toEqual([]);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([]);
  });

  it('a file that was to make way below such a directory keeps what was to come out as well', () => {
    const world = World.agreedOn({ d: { e: { a: '1' } } });
    world.remove('local', 'd/e/a').write('local', 'd/e/z', '1');
    const inner = world.local!.children.get('d') as { children: Map<string, { children: Map<string, unknown> }> };
    inner.children.get('e')!.children.set('a', { kind: 'directory', children: new Map([['n', file('1')]]) });
    world.fault('local', 'd', { incomplete: 'cut' });
    const plan = world.walk();
    expect(lines(plan)).toEqual(['upload d/e/z (new)']);
    expect(plan.problems.map(({ path, code }) => `${path}: ${code}`)).toEqual(['d: incomplete', 'd/e/a: kind']);
  });

  it('holds a directory of a hundred thousand problems', () => {
    const world = new World({}, {});
    const problems = Array.from(
      { length: 150_000 },
      (_, i) => ({ path: `x${i}` as never, side: 'local', code: 'kind', message: '' }) as const,
    );
    world.fault('local', '', { problems });
    expect(world.walk().problems).toHaveLength(150_000);
  });

  it('only transfers are written under two names', () => {
    for (const action of World.agreedOn({ a: '1' }).write('local', 'a', '2').walk().actions)
      expect(isTransfer(action)).toBe(true);
  });
});

describe('removals that an incomplete listing holds back', () => {
  const agreed = { a: '1', d: { b: '2', e: { c: '3' } }, x: '4' };

  it('are counted where it is the source that did not show everything', () => {
    const world = World.agreedOn(agreed).fault('local', 'd', { incomplete: 'cut', hides: ['b', 'e'] });
    world.remove('local', 'x');
    const walked = world.walk();
    expect(lines(walked)).toEqual(['delete remote x (deleted at the source)']);
    expect(walked.withheld).toBe(2);
  });

  it('are counted below such a directory as well', () => {
    const world = World.agreedOn(agreed).fault('local', 'd', { incomplete: 'cut' });
    world.remove('local', 'd/e/c');
    expect(world.walk().withheld).toBe(1);
  });

  it('are none where deletes were not asked for, or nothing is missing, or it is the destination', () => {
    const hidden = World.agreedOn(agreed).fault('local', 'd', { incomplete: 'cut', hides: ['b'] });
    expect(hidden.walk({ delete: 'none' }).withheld).toBe(0);
    expect(World.agreedOn(agreed).fault('local', 'd', { incomplete: 'cut' }).walk().withheld).toBe(0);
    const there = World.agreedOn(agreed).fault('remote', 'd', { incomplete: 'cut' });
    there.remove('local', 'd/b');
    expect(there.walk().withheld).toBe(0);
  });
});
