import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocal } from '../../src/local/index.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { asBoundUser } from './permissions.ts';

/** Asked of the system in the plainest way. */
const FOLDS = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-case-'));
  writeFileSync(join(folder, 'a'), '');
  const folds = existsSync(join(folder, 'A'));
  rmSync(folder, { recursive: true });
  return folds;
})();

describe('foldsCase', () => {
  it.each([
    { what: 'an empty folder', drawing: {} },
    { what: 'names without letters', drawing: { '123': '', '-': '' } },
    { what: 'names with letters', drawing: { 'Readme.txt': '' } },
    { what: 'temporary files', drawing: { '.a.0123abcd.ferry': '' } },
  ])('is found out in $what, and leaves nothing behind', async ({ drawing }) => {
    const folder = draw(emptyFolder(), drawing);
    const before = readdirSync(folder);
    const local = await openLocal(folder);
    expect(await local.foldsCase()).toBe(FOLDS);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.skipIf(FOLDS)('is not taken for true where both names are there', async () => {
    const folder = draw(emptyFolder(), { a: '1', A: '2' });
    expect(await (await openLocal(folder)).foldsCase()).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is as usual where nothing can be found out', async () => {
    const folder = emptyFolder();
    chmodSync(folder, 0o555);
    const local = await openLocal(folder);
    expect(await asBoundUser(() => local.foldsCase())).toBe(false);
  });

  it('is true on a disk that folds', async ({ skip }) => {
    if (process.platform !== 'linux') skip('the disk here says what it says');
    const folder = emptyFolder();
    const image = join(folder, 'image');
    const at = join(folder, 'disk');
    mkdirSync(at);
    try {
      execFileSync('truncate', ['-s', '4M', image]);
      execFileSync('mkfs.vfat', [image], { stdio: 'pipe' });
      execFileSync('mount', ['-o', 'loop', image, at], { stdio: 'pipe' });
    } catch (error) {
      skip(`no disk that folds can be mounted here: ${(error as Error).message.trim()}`);
    }
    try {
      const local = await openLocal(at);
      expect(await local.foldsCase()).toBe(true);
      draw(at, { 'Name.txt': 'x' });
      expect(await (await openLocal(at)).foldsCase()).toBe(true);
      expect(readdirSync(at)).toEqual(['Name.txt']);
    } finally {
      execFileSync('umount', [at]);
    }
  });
});
