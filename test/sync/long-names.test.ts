/** Names that leave no room for a temporary one. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

test('files of one size and time, whose long names differ at their end only, are not mixed up', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const drawing = Object.fromEntries(
    [...'abcdefgh'].map((letter) => [`${'長'.repeat(82)}-${letter}.txt`, letter.repeat(400_000)]),
  );
  const site = draw(join(server.root, 'site'), drawing);
  for (const name of Object.keys(drawing)) utimesSync(join(site, name), 1_600_000_000, 1_600_000_000);
  const local = emptyFolder();
  const { summary, problems } = await perform(job(server, local, { direction: 'pull' }), emptyFolder());
  expect(problems).toEqual([]);
  expect(summary).toMatchObject({ exitCode: 0, downloaded: 8 });
  expect(read(local)).toEqual(drawing);
});
