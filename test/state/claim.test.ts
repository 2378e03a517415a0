/** Who may use the temporary names that follow from the source: whoever is alone at a place. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RelPath } from '../../src/model/index.ts';
import { claim } from '../../src/state/index.ts';
import { emptyFolder } from '../builders/folder.ts';

const claims = (base: string) =>
  readdirSync(join(base, 'claims'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

test('the first is alone; one at, above or below the same place is not; one beside it is', async () => {
  const base = emptyFolder();
  const first = await claim(base, 'ftp://h', ['/a/b']);
  expect(first.sole).toBe(true);
  for (const place of ['/a/b', '/a', '/a/b/c']) {
    const other = await claim(base, 'ftp://h', ['/z', place]);
    expect([place, other.sole]).toEqual([place, false]);
    await other.release();
  }
  for (const [realm, place] of [
    ['ftp://h', '/a/bc'],
    ['ftp://other', '/a/b'],
  ] as const) {
    const other = await claim(base, realm, [place]);
    expect(other.sole).toBe(true);
    await other.release();
  }
  await first.release();
  expect((await claim(base, 'ftp://h', ['/a/b'])).sole).toBe(true);
});

test.skipIf(process.platform === 'win32')('nobody else may read what is claimed', async () => {
  const base = emptyFolder();
  await claim(base, 'ftp://h', ['/a/b']);
  const all = readdirSync(join(base, 'claims'), { recursive: true, encoding: 'utf8' });
  expect(all).toHaveLength(2);
  for (const path of all) expect([path, statSync(join(base, 'claims', path)).mode & 0o077]).toEqual([path, 0]);
});

test('of two at the same time at most one is alone', async () => {
  const base = emptyFolder();
  const both = await Promise.all([claim(base, 'r', ['/a']), claim(base, 'r', ['/a'])]);
  expect(both.filter(({ sole }) => sole).length).toBeLessThan(2);
});

const dies = (base: string, file: string) => {
  const path = join(base, 'claims', file);
  const told = JSON.parse(readFileSync(path, 'utf8')) as { owner: { pid: number } };
  // No process has this number (pid_max is 2^22 at most).
  writeFileSync(path, JSON.stringify({ ...told, owner: { ...told.owner, pid: 2 ** 22 + 1 } }));
};

test('swaps that a dead process left are handed on until they are through', async () => {
  const base = emptyFolder();
  const swap = { path: 'a' as RelPath, aside: '.a.old' as RelPath, temporary: '.a' as RelPath };
  await (await claim(base, 'r', ['/a'])).keep([swap]);
  dies(base, claims(base)[0]!);
  const second = await claim(base, 'r', ['/z']);
  expect(second.left).toEqual([swap]);
  // It could not mend it either.
  await second.release();
  expect(claims(base)).toHaveLength(1);
  dies(base, claims(base)[0]!);
  const third = await claim(base, 'r', ['/z']);
  expect(third.left).toEqual([swap]);
  await third.keep([]);
  await third.release();
  expect(claims(base)).toEqual([]);
});

test('the claim of a dead process is taken away', async () => {
  const base = emptyFolder();
  await claim(base, 'r', ['/a']);
  dies(base, claims(base)[0]!);
  expect((await claim(base, 'r', ['/a'])).sole).toBe(true);
  expect(claims(base)).toHaveLength(1);
});

test('where nothing can be written down, nobody is known to be alone', async () => {
  const base = emptyFolder();
  mkdirSync(join(base, 'x'));
  writeFileSync(join(base, 'claims'), 'a file in the way');
  const one = await claim(base, 'r', ['/a']);
  expect(one.sole).toBe(false);
  await one.release();
});
