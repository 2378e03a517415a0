/** A second name for a file: a link, or a whole copy where there can be none. */
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Disk } from '../../src/local/disk.ts';
import { giveSecondName } from '../../src/local/second-name.ts';
import { emptyFolder } from '../builders/folder.ts';

/** A disk that has no hard links. */
class Unlinked extends Disk {
  override link(): never {
    throw Object.assign(new Error('not here'), { code: 'EPERM' });
  }
}

function two() {
  const folder = emptyFolder();
  for (const name of ['one', 'two']) mkdirSync(join(folder, name));
  const [from, to, temporary] = ['one/a.txt', 'two/a.txt', 'two/.a.txt.00000000.ferry'].map((at) => join(folder, at));
  writeFileSync(from!, 'content', { mode: 0o640 });
  utimesSync(from!, 1_700_000_000.123, 1_700_000_000.123);
  return { folder, from: from!, to: to!, temporary: temporary! };
}

test('is a link', async () => {
  const { from, to, temporary } = two();
  expect(await giveSecondName(new Disk(), from, to, temporary)).toBe(true);
  expect(statSync(to).ino).toBe(statSync(from).ino);
});

test('is a copy of the same time and permissions where there are no links', async () => {
  const { folder, from, to, temporary } = two();
  expect(await giveSecondName(new Unlinked(), from, to, temporary)).toBe(false);
  expect(readFileSync(to, 'utf8')).toBe('content');
  expect(statSync(to).ino).not.toBe(statSync(from).ino);
  expect(Math.floor(statSync(to).mtimeMs)).toBe(Math.floor(statSync(from).mtimeMs));
  // A copy of a copy is no later, either.
  await giveSecondName(new Unlinked(), to, `${to}.2`, temporary);
  expect(statSync(`${to}.2`).mtimeMs).toBe(statSync(to).mtimeMs);
  expect(statSync(to).mode & 0o777).toBe(0o640);
  expect(readdirSync(join(folder, 'two'))).toEqual(['a.txt', 'a.txt.2']);
});

test('leaves what has that name already', async () => {
  const { from, to, temporary } = two();
  writeFileSync(to, 'mine');
  expect(await giveSecondName(new Disk(), from, to, temporary)).toBe(true);
  expect(readFileSync(to, 'utf8')).toBe('mine');
});
