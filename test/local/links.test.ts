import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocal } from '../../src/local/index.ts';
import { type Local, type RelPath, ROOT, temporaryFor, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';

/** Walks everything that a scan would, and fails where that does not end. */
async function walk(local: Local): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  const queue: RelPath[] = [ROOT];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const entry of (await local.list(at)).entries) {
      seen[entry.path] = entry.kind;
      if (entry.kind === 'directory') queue.push(entry.path);
      if (Object.keys(seen).length > 200) throw new Error('it does not end');
    }
  }
  return seen;
}

describe('links that are followed', () => {
  it('stand for files and directories inside the root', async () => {
    const folder = draw(emptyFolder(), { 'real/f': 'content' });
    symlinkSync('real', join(folder, 'dir'));
    symlinkSync('real/f', join(folder, 'file'));
    const local = await openLocal(folder, { links: 'follow' });
    expect(await walk(local)).toEqual({
      real: 'directory',
      'real/f': 'file',
      dir: 'directory',
      'dir/f': 'file',
      file: 'file',
    });
    for (const path of ['file', 'dir/f']) {
      expect(await local.look(toRelPath(path))).toMatchObject({ path, kind: 'file', size: 7 });
      const source = await local.open(toRelPath(path));
      expect(source.entry).toEqual(await local.look(toRelPath(path)));
      expect(await source.unchanged()).toBe(true);
      await source.close();
    }
  });

  it('stay links where they lead out, to nothing, or in a ring', async () => {
    const top = draw(emptyFolder(), { 'root/f': '', 'outside/secret': 'secret', 'root2/x': '' });
    const root = join(top, 'root');
    symlinkSync('../outside', join(root, 'out'));
    symlinkSync('../outside/secret', join(root, 'secret'));
    symlinkSync('../root2', join(root, 'sibling'));
    symlinkSync('nowhere', join(root, 'broken'));
    symlinkSync('ring', join(root, 'ring'));
    const local = await openLocal(root, { links: 'follow' });
    const link = 'link';
    expect(await walk(local)).toEqual({ f: 'file', out: link, secret: link, sibling: link, broken: link, ring: link });
    await expect(local.open(toRelPath('secret'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.list(toRelPath('out'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.look(toRelPath('out/secret'))).rejects.toMatchObject({ errno: 'ELOOP' });
  });

  it('do not lead round and round', async () => {
    const folder = draw(emptyFolder(), { 'a/f': '', 'b/g': '' });
    symlinkSync('..', join(folder, 'a/up'));
    symlinkSync('.', join(folder, 'a/self'));
    symlinkSync('../b', join(folder, 'a/b'));
    symlinkSync('../a', join(folder, 'b/a'));
    const seen = await walk(await openLocal(folder, { links: 'follow' }));
    expect(seen).toMatchObject({
      'a/up': 'link',
      'a/self': 'link',
      'a/b': 'directory',
      'a/b/g': 'file',
      'a/b/a': 'link',
    });
  });

  it('are not written through all the same', async () => {
    const folder = draw(emptyFolder(), { 'real/f': 'content' });
    symlinkSync('real', join(folder, 'dir'));
    symlinkSync('real/f', join(folder, 'file'));
    const local = await openLocal(folder, { links: 'follow' });
    const inner = toRelPath('dir/new');
    await expect(local.stage(inner, temporaryFor(inner, '0123abcd'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.remove(toRelPath('dir/f'))).rejects.toMatchObject({ errno: 'ELOOP' });
    const file = toRelPath('file');
    const stage = await local.stage(file, temporaryFor(file, '0123abcd'));
    await stage.write(Buffer.from('other'));
    await expect(stage.commit({ mtime: null, expected: await local.look(file) })).rejects.toMatchObject({
      errno: 'ELOOP',
    });
    await stage.discard();
    expect(read(join(folder, 'real'))).toEqual({ f: 'content' });
  });
});
