import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalFolder } from '../../src/local/open-local.ts';
import { canAnchor, Folders } from '../../src/local/safe-path.ts';
import { LocalError, type RelPath, ROOT, temporaryFor, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { picture } from './picture.ts';

const path = (text: string) => toRelPath(text);
const temporary = (target: RelPath) => temporaryFor(target, '0123abcd');

const WAYS = [
  { way: 'checked by lstat', anchored: false },
  ...(canAnchor() ? [{ way: 'anchored to the open folder', anchored: true }] : []),
];

describe.each(WAYS)('a path $way', ({ anchored }) => {
  function pair() {
    const top = draw(emptyFolder(), { 'root/kept.txt': 'kept', 'outside/victim.txt': 'victim', 'outside/sub/x': 'x' });
    const root = join(top, 'root');
    const local = new LocalFolder(new Folders(root, anchored), { durable: false });
    return { top, root, local, outside: join(top, 'outside') };
  }

  it.each([
    ['out of the root', '../outside'],
    ['to a place inside the root', 'inner'],
    ['to nothing', 'nowhere'],
  ])('with a link %s in it is not passed by any call', async (_, target) => {
    const { top, root, local } = pair();
    draw(root, { 'inner/victim.txt': 'victim', 'inner/sub/x': 'x' });
    symlinkSync(target, join(root, 'planted'));
    const before = picture(top);
    const calls: Record<string, () => Promise<unknown>> = {
      stage: () => local.stage(path('planted/new'), temporary(path('planted/new'))),
      'stage deeper': () => local.stage(path('planted/sub/new'), temporary(path('planted/sub/new'))),
      mkdir: () => local.makeDirectory(path('planted/d')),
      'rename from': () => local.rename(path('planted/victim.txt'), path('stolen')),
      'rename to': () => local.rename(path('kept.txt'), path('planted/kept.txt')),
      remove: () => local.remove(path('planted/victim.txt')),
      rmdir: () => local.removeDirectory(path('planted/sub')),
      list: () => local.list(path('planted')),
      look: () => local.look(path('planted/victim.txt')),
      open: () => local.open(path('planted/victim.txt')),
      hash: () => local.sha256(path('planted/sub/x')),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await call().catch((e: unknown) => e);
      expect(error, name).toBeInstanceOf(LocalError);
      if (target !== 'nowhere') expect(error, name).toMatchObject({ errno: 'ELOOP' });
      expect((error as Error).message, name).toContain('planted');
    }
    expect(picture(top)).toEqual(before);
  });

  it('is refused once the root itself became a link', async () => {
    const { top, root, local } = pair();
    renameSync(root, `${root}.moved`);
    symlinkSync('outside', root);
    const before = picture(top);
    await expect(local.makeDirectory(path('d'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.remove(path('victim.txt'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.list(ROOT)).rejects.toMatchObject({ errno: 'ELOOP' });
    expect(picture(top)).toEqual(before);
  });

  it('does not read or write what a link under the final name leads to', async () => {
    const { root, local, outside } = pair();
    const target = path('f.txt');
    symlinkSync('../outside/victim.txt', join(root, 'f.txt'));
    await expect(local.open(target)).rejects.toMatchObject({ errno: 'ELOOP' });
    const stage = await local.stage(target, temporary(target));
    await stage.write(Buffer.from('new'));
    await stage.commit({ mtime: null });
    expect(read(outside)['victim.txt']).toBe('victim');
    expect(read(root)['f.txt']).toBe('new');
  });

  it.each([true, false])('does not write through a link under the temporary name (resume: %s)', async (resume) => {
    const { root, local, outside } = pair();
    const target = path('f.txt');
    symlinkSync('../outside/victim.txt', join(root, temporary(target)));
    const stage = await local.stage(target, temporary(target), resume);
    expect(stage.size).toBe(0);
    await stage.write(Buffer.from('new'));
    await stage.commit({ mtime: null });
    expect(read(outside)).toEqual({ 'victim.txt': 'victim', 'sub/x': 'x' });
    expect(read(root)).toEqual({ 'kept.txt': 'kept', 'f.txt': 'new' });
  });

  it('a folder that is swapped for a link while a file is written: nothing lands outside', async () => {
    const { root, local, outside } = pair();
    mkdirSync(join(root, 'd'));
    const target = path('d/f.txt');
    const stage = await local.stage(target, temporary(target));
    await stage.write(Buffer.from('new'));
    renameSync(join(root, 'd'), join(root, 'moved'));
    symlinkSync('../outside', join(root, 'd'));
    await expect(stage.commit({ mtime: null, expected: null })).rejects.toThrow();
    expect(read(outside)).toEqual({ 'victim.txt': 'victim', 'sub/x': 'x' });
    draw(outside, { '.f.txt.0123abcd.ferry': 'theirs' });
    await stage.discard();
    expect(read(outside)['.f.txt.0123abcd.ferry']).toBe('theirs');
    if (anchored) expect(read(join(root, 'moved'))).toEqual({});
  });
});

describe.runIf(canAnchor())('a folder that is swapped for a link all the time', () => {
  it('never lets anything out', async () => {
    const top = draw(emptyFolder(), { 'root/d/seed': '', 'outside/victim': 'victim' });
    const root = join(top, 'root');
    const local = new LocalFolder(new Folders(root, true), { durable: false });
    let running = true;
    const swapping = (async () => {
      while (running) {
        renameSync(join(root, 'd'), join(root, 'real'));
        symlinkSync('../outside', join(root, 'd'));
        await new Promise((resolve) => setImmediate(resolve));
        unlinkSync(join(root, 'd'));
        renameSync(join(root, 'real'), join(root, 'd'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    let made = 0;
    let refused = 0;
    const count = (result: Promise<unknown>) =>
      result.then(
        () => void made++,
        () => void refused++,
      );
    for (let i = 0; made < 20 || refused < 400; i++) {
      const target = path(`d/f${i}`);
      await Promise.all([
        count(
          local.stage(target, temporary(target)).then(async (stage) => {
            await stage.write(Buffer.from('inside'));
            await stage.commit({ mtime: null, expected: null }).finally(() => stage.discard());
          }),
        ),
        count(local.makeDirectory(path(`d/m${i}`))),
        count(local.remove(path('d/victim'))),
        count(
          local.list(path('d')).then(({ entries }) => expect(entries.map((e) => e.path)).not.toContain('d/victim')),
        ),
      ]);
    }
    running = false;
    await swapping;
    expect(readdirSync(join(top, 'outside'))).toEqual(['victim']);
    expect(readFileSync(join(top, 'outside/victim'), 'utf8')).toBe('victim');
  });

  it('closes the folders that nobody holds any more', async () => {
    const root = emptyFolder();
    for (let i = 0; i < 50; i++) mkdirSync(join(root, `d${i}`));
    const local = new LocalFolder(new Folders(root, true), {});
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; i++) {
      const target = path(`d${i}/f`);
      const stage = await local.stage(target, temporary(target));
      await stage.write(Buffer.from('x'));
      await stage.commit({ mtime: null });
      await local.list(path(`d${i}`));
    }
    await local.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 2);
  });

  it('reaches a folder that was removed and made again', async () => {
    const root = draw(emptyFolder(), { d: null });
    const folders = new Folders(root, true);
    const local = new LocalFolder(folders, { durable: false });
    const held = await folders.enter(path('d'), 'hold');
    rmSync(join(root, 'd'), { recursive: true });
    mkdirSync(join(root, 'd'));
    await local.makeDirectory(path('d/e'));
    expect(statSync(join(root, 'd/e')).isDirectory()).toBe(true);
    held.release();
  });
});
