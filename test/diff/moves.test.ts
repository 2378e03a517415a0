/** What only changed its name at the source is renamed, and what merely looks like it is not. */
import { describe, expect, it } from 'vitest';
import { Order } from '../../src/diff/index.ts';
import { draw, type FileNode, find, put } from './tree.ts';
import { lines, World } from './world.ts';

const p = (path: string) => path as never;

function agreed(drawing: Parameters<typeof World.agreedOn>[0]): World {
  return World.agreedOn(drawing, { remembersHash: true });
}

/** The plan in short; carried out to the letter, with a second one that has nothing to do. */
function run(world: World): string[] {
  const plan = world.run();
  expect(draw(world.remote)).toEqual(draw(world.local));
  expect(lines(world.run())).toEqual([]);
  return lines(plan);
}

describe('files', () => {
  it('a new name', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'b');
    expect(run(world)).toEqual(['rename remote a to b (moved)']);
  });

  it('into a new directory, out of one that goes', () => {
    const world = agreed({ old: { a: 'content', other: 'x' }, k: 'k' });
    world.directory('local', 'new').move('local', 'old/a', 'new/b').remove('local', 'old');
    expect(run(world)).toEqual([
      'mkdir remote new (new)',
      'rename remote old/a to b (moved)',
      'delete remote old/other (deleted at the source)',
      'delete remote old (deleted at the source)',
    ]);
  });

  it('an edit on top is no move', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'b').write('local', 'b', 'changed');
    expect(run(world)).toEqual(['upload b (new)', 'delete remote a (deleted at the source)']);
  });

  it('the same inode, size and time on other content is no move', () => {
    const world = agreed({ a: 'content', k: 'k' });
    const was = find(world.local, p('a')) as FileNode;
    world.remove('local', 'a');
    put(world.local!, p('b'), { ...was, content: 'CONTENT' });
    expect(run(world)).toEqual(['upload b (new)', 'delete remote a (deleted at the source)']);
  });

  it('a copy beside the original is no move', () => {
    const world = agreed({ a: 'content', k: 'k' }).write('local', 'b', 'content');
    expect(run(world)).toEqual(['upload b (new)']);
  });

  it('two hard links of one file are sent', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'b');
    put(world.local!, p('c'), find(world.local, p('b'))!);
    expect(run(world)).toEqual(['upload b (new)', 'upload c (new)', 'delete remote a (deleted at the source)']);
  });

  it('two that changed places, a chain, and one over another are sent', () => {
    const swapped = agreed({ a: 'of a', b: 'of b' });
    swapped.move('local', 'a', 't').move('local', 'b', 'a').move('local', 't', 'b');
    expect(run(swapped).sort()).toEqual(['upload a (changed)', 'upload b (changed)']);
    const chain = agreed({ a: '1', b: '22' }).move('local', 'b', 'c').move('local', 'a', 'b');
    expect(run(chain).sort()).toEqual([
      'delete remote a (deleted at the source)',
      'upload b (changed)',
      'upload c (new)',
    ]);
    const over = agreed({ a: '1', b: '22' }).remove('local', 'b').move('local', 'a', 'b');
    expect(run(over)).toEqual(['upload b (changed)', 'delete remote a (deleted at the source)']);
  });

  it('one that changed on the server meanwhile stays there, and the new one is sent', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'b').write('remote', 'a', 'theirs');
    expect(lines(world.walk())).toEqual(['upload b (new)']);
  });

  it('with --delete none both names stay', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'b');
    expect(lines(world.walk({ delete: 'none' }))).toEqual(['upload b (new)']);
  });

  it('what has to wait for others is sent in its turn', () => {
    const world = agreed({ a: 'content', k: 'k' }).move('local', 'a', 'index.html');
    expect(lines(world.walk({}, {}, new Order(['index.html'])))).toContain('upload index.html (new)');
  });

  it('where no hash is known, only a time that nobody made up will do', () => {
    const plain = World.agreedOn({ a: 'content', k: 'k' }).move('local', 'a', 'b');
    expect(lines(plain.walk())).toContain('upload b (new)');
  });

  it('the guard counts no move', () => {
    const world = agreed(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, `${n}`])));
    for (let n = 0; n < 40; n++) world.move('local', `f${n}`, `g${n}`);
    expect(world.walk().deletes).toEqual({ local: 0, remote: 0 });
  });
});

describe('directories', () => {
  const site = () => agreed({ d: { x: 'x', sub: { y: 'y', empty: {} } }, k: 'k' });

  it('one of which everything moved is one rename', () => {
    expect(run(site().move('local', 'd', 'e'))).toEqual(['rename remote d to e (moved)']);
  });

  it('into a directory that is new', () => {
    const world = site().directory('local', 'new').move('local', 'd', 'new/d');
    expect(run(world)).toEqual(['mkdir remote new (new)', 'rename remote d to d (moved)']);
  });

  it('with something new in it, file by file', () => {
    const world = site().move('local', 'd', 'e').write('local', 'e/more', 'more');
    expect(run(world)).toEqual([
      'mkdir remote e (new)',
      'rename remote d/sub to sub (moved)',
      'rename remote d/x to x (moved)',
      'upload e/more (new)',
      'delete remote d (deleted at the source)',
    ]);
  });

  it('with something of a stranger in it on the server, file by file, and that stays', () => {
    const world = site().move('local', 'd', 'e').write('remote', 'd/theirs', 'theirs');
    const plan = world.run();
    expect(lines(plan)).toEqual([
      'mkdir remote e (new)',
      'rename remote d/sub to sub (moved)',
      'rename remote d/x to x (moved)',
    ]);
    expect(draw(world.remote)).toEqual({ e: { x: 'x', sub: { y: 'y', empty: {} } }, d: { theirs: 'theirs' }, k: 'k' });
  });

  it('into what it held before', () => {
    const world = agreed({ d: { x: 'x', y: 'y' }, k: 'k' });
    world.move('local', 'd', 't').directory('local', 'd').move('local', 't', 'd/in');
    expect(run(world)).toEqual([
      'mkdir remote d/in (new)',
      'rename remote d/x to x (moved)',
      'rename remote d/y to y (moved)',
    ]);
  });
});
