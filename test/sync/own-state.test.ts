/** What is remembered lies in the folder that it is about: it is nobody's file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { startWatch } from '../builders/watching.ts';
import { start } from '../servers/every-server.ts';

async function pair() {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const there = draw(join(server.root, 'site'), {});
  const local = emptyFolder();
  return { server, there, local, state: join(local, 'state of it') };
}

test.each(['push', 'pull', 'sync'] as const)('%s: neither sent nor deleted', async (direction) => {
  const { server, there, local, state } = await pair();
  const settings = job(server, local, { direction, delete: 'all', retries: 0 });
  for (const name of ['b', 'c']) {
    draw(direction === 'pull' ? there : local, { [name]: name });
    expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, deleted: 0 });
    expect([name in read(there), name in read(local), existsSync(state)]).toEqual([true, true, true]);
  }
  expect(read(there)).toEqual({ b: 'b', c: 'c' });
});

test('a watch is not woken by it', async () => {
  const { server, there, local, state } = await pair();
  const watching = startWatch(job(server, local), state);
  await watching.atRest();
  draw(local, { b: 'b' });
  await watching.until(() => 'b' in read(there));
  await watching.atRest();
  expect(watching.summaries).toMatchObject([{ uploaded: 0 }, { uploaded: 1 }]);
  expect(read(there)).toEqual({ b: 'b' });
});
