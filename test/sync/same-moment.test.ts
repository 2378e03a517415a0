/** Edits that a coarse clock of the local file system does not tell apart: FAT counts in two seconds, others in one. */
import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

/** The moment that such a file system gives to all that is written now. */
const moment = () => Math.ceil(Date.now() / 1000);

function write(local: string, content: string, time: number): void {
  draw(local, { 'a.txt': content });
  utimesSync(join(local, 'a.txt'), time, time);
}

async function agreed(changes: Partial<JobSettings>) {
  const server = await start({ name: 'ours', tls: 'none' });
  mkdirSync(join(server.root, 'site'));
  onTestFinished(() => server.stop());
  const [local, time] = [emptyFolder(), moment()];
  write(local, 'first', time);
  const state = emptyFolder();
  const there = join(server.root, 'site');
  const run = (options = {}) => perform(job(server, local, changes), state, options);
  return { local, there, time, run };
}

test.each([{ direction: 'push' }, { direction: 'sync' }, { direction: 'sync', compare: 'hash' }] as const)(
  '$direction: an edit in the moment of the last run is sent',
  async (changes) => {
    const { local, there, time, run } = await agreed(changes);
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    write(local, 'other', time);
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(read(there)).toEqual({ 'a.txt': 'other' });
    expect(read(local)).toEqual({ 'a.txt': 'other' });
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 1 });
  },
);

test('nothing is sent again where there was no such edit', async () => {
  const { run } = await agreed({});
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 1 });
});

test('what is written into a file of a hot folder in the moment of its sending stays', async () => {
  const hot: Partial<JobSettings> = { delete: 'none', allowEmptySource: true, after: { move: null } };
  const { local, there, time, run } = await agreed(hot);
  const tell: Parameters<typeof perform>[2] = {
    tell: (event) => {
      if (event.type === 'action' && event.action === 'upload' && event.status === 'done') write(local, 'other', time);
    },
  };
  await run(tell);
  expect(read(local)).toEqual({ 'a.txt': 'other' });
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
  expect([read(local), read(there)]).toEqual([{}, { 'a.txt': 'other' }]);
});
