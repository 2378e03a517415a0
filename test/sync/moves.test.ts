/** Renames and moves of folders travel as renames, on every server; where one is refused, what it would have saved is done. */
import { linkSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPlan, savePlan } from '../../src/cli/saved-plan.ts';
import { apply, plan } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type Fault, scriptedServer } from '../faults/scripted-server.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const SITE = {
  'a name.txt': 'of a file',
  'pictures/1.jpg': 'one',
  'pictures/deep/2.jpg': 'two',
  'pictures/deep/3 ü.jpg': 'three',
  'keep.txt': 'k',
};

/** A file and a folder get other names. */
function rename(local: string): void {
  renameSync(join(local, 'a name.txt'), join(local, 'another name.txt'));
  mkdirSync(join(local, 'albums'));
  renameSync(join(local, 'pictures'), join(local, 'albums/holiday'));
}

async function agreedOn(server: AnyServer) {
  const local = draw(emptyFolder(), SITE);
  const there = join(server.root, 'site');
  mkdirSync(there, { recursive: true });
  const [state, settings] = [emptyFolder(), job(server, local, { retries: 1 })];
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 5 });
  return { local, there, state, settings };
}

describe.each(variants(['none']))('$title', (variant) => {
  test('renamed, not sent again', async () => {
    const server = await start(variant);
    onTestFinished(() => server.stop());
    const local = draw(emptyFolder(), SITE);
    const [state, settings] = [emptyFolder(), job(server, local, { remote: '/moves' })];
    await perform(settings, state);
    rename(local);
    const { done, summary } = await perform(settings, state);
    expect(done).toEqual(['mkdir albums', 'rename albums/holiday', 'rename another name.txt']);
    expect(summary).toMatchObject({ exitCode: 0, renamed: 2, uploaded: 0, deleted: 0, bytesSent: 0 });
    expect(read(join(server.root, 'moves'))).toEqual(read(local));
    expect((await perform(settings, state)).done).toEqual([]);
  });
});

test('a sync renames on the server what was renamed here, and what was edited there meanwhile comes back', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const local = draw(emptyFolder(), SITE);
  const [state, settings] = [emptyFolder(), job(server, local, { remote: '/moves', direction: 'sync' })];
  await perform(settings, state);
  rename(local);
  draw(join(server.root, 'moves'), { 'new there.txt': 'new' });
  const { done, summary } = await perform(settings, state);
  expect(done).toEqual(['download new there.txt', 'mkdir albums', 'rename albums/holiday', 'rename another name.txt']);
  expect(summary).toMatchObject({ exitCode: 0, renamed: 2, uploaded: 0, deleted: 0, bytesSent: 0 });
  expect(read(join(server.root, 'moves'))).toEqual(read(local));
  expect((await perform(settings, state)).done).toEqual([]);

  renameSync(join(local, 'keep.txt'), join(local, 'kept.txt'));
  draw(join(server.root, 'moves'), { 'keep.txt': 'edited there' });
  expect((await perform(settings, state)).summary).toMatchObject({
    exitCode: 0,
    renamed: 0,
    uploaded: 1,
    downloaded: 1,
  });
  expect(read(local)).toMatchObject({ 'keep.txt': 'edited there', 'kept.txt': 'k' });
  expect(read(join(server.root, 'moves'))).toEqual(read(local));
});

describe('where it does not go smoothly', () => {
  test.each<[string, Fault]>([
    ['the server refuses every RNFR', { on: /^RNFR \/site\/(a name|pictures)/, times: 2, does: '550 Not you.' }],
    ['the reply about a file is lost', { on: /^RNTO \/site\/another/, does: 'lose the reply' }],
    ['the reply about a folder is lost', { on: /^RNTO \/site\/albums\/holiday$/, does: 'lose the reply' }],
    ['the connection breaks before', { on: /^RNFR \/site\/pictures/, does: 'close' }],
    ['the server is busy for a moment', { on: /^RNTO \/site\/albums\/holiday$/, does: '450 Busy.' }],
  ])('%s: both sides agree in the end', async (_name, fault) => {
    const server = await scriptedServer();
    onTestFinished(() => server.stop());
    const { local, there, state, settings } = await agreedOn(server);
    rename(local);
    server.arm([fault]);
    const { summary, problems } = await perform(settings, state);
    server.disarm();
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ exitCode: 0 });
    expect(read(there)).toEqual(read(local));
    expect((await perform(settings, state)).done).toEqual([]);
  });

  test('a new file with the inode, the size and the time of one that is gone is sent', async () => {
    const server = await scriptedServer();
    onTestFinished(() => server.stop());
    const { local, there, state, settings } = await agreedOn(server);
    const file = join(local, 'keep.txt');
    const { atime, mtime } = statSync(file);
    // The same inode for certain: it never was free.
    linkSync(file, join(local, 'new.txt'));
    rmSync(file);
    writeFileSync(join(local, 'new.txt'), 'K');
    utimesSync(join(local, 'new.txt'), atime, mtime);
    await perform(settings, state);
    expect(read(there)['new.txt']).toBe('K');
  });

  test('what somebody put into the folder on the server stays, and the files move one by one', async () => {
    const server = await scriptedServer();
    onTestFinished(() => server.stop());
    const { local, there, state, settings } = await agreedOn(server);
    draw(there, { 'pictures/deep/theirs.txt': 'theirs' });
    rename(local);
    const { summary } = await perform(settings, state);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 0, renamed: 4 });
    expect(read(there)).toEqual({ ...read(local), 'pictures/deep/theirs.txt': 'theirs' });
  });

  test('a saved plan knows its renames, and is stale once a file in the folder was changed', async () => {
    const server = await scriptedServer();
    onTestFinished(() => server.stop());
    const { local, there, state, settings } = await agreedOn(server);
    const file = join(emptyFolder(), 'saved.plan');
    const replanned = async () => {
      await savePlan(file, (await perform(settings, state, { verb: plan })).plan!);
      const saved = await readPlan(file);
      return () => perform(settings, state, { verb: (settled, options) => apply(settled, saved, options) });
    };
    rename(local);
    const good = await (await replanned())();
    expect(good.summary).toMatchObject({ exitCode: 0, renamed: 2, uploaded: 0 });
    expect(read(there)).toEqual(read(local));
    renameSync(join(local, 'albums/holiday'), join(local, 'albums/summer'));
    const stale = await replanned();
    writeFileSync(join(there, 'albums/holiday/deep/2.jpg'), 'theirs');
    expect((await stale()).summary).toMatchObject({ exitCode: 7, renamed: 0 });
  });
});

test.each(['push', 'sync'] as const)(
  '%s: a folder that somebody made under the new name is not taken for the old one',
  async (direction) => {
    const server = await scriptedServer();
    onTestFinished(() => server.stop());
    const there = join(server.root, 'site');
    mkdirSync(there);
    const [local, state] = [draw(emptyFolder(), { 'd/a.txt': 'a', 'other.txt': 'o' }), emptyFolder()];
    const settings = job(server, local, { direction, retries: 1, maxDelete: { percent: 100 } });
    await perform(settings, state);
    renameSync(join(local, 'd'), join(local, 'n'));
    const onPlan = () => {
      rmSync(join(there, 'd'), { recursive: true });
      draw(there, { 'n/theirs.txt': 't' });
    };
    await perform(settings, state, { onPlan });
    await perform(settings, state);
    expect(read(local)).toMatchObject({ 'n/a.txt': 'a' });
    expect(read(there)).toEqual({ 'n/a.txt': 'a', 'n/theirs.txt': 't', 'other.txt': 'o' });
  },
);

test('a text that is none under its new name is sent again: its line ends there are other ones', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const [local, state] = [draw(emptyFolder(), { 'a.txt': 'one\r\ntwo\r\n', 'b.txt': 'b' }), emptyFolder()];
  const settings = job(server, local, { ascii: ['*.txt'] });
  await perform(settings, state);
  expect(read(there)).toEqual({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b' });
  renameSync(join(local, 'a.txt'), join(local, 'a.bin'));
  renameSync(join(local, 'b.txt'), join(local, 'c.txt'));
  expect((await perform(settings, state)).done).toEqual(['delete a.txt', 'rename c.txt', 'upload a.bin']);
  expect(read(there)).toEqual(read(local));
});
