/** What was missing here when it was looked for, and is back before anything is deleted because of it. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

const FILES = { 'dist/a.js': 'a', 'dist/in/b.js': 'b', 'c.txt': 'c', 'gone.txt': 'g' };
const { 'gone.txt': _, ...LEFT } = FILES;

test.each([
  { direction: 'push' },
  { direction: 'push', delete: 'all' },
  { direction: 'push', release: 'staged' },
  { direction: 'sync' },
] as const)('$direction: stays there', async (changes) => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const [local, state] = [draw(emptyFolder(), FILES), emptyFolder()];
  const settings = job(server, local, { retries: 0, maxDelete: { percent: 100 }, ...changes });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 4 });
  // A build that puts the new folder in the place of the old one, and is between the two.
  const aside = join(emptyFolder(), 'old');
  renameSync(join(local, 'dist'), aside);
  renameSync(join(local, 'gone.txt'), `${aside}.txt`);
  const onPlan = () => renameSync(aside, join(local, 'dist'));
  const { summary, problems } = await perform(settings, state, { onPlan });
  expect(read(there)).toEqual(LEFT);
  expect(summary).toMatchObject({ exitCode: 3, deleted: 1 });
  expect(problems).toEqual([
    expect.stringMatching(/b\.js: .*here again/),
    expect.stringMatching(/a\.js: .*here again/),
  ]);
  expect((await perform(settings, state)).summary).toMatchObject({
    exitCode: 0,
    uploaded: 0,
    deleted: 0,
    unchanged: 3,
  });
});
