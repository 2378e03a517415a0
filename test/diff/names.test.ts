/** Names that are one name to some system: carried exactly, or a problem; never an overwrite, never a delete. */
import { describe, expect, it } from 'vitest';
import { draw } from './tree.ts';
import { complaints, lines, World } from './world.ts';

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

describe('Unicode forms', () => {
  it('one file under two forms is the same file, and is written under the name that it has there', () => {
    const world = World.agreedOn({ [NFC]: '1' });
    const remote = world.remote!.children;
    remote.set(NFD, remote.get(NFC)!);
    remote.delete(NFC);
    expect(lines(world.walk())).toEqual([]);
    world.write('local', NFC, '2');
    expect(lines(world.walk())).toEqual([`upload ${NFC} as ${NFD} (changed)`]);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([`upload ${NFC} as ${NFD} (changed)`]);
    expect(lines(world.walk({ direction: 'pull' }))).toEqual([`download ${NFD} as ${NFC} (drift)`]);
    world.run();
    expect([...remote.keys()]).toEqual([NFD]);
    world.remove('local', NFC);
    expect(lines(world.run())).toEqual([`delete remote ${NFD} (deleted at the source)`]);
    expect(world.run().forgotten).toEqual([NFC]);
  });

  it('what is in a directory under two forms goes to where it is on each side', () => {
    const world = new World({ [NFC]: { a: '1' } }, { [NFD]: { b: '1' } });
    expect(lines(world.walk({ delete: 'all' }))).toEqual([
      `upload ${NFC}/a as ${NFD}/a (new)`,
      `delete remote ${NFD}/b (not at the source)`,
    ]);
    const plan = world.run({ direction: 'sync' });
    expect(lines(plan)).toEqual([`upload ${NFC}/a as ${NFD}/a (new)`, `download ${NFC}/b as ${NFD}/b (new)`]);
    expect([...world.remote!.children.keys()]).toEqual([NFD]);
    expect([...world.local!.children.keys()]).toEqual([NFC]);
    world.write('local', `${NFC}/c`, '1');
    world.run({ direction: 'sync' });
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([]);
  });

  it('a directory in a directory under two forms goes, children first', () => {
    const world = World.agreedOn({ [NFC]: { a: '1', d: { b: '1' } } });
    const top = world.remote!.children;
    top.set(NFD, top.get(NFC)!);
    top.delete(NFC);
    world.remove('local', `${NFC}/d`);
    const gone = [`delete remote ${NFD}/d/b (deleted at the source)`, `delete remote ${NFD}/d (deleted at the source)`];
    expect(lines(world.walk())).toEqual(gone);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual(gone);
  });

  it('a directory under two forms that comes back is made under the name of that side', () => {
    const world = new World({ [NFC]: { a: '1', d: { b: '1' } } }, { [NFD]: {} });
    world.run({ direction: 'sync' });
    world.run({ direction: 'sync' });
    world.remove('local', `${NFC}/d`).write('remote', `${NFD}/d/b`, '2');
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([
      `mkdir local ${NFC}/d (directory of a new file)`,
      `download ${NFC}/d/b as ${NFD}/d/b (changed)`,
    ]);
  });

  it('both forms on one side only: a problem for both, and neither is touched', () => {
    const world = new World({ [NFC]: '1', [NFD]: '2', a: '1' }, {});
    expect(lines(world.walk())).toEqual(['upload a (new)']);
    expect(complaints(world.walk())).toEqual([`local ${NFC}: name`, `local ${NFD}: name`]);
    expect(complaints(world.walk({ direction: 'sync' }))).toHaveLength(2);
    const half = new World({ [NFC]: '11', [NFD]: '2' }, { [NFC]: '1' });
    expect([lines(half.walk()), complaints(half.walk()).length]).toEqual([[], 3]);
    const twins = new World({ [NFC]: '11' }, { [NFC]: '1', [NFD]: '2' });
    expect([lines(twins.walk({ delete: 'all' })), complaints(twins.walk()).length]).toEqual([[], 3]);
  });

  it('both forms on one side, in a directory that the other deleted: neither goes, nor does the directory', () => {
    const world = World.agreedOn({ d: { [NFC]: '1', a: '1' }, b: '1' });
    world.remove('local', 'd').write('remote', `d/${NFD}`, '1');
    const plan = world.walk({ direction: 'sync' });
    expect([lines(plan), complaints(plan).length]).toEqual([['delete remote d/a (deleted at the source)'], 2]);
  });

  it('of two that only the destination has, the one that is known goes', () => {
    const world = World.agreedOn({ [NFC]: '1', b: '1' });
    world.remove('local', NFC).write('remote', NFD, '2');
    expect(lines(world.walk())).toEqual([`delete remote ${NFC} (deleted at the source)`]);
    const remote = world.remote!.children;
    const known = remote.get(NFC)!;
    remote.delete(NFC);
    remote.set(NFC, known);
    expect(lines(world.walk()), 'in whatever order they are listed').toHaveLength(1);
    world.remove('remote', NFC);
    expect(lines(world.walk())).toEqual([]);
  });

  it('both forms on both sides are told apart, as both sides have shown that they can', () => {
    const world = new World({ [NFC]: '11', [NFD]: '2' }, { [NFC]: '1', [NFD]: '22' });
    expect(lines(world.walk()).sort()).toEqual([`upload ${NFC} (changed)`, `upload ${NFD} (changed)`].sort());
    expect(complaints(world.walk())).toEqual([]);
  });
});

describe('case, where the local side folds it', () => {
  const folds = { foldsCase: true };

  it('two remote names that fold together: a problem for both', () => {
    const world = new World({}, { README: '1', readme: '2', b: '1' });
    const plan = world.walk({ direction: 'pull', ...folds });
    expect(lines(plan)).toEqual(['download b (new)']);
    expect(complaints(plan)).toEqual(['remote README: name', 'remote readme: name']);
    expect(lines(world.walk({ direction: 'pull' }))).toHaveLength(3);
  });

  it('one of them is here already: never overwritten, never deleted', () => {
    const world = World.agreedOn({ readme: '1' });
    world.write('remote', 'README', '22');
    const plan = world.walk({ direction: 'pull', delete: 'all', ...folds });
    expect(lines(plan)).toEqual([]);
    expect(complaints(plan)).toEqual(['local readme: name', 'remote readme: name', 'remote README: name']);
    world.remove('remote', 'readme');
    for (const direction of ['push', 'pull', 'sync'] as const) {
      const other = world.walk({ direction, delete: 'all', ...folds });
      expect([lines(other), complaints(other)]).toEqual([[], ['local readme: name', 'remote README: name']]);
    }
  });

  it('letters that fold to several count too', () => {
    const world = new World({}, { 'stra\u00dfe': '1', STRASSE: '2' });
    expect(complaints(world.walk({ direction: 'pull', ...folds }))).toHaveLength(2);
  });

  it('strangers on the server alone are none of our business on a push', () => {
    const world = new World({ b: '1' }, { README: '1', readme: '2', b: '1' });
    expect(complaints(world.walk(folds))).toEqual([]);
  });
});

describe('what the filters leave out', () => {
  it('is not written over where it has the name of something in scope', () => {
    const world = new World({ build: 'file' }, { build: { x: '1' } });
    const plan = world.walk({ delete: 'all' }, { exclude: ['build/'] });
    expect([lines(plan), complaints(plan)]).toEqual([[], ['local build: name']]);
  });

  it('nor where the local side takes the two names for one', () => {
    const world = new World({ notes: 'private' }, { NOTES: 'public' });
    const plan = world.walk({ direction: 'pull', foldsCase: true }, { exclude: ['notes'] });
    expect([lines(plan), complaints(plan)]).toEqual([[], ['remote NOTES: name']]);
    expect(lines(world.walk({ direction: 'pull' }, { exclude: ['notes'] }))).toEqual(['download NOTES (new)']);
  });

  it("is in nobody's way where names that differ in case are two names", () => {
    const world = new World({ NOTES: 'public' }, { notes: 'private' });
    expect(lines(world.walk({ foldsCase: true }, { exclude: ['notes'] }))).toEqual(['upload NOTES (new)']);
  });

  it('keeps the directory that it is in', () => {
    const world = World.agreedOn({ d: { a: '1', 'x.log': '1' }, b: '1' });
    world.remove('local', 'd');
    const plan = world.run({}, { exclude: ['*.log'] });
    expect(lines(plan)).toEqual(['delete remote d/a (deleted at the source)']);
    expect(lines(world.walk({}, { exclude: ['*.log'] }))).toEqual([]);
    expect(lines(world.walk())).toEqual([
      'delete remote d/x.log (deleted at the source)',
      'delete remote d (deleted at the source)',
    ]);
  });

  it('under include, directories are made only on the way to something', () => {
    const world = new World({ d: { e: { 'a.txt': '1' } }, f: { g: { b: '1' } }, docs: {} }, {});
    const rules = { include: ['*.txt', 'docs/'] };
    expect(lines(world.run({}, rules))).toEqual([
      'mkdir remote d (new)',
      'mkdir remote d/e (new)',
      'mkdir remote docs (new)',
      'upload d/e/a.txt (new)',
    ]);
    expect(lines(world.walk({}, rules))).toEqual([]);
  });

  it('under include, and under another Unicode form', () => {
    const world = new World({ [NFC]: { d: { b: '1' }, e: { 'a.txt': '1' } } }, { [NFD]: {} });
    expect(lines(world.walk({}, { include: ['*.txt'] }))).toEqual([
      `mkdir remote ${NFD}/e (new)`,
      `upload ${NFC}/e/a.txt as ${NFD}/e/a.txt (new)`,
    ]);
    expect(lines(new World(null, null).walk())).toEqual([]);
    world.remote = world.local;
    world.local = new World({ [NFD]: {} }, null).local;
    expect(lines(world.walk({ direction: 'pull' }, { include: ['*.txt'] }))).toEqual([
      `mkdir local ${NFD}/e (new)`,
      `download ${NFC}/e/a.txt as ${NFD}/e/a.txt (new)`,
    ]);
  });

  it('under include, a directory that is not asked for keeps the one that it is in', () => {
    const world = World.agreedOn({ docs: { 'a.txt': '1' }, b: '1' });
    world.remove('local', 'docs').directory('remote', 'docs/way').write('remote', 'docs/way/x.txt', '1');
    const plan = world.run({ delete: 'all' }, { include: ['*.txt'] });
    expect(lines(plan)).toEqual([
      'delete remote docs/way/x.txt (not at the source)',
      'delete remote docs/a.txt (deleted at the source)',
    ]);
    expect(draw(world.remote)).toEqual({ b: '1', docs: { way: {} } });
  });

  it('under include, a directory that is not asked for is no stranger to delete, but what is asked for in it is', () => {
    const world = new World({}, { d: { 'a.txt': '1' }, e: {} });
    expect(lines(world.walk({ delete: 'all' }, { include: ['*.txt'] }))).toEqual([
      'delete remote d/a.txt (not at the source)',
    ]);
  });
});
