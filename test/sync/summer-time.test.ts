/** Servers that list in their own zone's time, all files in that of today: twice a year every date is another one. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { FtpServer } from '../../src/server/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';

const DAY = 86_400;
const [WINTER, SUMMER] = [60, 120];
const FILES = { 'a.txt': 'a', 'b.txt': 'b', 'in/c.txt': 'c', 'in/d.txt': 'd' };

/** A pair that agrees on some old files, when the clocks change. */
async function changedClocks(changes: Partial<JobSettings>) {
  const root = emptyFolder();
  mkdirSync(join(root, 'site'));
  const local = draw(emptyFolder(), FILES);
  const old = Date.now() / 1000 - 20 * DAY;
  for (const path of Object.keys(FILES)) utimesSync(join(local, path), old, old);
  const options = {
    users: [{ name: 'ann', password: 'geheim-42', home: root }],
    withoutFeatures: ['MLSD', 'MLST'],
    fractions: false,
  };
  const winter = new FtpServer({ ...options, listZone: WINTER });
  const { host, port } = await winter.listen();
  const server = { tls: 'none', host, port, user: 'ann', password: 'geheim-42', root } as unknown as AnyServer;
  const state = emptyFolder();
  const run = () => perform(job(server, local, changes), state);
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 4 });
  expect((await run()).summary).toMatchObject({ exitCode: 0, unchanged: 4 });
  await winter.close(0);
  const summer = new FtpServer({ ...options, listZone: SUMMER, port });
  await summer.listen();
  onTestFinished(() => summer.close(0));
  return { local, there: join(root, 'site'), run };
}

test.each(['push', 'sync'] as const)(
  '%s: nothing is sent again, and what is deleted here goes there',
  async (direction) => {
    const { local, there, run } = await changedClocks({ direction });
    rmSync(join(local, 'b.txt'));
    expect(await run()).toMatchObject({ summary: { exitCode: 0, unchanged: 3 }, done: ['delete b.txt'] });
    const { 'b.txt': _, ...left } = FILES;
    expect([read(local), read(there)]).toEqual([left, left]);
    expect((await run()).summary).toMatchObject({ exitCode: 0, unchanged: 3, uploaded: 0, downloaded: 0 });
  },
);

test('what was edited there is still seen to be', async () => {
  const { local, there, run } = await changedClocks({ direction: 'sync' });
  writeFileSync(join(there, 'a.txt'), 'A');
  expect(await run()).toMatchObject({ summary: { exitCode: 0, unchanged: 3 }, done: ['download a.txt'] });
  expect(read(local)).toEqual({ ...FILES, 'a.txt': 'A' });
});
