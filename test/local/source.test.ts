import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocal } from '../../src/local/index.ts';
import { LocalError, type LocalSource, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { asBoundUser } from './permissions.ts';

const F = toRelPath('f');
const PIECE = 256 * 1024;

async function all(source: LocalSource, offset = 0): Promise<{ content: Buffer; pieces: number[] }> {
  const copies: Buffer[] = [];
  for await (const chunk of source.chunks(offset)) copies.push(Buffer.from(chunk));
  return { content: Buffer.concat(copies), pieces: copies.map((copy) => copy.length) };
}

describe('a source', () => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17])('hands out all of %i bytes', async (size) => {
    const content = randomBytes(size);
    const folder = emptyFolder();
    writeFileSync(join(folder, 'f'), content);
    const local = await openLocal(folder);
    const source = await local.open(F);
    expect(source.entry).toEqual(await local.look(F));
    const read = await all(source);
    expect(read.content.equals(content)).toBe(true);
    expect(read.pieces).toHaveLength(Math.ceil(size / PIECE));
    const middle = Math.floor(size / 2);
    expect((await all(source, middle)).content.equals(content.subarray(middle))).toBe(true);
    expect((await all(source, size)).pieces).toEqual([]);
    expect(Buffer.from(await source.readAt(middle, 10)).equals(content.subarray(middle, middle + 10))).toBe(true);
    expect(await source.readAt(size, 10)).toHaveLength(0);
    expect(await source.unchanged()).toBe(true);
    await source.close();
    expect(await local.sha256(F)).toBe(createHash('sha256').update(content).digest('hex'));
  });

  const changes: Record<string, (at: string) => void> = {
    grown: (at) => appendFileSync(at, 'more'),
    'cut short': (at) => truncateSync(at, 2),
    'written over': (at) => writeFileSync(at, 'CONTENT'),
    touched: (at) => utimesSync(at, 5, 5),
    replaced: (at) => {
      writeFileSync(`${at}2`, 'content');
      execFileSync('touch', ['-r', at, `${at}2`]);
      renameSync(`${at}2`, at);
    },
    removed: (at) => execFileSync('rm', [at]),
    'replaced by a link': (at) => {
      renameSync(at, `${at}2`);
      symlinkSync('f2', at);
    },
  };
  // A small file is read when it is opened, a large one piece by piece.
  describe.each([
    ['small', 'content'],
    ['large', 'content'.repeat(PIECE)],
  ])('of a %s file', (_size, content) => {
    it.each(Object.entries(changes))('tells that it was %s', async (_, change) => {
      const folder = draw(emptyFolder(), { f: content });
      const source = await (await openLocal(folder)).open(F);
      change(join(folder, 'f'));
      expect(await source.unchanged()).toBe(false);
      await source.close();
    });
  });

  it('is not read through a link on the way to it, however small', async () => {
    const folder = draw(emptyFolder(), { 'real/f': 'content' });
    symlinkSync('real', join(folder, 'link'));
    const local = await openLocal(folder);
    await expect(local.open(toRelPath('link/f'))).rejects.toMatchObject({ errno: 'ELOOP' });
  });

  it('ends at the size the file had, however fast it grows', async () => {
    const folder = draw(emptyFolder(), { f: 'content' });
    const source = await (await openLocal(folder)).open(F);
    appendFileSync(join(folder, 'f'), ' and more');
    expect((await all(source)).content.toString()).toBe('content');
    await source.close();
  });

  it('ends where a file was cut short', async () => {
    const folder = draw(emptyFolder(), { f: 'content'.repeat(PIECE) });
    const source = await (await openLocal(folder)).open(F);
    truncateSync(join(folder, 'f'), 3);
    expect((await all(source)).content.toString()).toBe('con');
    await source.close();
  });

  it('is not made of what is no regular file, and nothing is waited for', async () => {
    const folder = draw(emptyFolder(), { d: null });
    symlinkSync('d', join(folder, 'link'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe')]);
    const local = await openLocal(folder);
    await expect(local.open(toRelPath('d'))).rejects.toMatchObject({ errno: 'EISDIR' });
    await expect(local.open(toRelPath('link'))).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(local.open(toRelPath('none'))).rejects.toMatchObject({ errno: 'ENOENT' });
    if (process.platform !== 'win32') await expect(local.open(toRelPath('pipe'))).rejects.toBeInstanceOf(LocalError);
  });

  it.runIf(process.platform !== 'win32')('that may not be read is said, with what to do', async () => {
    const folder = draw(emptyFolder(), { f: 'secret' });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'f'), 0);
    const local = await openLocal(folder);
    for (const call of [() => local.open(F), () => local.sha256(F)]) {
      const error = await asBoundUser(() => call().catch((e: unknown) => e));
      expect(error).toMatchObject({ errno: 'EACCES' });
      expect((error as Error).message).toContain(`${join(local.root, 'f')}: permission denied; give`);
    }
  });
});
