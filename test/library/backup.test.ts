/** A backup by a program: the front door makes a snapshot where the job is one, and the verbs are there one by one. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFerry, restore, snapshotsOf, UsageError } from '../../src/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { start } from '../servers/every-server.ts';

test('a job that is a backup', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  mkdirSync(join(server.root, 'site'));
  draw(join(server.root, 'site'), { 'index.html': 'page' });
  const [local, stateFolder] = [emptyFolder(), emptyFolder()];
  const url = `ftp://${server.user}@${server.host}:${server.port}`;
  const nightly = { direction: 'pull', local, server: url, remote: '/site', backup: { keep: { last: 2 } } } as const;
  const ferry = createFerry({ job: 'nightly', config: { jobs: { nightly } }, password: server.password, stateFolder });

  expect((await ferry.plan()).actions).toMatchObject([{ action: 'download', path: 'index.html' }]);
  await expect(ferry.verify()).rejects.toThrow(UsageError);
  const { exitCode, snapshot } = await ferry.run();
  expect({ exitCode, snapshot }).toMatchObject({ exitCode: 0, snapshot: expect.stringMatching(/^\d{8}T\d{6}Z$/) });
  expect((await ferry.plan()).actions).toEqual([]);
  expect(await ferry.verify()).toMatchObject({ agreed: true });
  expect(await ferry.watch()).toMatchObject({ exitCode: 2 });

  const settings = await ferry.settings();
  expect((await snapshotsOf(settings)).snapshots).toMatchObject([{ name: snapshot, header: { files: 1 } }]);
  const to = join(emptyFolder(), 'back');
  await restore(settings, { tell: () => {}, signal: new AbortController().signal, paths: [], to });
  expect(read(to)).toEqual({ 'index.html': 'page' });
});
