/** The first sync of two folders: a union, whichever of them is empty. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

const THREE = { a: 'a', b: 'b', 'c/d': 'd' };

test.each(['local', 'remote'] as const)(
  'an empty %s folder is filled, and is not taken for a lost one',
  async (empty) => {
    const server = await start({ name: 'ours', tls: 'none' });
    onTestFinished(() => server.stop());
    const site = join(server.root, 'site');
    mkdirSync(site);
    const local = emptyFolder();
    draw(empty === 'local' ? site : local, THREE);
    const state = emptyFolder();
    const { summary } = await perform(job(server, local, { direction: 'sync' }), state);
    expect(summary).toMatchObject({ exitCode: 0, deleted: 0 });
    expect(read(local)).toEqual(THREE);
    expect(read(site)).toEqual(THREE);
  },
);

test('a folder that was emptied after that is asked about', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const site = join(server.root, 'site');
  mkdirSync(site);
  draw(site, { a: 'a', b: 'b', c: 'c' });
  const state = emptyFolder();
  const filled = emptyFolder();
  const settings = job(server, filled, { direction: 'sync' });
  await perform(settings, state);
  for (const name of ['a', 'b', 'c']) rmSync(join(site, name));
  const { summary } = await perform(settings, state);
  expect(summary).toMatchObject({ exitCode: 4, deleted: 0 });
  expect(read(filled)).toEqual({ a: 'a', b: 'b', c: 'c' });
});
