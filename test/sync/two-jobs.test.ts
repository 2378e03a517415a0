/** Two jobs, or a job and somebody by hand, that write the same at the same time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

test('what one has fetched whole is not changed for what the other has so far', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const content = 'x'.repeat(3_000_000);
  draw(join(server.root, 'site'), { 'big.bin': content });
  const local = emptyFolder();
  const isWhole = () => readFileSync(join(local, 'big.bin'), 'utf8') === content;
  const stop = new AbortController();
  let other: Promise<unknown> | undefined;
  const settings = job(server, local, { direction: 'pull', retries: 0 });
  const slower = { ...settings, name: 'other', limitRate: 300_000 };
  const { summary } = await perform({ ...settings, limitRate: 2_000_000 }, emptyFolder(), {
    tell: (event) => {
      if (event.type !== 'progress' || event.bytes === 0) return;
      other ??= perform(slower, emptyFolder(), { signal: stop.signal });
    },
  });
  expect([summary.exitCode, isWhole()]).toEqual([0, true]);
  stop.abort();
  await other;
  expect(isWhole()).toBe(true);
});
