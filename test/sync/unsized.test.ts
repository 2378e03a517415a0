/** A server that tells no sizes: what cannot be checked is not taken for a copy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { lyingServer } from '../faults/lying-server.ts';

/** Serves `a.txt` and an empty file, and tells in no way how long they are. */
async function unsized() {
  const server = await lyingServer({ withoutFeatures: ['SIZE'] });
  onTestFinished(() => server.stop());
  mkdirSync(join(server.root, 'site'));
  for (const [name, content] of Object.entries({ 'a.txt': 'a', 'empty.txt': '' }))
    writeFileSync(join(server.root, 'site', name), content);
  const hide = (which = /size=\d+;/g) =>
    server.lie({ on: () => true, tells: (listing) => listing.replaceAll(which, '') });
  return { server, hide };
}

test.each(['pull', 'sync'] as const)('a %s says so, file by file, and brings none', async (direction) => {
  const { server, hide } = await unsized();
  hide();
  const local = emptyFolder();
  const { summary, problems } = await perform(job(server, local, { direction, retries: 0 }), emptyFolder());
  expect(summary).toMatchObject({ exitCode: 3, downloaded: 0 });
  for (const name of ['a.txt', 'empty.txt'])
    expect(problems.filter((one) => one.startsWith(`${name}: `) && one.includes('tells no size'))).toHaveLength(1);
  expect(read(local)).toEqual({});
});

test('what was brought before stays as it is', async () => {
  const { server, hide } = await unsized();
  const [local, state] = [emptyFolder(), emptyFolder()];
  const settings = job(server, local, { direction: 'pull', retries: 0, delete: 'all' });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, downloaded: 2 });
  hide(/size=\d+;(?=[^\n]* a\.txt)/g);
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 3, downloaded: 0, deleted: 0 });
  expect(read(local)).toEqual({ 'a.txt': 'a', 'empty.txt': '' });
});

test('a push goes by what it sends', async () => {
  const { server, hide } = await unsized();
  hide();
  const local = draw(emptyFolder(), { 'new.txt': 'new' });
  expect((await perform(job(server, local, { retries: 0 }), emptyFolder())).summary).toMatchObject({
    exitCode: 0,
    uploaded: 1,
  });
});
