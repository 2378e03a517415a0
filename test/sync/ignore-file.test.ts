/** The `.ferryignore` of the local folder holds for every run. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

test.each([false, true])('a mirror of the server keeps it, and what it keeps (known before: %s)', async (known) => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const site = draw(join(server.root, 'site'), { 'a.txt': 'a', 'b.txt': 'b' });
  const mine = { '.ferryignore': 'private/\n', 'private/mine.txt': 'nowhere else' };
  const [local, state] = [draw(emptyFolder(), mine), emptyFolder()];
  if (known) {
    await perform(job(server, local), state);
    rmSync(join(site, '.ferryignore'));
  }
  const mirror = job(server, local, { direction: 'pull', delete: 'all' });
  for (let run = 1; run <= 3; run++) {
    expect((await perform(mirror, state)).summary).toMatchObject({ exitCode: 0, deleted: 0 });
    expect(read(local)).toEqual({ ...read(site), ...mine });
    draw(site, { 'c.txt': 'c' });
  }
});
