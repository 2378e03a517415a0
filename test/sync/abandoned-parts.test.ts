/** Temporary files on the server that nobody goes on from: they go, and where they cannot, a later run comes back. */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type ScriptedServer, scriptedServer } from '../faults/scripted-server.ts';

let server: ScriptedServer;
let local: string;
let state: string;
beforeEach(async () => {
  server = await scriptedServer();
  mkdirSync(join(server.root, 'site'));
  [local, state] = [draw(emptyFolder(), { 'a.txt': 'what is sent', 'b.txt': 'another' }), emptyFolder()];
});
afterEach(() => server.stop());

const PART = '.x.txt.1234abcd.ferry';
const old = (folder: string, path: string) => utimesSync(join(folder, path), 0, Date.now() / 1000 - 3 * 24 * 3600);
const there = () => readdirSync(join(server.root, 'site')).sort();

it('another version is sent once the connection was lost: what was there of the first one goes', async () => {
  server.arm([{ on: /^MFMT .*a\.txt/, does: 'close' }]);
  let changed = false;
  const { summary } = await perform(job(server, local), state, {
    tell: (event) => {
      if (event.type !== 'retry' || changed) return;
      changed = true;
      draw(local, { 'a.txt': 'changed in between' });
    },
  });
  expect([summary.exitCode, changed]).toEqual([0, true]);
  server.disarm();
  expect(there()).toEqual(['a.txt', 'b.txt']);
});

it.each(['500 What?', '450 Busy.'] as const)(
  'DELE is answered %s: it is not forgotten, and ends no run',
  async (does) => {
    server.arm([
      { on: /^RNTO .*a\.txt/, does: '553 No.', times: 99 },
      { on: /^DELE .*\.ferry/, does, times: 99 },
    ]);
    expect((await perform(job(server, local, { retries: 0 }), state)).summary).toMatchObject({
      exitCode: 3,
      failed: 1,
    });
    expect(there()).toEqual([expect.stringMatching(/^\.a\.txt\..*\.ferry$/), 'b.txt']);
    rmSync(join(local, 'a.txt'));
    expect((await perform(job(server, local, { retries: 0 }), state)).summary).toMatchObject({ exitCode: 0 });
    server.disarm();
    expect((await perform(job(server, local), state)).summary).toMatchObject({ exitCode: 0 });
    expect(there()).toEqual(['b.txt']);
  },
);

it('a directory is gone there, and holds here what a lost connection had begun to fetch: both go', async () => {
  const settings = job(server, local, { direction: 'sync', delete: 'tracked', retries: 0 });
  const folder = draw(join(server.root, 'site', 'folder'), { 'old.txt': 'agreed on' });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0 });
  draw(folder, { 'new.txt': 'what is fetched'.repeat(200_000) });
  server.arm([{ on: /^RETR .*new\.txt/, does: 'lose the reply', times: 9 }]);
  expect((await perform(settings, state)).summary).toMatchObject({ failed: 1 });
  server.disarm();
  expect(readdirSync(join(local, 'folder')).sort()).toEqual([expect.stringMatching(/^\.new\.txt\./), 'old.txt']);
  rmSync(folder, { recursive: true });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0 });
  expect([existsSync(join(local, 'folder')), existsSync(folder)]).toEqual([false, false]);
});

it.each([true, false])(
  'all is gone here (allowed: %s): the directory of what was cut off goes, or the run is refused',
  async (allowed) => {
    expect((await perform(job(server, local), state)).summary).toMatchObject({ exitCode: 0 });
    draw(local, { 'folder/cut.txt': 'begun' });
    server.arm([{ on: /^MFMT .*cut\.txt/, does: 'close', times: 9 }]);
    expect((await perform(job(server, local, { retries: 0 }), state)).summary).toMatchObject({ failed: 1 });
    server.disarm();
    const cut = readdirSync(join(server.root, 'site', 'folder'));
    expect(cut).toEqual([expect.stringMatching(/^\.cut\.txt\..*\.ferry$/)]);
    for (const name of readdirSync(local)) rmSync(join(local, name), { recursive: true });

    const { summary } = await perform(job(server, local, { allowEmptySource: allowed }), state);
    expect([summary.exitCode, there()]).toEqual(allowed ? [0, []] : [4, ['a.txt', 'b.txt', 'folder']]);
    if (!allowed) expect(readdirSync(join(server.root, 'site', 'folder'))).toEqual(cut);
  },
);

it('a folder of one file is gone here, of which a run had sent a part: nothing of it stays', async () => {
  rmSync(join(local, 'a.txt'));
  rmSync(join(local, 'b.txt'));
  draw(local, { 'folder/cut.txt': 'begun' });
  server.arm([{ on: /^MFMT .*cut\.txt/, does: 'close', times: 9 }]);
  expect((await perform(job(server, local, { retries: 0 }), state)).summary).toMatchObject({ failed: 1 });
  server.disarm();
  rmSync(join(local, 'folder'), { recursive: true });
  expect((await perform(job(server, local), state)).summary).toMatchObject({ exitCode: 0 });
  expect(there()).toEqual([]);
});

it('a folder that holds a part here is a link by now: all else is fetched', async () => {
  const settings = job(server, local, { direction: 'pull', retries: 0 });
  const folder = draw(join(server.root, 'site'), { 'folder/new.txt': 'what is fetched'.repeat(200_000) });
  server.arm([{ on: /^RETR .*new\.txt/, does: 'lose the reply' }]);
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 3, failed: 1 });
  server.disarm();
  rmSync(join(local, 'folder'), { recursive: true });
  symlinkSync(emptyFolder(), join(local, 'folder'));
  draw(folder, { 'c.txt': 'c' });
  const { done, problems } = await perform(settings, state);
  expect(done).toEqual(['download c.txt']);
  expect(problems).toEqual([expect.stringMatching(/^folder: a link is in the way/)]);
});

it('what nobody came back for in a day keeps no directory', async () => {
  draw(local, { 'folder/gone.txt': 'agreed on' });
  expect((await perform(job(server, local), state)).summary).toMatchObject({ exitCode: 0 });
  rmSync(join(local, 'folder'), { recursive: true });
  old(draw(join(server.root, 'site'), { [`folder/${PART}`]: 'of another checkout' }), `folder/${PART}`);
  expect((await perform(job(server, local), state)).summary).toMatchObject({ exitCode: 0 });
  expect(there()).toEqual(['a.txt', 'b.txt']);
});

it('a pull takes away what is old here, and nothing on the server', async () => {
  const sides = [local, join(server.root, 'site')];
  for (const side of sides) old(draw(side, { 'a.txt': 'a', [PART]: 'of another checkout' }), PART);
  expect((await perform(job(server, local, { direction: 'pull' }), state)).summary).toMatchObject({ exitCode: 0 });
  expect(sides.map((side) => readdirSync(side).includes(PART))).toEqual([false, true]);
});

it('several folders are gone here that hold parts there: all of them go, where the memory is there, too', async () => {
  const folders = ['one', 'two', 'three'];
  const settings = job(server, local, { state: 'remote', serverLock: { staleAfter: 60_000 }, retries: 0 });
  draw(local, Object.fromEntries(folders.map((folder) => [`${folder}/kept.txt`, folder])));
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0 });
  draw(local, Object.fromEntries(folders.map((folder) => [`${folder}/cut.txt`, `of ${folder}`])));
  server.arm([{ on: /^MFMT .*cut\.txt/, does: 'close', times: 9 }]);
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 3, failed: 3 });
  server.disarm();
  for (const folder of folders) rmSync(join(local, folder), { recursive: true });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0 });
  expect(there()).toEqual(['.ferry', 'a.txt', 'b.txt']);
});
