/** What a killed run left aside on a server that does not rename over files, where no memory speaks of it any more. */
import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { type Fingerprint, toRelPath } from '../../src/model/index.ts';
import { asideFor, asideOf } from '../../src/model/temporary.ts';
import { tagOf } from '../../src/transfer/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type ScriptedServer, scriptedServer } from '../faults/scripted-server.ts';

const OLD: Fingerprint = { size: 3, stamps: { mlst: '20260101000000' } };
const TAG = tagOf(OLD);

let server: ScriptedServer;
let local: string;
beforeEach(async () => {
  server = await scriptedServer();
  mkdirSync(join(server.root, 'site'));
  local = draw(emptyFolder(), { 'a.txt': 'old', 'in/b.txt': 'other' });
});
afterEach(() => server.stop());

const there = () =>
  Object.fromEntries(Object.entries(read(join(server.root, 'site'))).filter(([path]) => !path.startsWith('.ferry')));
const place = (path: string) => join(server.root, 'site', path);

/** A memory on the server, a lock there, so that nothing has to be waited for; each run from a machine of its own. */
const run = (changes: Partial<JobSettings> = {}) =>
  perform(job(server, local, { state: 'remote', serverLock: { staleAfter: 60_000 }, ...changes }), emptyFolder());

/** Sets aside what is under a path, as a swap does. */
function aside(path: string): void {
  renameSync(place(path), place(asideFor(toRelPath(path), TAG)));
}

describe.each(['push', 'sync'] as const)('%s, killed before the new file was in place', (direction) => {
  it('the old file comes back, and is deleted nowhere', async () => {
    expect((await run({ direction })).summary.exitCode).toBe(0);
    aside('in/b.txt');
    const { summary } = await run({ direction });
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 0, downloaded: 0, deleted: 0, unchanged: 2 });
    expect(read(local)).toEqual({ 'a.txt': 'old', 'in/b.txt': 'other' });
    expect(there()).toEqual(read(local));
  });

  it('and is replaced by what is new', async () => {
    expect((await run({ direction })).summary.exitCode).toBe(0);
    aside('a.txt');
    draw(local, { 'a.txt': 'newer' });
    expect((await run({ direction })).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(there()).toEqual({ 'a.txt': 'newer', 'in/b.txt': 'other' });
  });
});

it('killed after it was in place: the old one goes, without the lock, too', async () => {
  expect((await run()).summary.exitCode).toBe(0);
  draw(join(server.root, 'site'), { [asideFor(toRelPath('a.txt'), TAG)]: 'old' });
  const { summary } = await perform(job(server, local), emptyFolder());
  expect(summary).toMatchObject({ exitCode: 0, uploaded: 0 });
  expect(there()).toEqual(read(local));
});

it('of several old files the youngest comes back, and the other one goes with the next run', async () => {
  expect((await run()).summary.exitCode).toBe(0);
  aside('in/b.txt');
  const older = asideFor(toRelPath('in/b.txt'), 'ffffffff');
  draw(join(server.root, 'site'), { [older]: 'older' });
  utimesSync(place(older), 1_700_000_000, 1_700_000_000);
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 0 });
  expect(there()).toEqual({ ...read(local), [older]: 'older' });
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 0 });
  expect(there()).toEqual(read(local));
});

it('a pull and a dry run touch nothing on the server', async () => {
  expect((await run()).summary.exitCode).toBe(0);
  aside('a.txt');
  const before = there();
  await perform(job(server, emptyFolder(), { direction: 'pull' }), emptyFolder());
  await perform(job(server, local), emptyFolder(), { dryRun: true });
  expect(there()).toEqual(before);
});

describe('what lies aside has not gone', () => {
  it('a pull deletes no local file for it, says so, and keeps saying so', async () => {
    const options = { direction: 'pull', delete: 'all' } as const;
    const base = emptyFolder();
    draw(join(server.root, 'site'), { 'a.txt': 'old', 'in/b.txt': 'other' });
    expect((await perform(job(server, local, options), base)).summary.exitCode).toBe(0);
    aside('in/b.txt');
    for (const turn of [1, 2]) {
      const { summary, problems } = await perform(job(server, local, options), base);
      expect([turn, summary.exitCode, summary.deleted]).toEqual([turn, 3, 0]);
      expect(problems.join()).toMatch(/^in\/b\.txt: .*\.b\.txt\.[0-9a-f]{8}\.old\.ferry/);
    }
    expect(read(local)).toEqual({ 'a.txt': 'old', 'in/b.txt': 'other' });
  });

  it('nor does a sync that cannot bring it back', async () => {
    expect((await run({ direction: 'sync' })).summary.exitCode).toBe(0);
    aside('in/b.txt');
    server.arm([{ on: /^RNTO .*b\.txt/, times: 9, does: '553 Not now.' }]);
    const { summary } = await run({ direction: 'sync' });
    expect(summary).toMatchObject({ exitCode: 3, deleted: 0 });
    server.disarm();
    expect(read(local)).toEqual({ 'a.txt': 'old', 'in/b.txt': 'other' });
    expect((await run({ direction: 'sync' })).summary).toMatchObject({ exitCode: 0, deleted: 0, unchanged: 2 });
    expect(there()).toEqual(read(local));
  });
});

it.each(['a.txt', 'deep/.htaccess', `${'x'.repeat(200)}.bin`, '.a.12345678.old.ferry'])('whose it is: %j', (name) => {
  const path = toRelPath(name);
  expect(asideOf(asideFor(path, TAG))).toBe(path);
  if (!path.includes('.h') && !path.startsWith('.')) expect(asideOf(asideFor(path, TAG, 'visible'))).toBe(path);
});

it('a name that was cut, and others, tell nothing', () => {
  for (const path of [asideFor(toRelPath('é'.repeat(127)), TAG), 'a.txt', '.a.ferry', '.12345678.old.ferry']) {
    expect(asideOf(toRelPath(path))).toBeUndefined();
  }
});

test.each(['hidden', 'visible'] as const)('what lies aside under a %s name says whose it is', (style) => {
  for (const name of ['a.txt', '.htaccess', 'in/.well-known', '..two']) {
    expect(asideOf(asideFor(toRelPath(name), '0123abcd', style))).toBe(name);
  }
});
