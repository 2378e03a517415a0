import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocal } from '../../src/local/index.ts';
import { LocalError, ROOT, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';

describe('openLocal', () => {
  it('makes the root absolute and resolves links on the way to it', async () => {
    const folder = draw(emptyFolder(), { 'real/f': '' });
    symlinkSync('real', join(folder, 'by-link'));
    const local = await openLocal(join(folder, 'by-link', '.'));
    expect(local.root).toBe(join(realpathSync(folder), 'real'));
    expect((await local.list(ROOT)).entries.map((e) => e.path)).toEqual(['f']);
  });

  it('rejects on a root that is missing, and makes it when asked to', async () => {
    const root = join(emptyFolder(), 'not', 'yet');
    const error = await openLocal(root).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LocalError);
    expect(error).toMatchObject({ errno: 'ENOENT', message: expect.stringContaining(root) });
    expect((await (await openLocal(root, { create: true })).list(ROOT)).entries).toEqual([]);
  });

  it('rejects on a root that is a file', async () => {
    const folder = draw(emptyFolder(), { f: '' });
    await expect(openLocal(join(folder, 'f'))).rejects.toMatchObject({ errno: 'ENOTDIR' });
  });

  it('rejects, and does not find an empty folder, when the root went away later', async () => {
    const root = join(emptyFolder(), 'root');
    mkdirSync(root);
    const local = await openLocal(root);
    await local.removeDirectory(ROOT).catch(() => {});
    const { rmdirSync } = await import('node:fs');
    rmdirSync(root);
    await expect(local.list(ROOT)).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(local.makeDirectory(toRelPath('d'))).rejects.toMatchObject({ errno: 'ENOENT' });
  });
});

describe('look', () => {
  it('tells one path, and null only where nothing is there', async () => {
    const folder = draw(emptyFolder(), { 'a/f': 'abc' });
    symlinkSync('nowhere', join(folder, 'broken'));
    const local = await openLocal(folder);
    expect(await local.look(toRelPath('a/f'))).toMatchObject({ kind: 'file', size: 3, path: 'a/f' });
    expect(await local.look(ROOT)).toMatchObject({ kind: 'directory', path: '' });
    expect(await local.look(toRelPath('broken'))).toMatchObject({ kind: 'link' });
    expect(await local.look(toRelPath('a/none'))).toBeNull();
    expect(await local.look(toRelPath('none/none'))).toBeNull();
    expect(await local.look(toRelPath('a/f/none'))).toBeNull();
  });
});

describe('changes to names', () => {
  it('makes a directory; one that is there is no error, a file is', async () => {
    const folder = draw(emptyFolder(), { f: 'x' });
    const local = await openLocal(folder);
    await local.makeDirectory(toRelPath('d'));
    await local.makeDirectory(toRelPath('d'));
    await local.makeDirectory(ROOT);
    await expect(local.makeDirectory(toRelPath('f'))).rejects.toMatchObject({ errno: 'EEXIST' });
    await expect(local.makeDirectory(toRelPath('no/d'))).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(read(folder)).toEqual({ f: 'x', d: null });
  });

  it('renames files and directories, and never over anything', async () => {
    const folder = draw(emptyFolder(), { f: 'file', taken: 'taken', 'd/in': 'inner', 'e/in': 'other', empty: null });
    const local = await openLocal(folder);
    await local.rename(toRelPath('f'), toRelPath('d/g'));
    await local.rename(toRelPath('d'), toRelPath('e/d'));
    await expect(local.rename(toRelPath('e/d/g'), toRelPath('taken'))).rejects.toMatchObject({ errno: 'EEXIST' });
    await expect(local.rename(toRelPath('e/d'), toRelPath('empty'))).rejects.toMatchObject({ errno: 'EEXIST' });
    await expect(local.rename(toRelPath('none'), toRelPath('x'))).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(read(folder)).toEqual({ taken: 'taken', 'e/in': 'other', 'e/d/in': 'inner', 'e/d/g': 'file', empty: null });
    await local.rename(toRelPath('taken'), toRelPath('Taken'));
    expect(Object.keys(read(folder))).toContain('Taken');
  });

  it('removes a file, or a link and not what it leads to', async () => {
    const folder = draw(emptyFolder(), { f: 'x', g: 'y' });
    symlinkSync('g', join(folder, 'link'));
    const local = await openLocal(folder);
    await local.remove(toRelPath('f'));
    await local.remove(toRelPath('link'));
    await expect(local.remove(toRelPath('f'))).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(read(folder)).toEqual({ g: 'y' });
  });

  it('removes a directory only when it is empty, and never the root', async () => {
    const folder = draw(emptyFolder(), { 'full/f': 'x', empty: null });
    const local = await openLocal(folder);
    await local.removeDirectory(toRelPath('empty'));
    await expect(local.removeDirectory(toRelPath('full'))).rejects.toMatchObject({ errno: 'ENOTEMPTY' });
    await expect(local.remove(toRelPath('full'))).rejects.toBeInstanceOf(LocalError);
    await expect(local.removeDirectory(ROOT)).rejects.toMatchObject({ errno: 'EBUSY' });
    expect(read(folder)).toEqual({ 'full/f': 'x' });
  });
});
