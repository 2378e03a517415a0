/** Backups of what is on a server, as its pushes keep it: the four verbs, as a person sees them. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { timeOf } from '../../src/act/manifest.ts';
import type { JobSettings } from '../../src/config/settings.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';
import { eventsOf, makeWorld, PASSWORD, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  await configure({ backup: {} });
});
afterEach(() => world.close());

async function configure(more: object): Promise<void> {
  const job = {
    direction: 'push',
    local: 'public',
    server: `ftp://ann@127.0.0.1:${world.port}`,
    remote: '/www',
    ...more,
  };
  await world.write({ 'sync.config.json': JSON.stringify({ jobs: { site: job } }) });
}

const versions = (...parts: string[]) => join(world.serverFolder, 'www/.ferry/versions', ...parts);
const releases = () =>
  readdirSync(versions())
    .filter((name) => /^\d{8}T\d{6}Z$/.test(name))
    .sort();

/** Pushes each of these sets of files at the time that it has as its name. */
async function pushAt(history: Readonly<Record<string, Drawing>>, changes: Partial<JobSettings> = { backup: {} }) {
  const server = { host: '127.0.0.1', port: world.port, user: 'ann', password: PASSWORD, tls: 'none' } as AnyServer;
  const [folder, stateBase] = [join(world.folder, 'public'), emptyFolder()];
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (const [time, drawing] of Object.entries(history)) {
      vi.setSystemTime(timeOf(time));
      rmSync(folder, { recursive: true, force: true });
      draw(folder, drawing);
      const settings = job(server, folder, { name: 'site', remote: '/www', maxDelete: { percent: 100 }, ...changes });
      expect((await perform(settings, stateBase)).summary.exitCode).toBe(0);
    }
  } finally {
    vi.useRealTimers();
  }
}

const HISTORY = {
  '20261101T090000Z': { 'index.html': 'one', 'css/a.css': 'a' },
  '20261101T180000Z': { 'index.html': 'two!', 'css/a.css': 'a' },
  '20261102T090000Z': { 'index.html': 'three', 'b.txt': 'b' },
  '20261102T180000Z': { 'index.html': 'four!!', 'b.txt': 'b' },
};

describe('a push that is a backup', () => {
  test('is listed, restored as of a day, and pruned with the reasons', async () => {
    await pushAt(HISTORY);
    const listed = await world.ferry('snapshots', 'site');
    expect(listed.code, listed.stderr).toBe(0);
    expect(listed.stdout.trimEnd().split('\n')).toEqual([
      'snapshot          when (UTC)        kept',
      'before            2026-11-01 09:00  0 files, 0 B',
      '20261101T090000Z  2026-11-01 09:00  1 file, 3 B',
      '20261101T180000Z  2026-11-01 18:00  2 files, 5 B',
      '20261102T090000Z  2026-11-02 09:00  1 file, 5 B',
      '20261102T180000Z  2026-11-02 18:00  on the server now',
    ]);

    const restored = await world.ferry('restore', 'site', '--as-of', '2026-11-01', '--to', 'back');
    expect(restored.code, restored.stderr).toBe(0);
    expect(restored.stderr).toMatch(/2 restored/);
    expect(await world.files('back')).toEqual(HISTORY['20261101T180000Z']);
    const one = await world.ferry(
      'restore',
      'site',
      './css/',
      '--snapshot',
      '20261101T090000Z',
      '--to',
      'css',
      '--json',
    );
    expect(one.code, one.stderr).toBe(0);
    const events = eventsOf(one);
    expect(events[0]).toMatchObject({ type: 'start', verb: 'restore', job: 'site' });
    expect(events).toContainEqual(expect.objectContaining({ action: 'restore', path: 'css/a.css', status: 'done' }));
    expect(events.at(-1)).toMatchObject({ type: 'summary', downloaded: 1, snapshot: '20261101T090000Z' });
    expect(await world.files('css')).toEqual({ 'css/a.css': 'a' });

    await configure({ backup: { keep: { daily: 2 } } });
    const wouldGo = await world.ferry('prune', 'site', '-n');
    expect(wouldGo.stdout.trimEnd().split('\n')).toEqual([
      'would go   before 20261101T090000Z  no rule keeps it',
      'would go   20261101T090000Z  no rule keeps it',
      'stays      20261101T180000Z  daily',
      'stays      20261102T090000Z  rollback',
      'stays      20261102T180000Z  daily',
      '2 snapshots would go, 3 stay',
    ]);
    expect(releases()).toHaveLength(4);
    const pruned = await world.ferry('prune', 'site', '--json');
    expect(pruned.code, pruned.stderr).toBe(0);
    expect(eventsOf(pruned)[1]).toEqual({ snapshot: '20261101T090000Z', stays: false, rules: [], dryRun: false });
    expect(releases()).toHaveLength(2);
    const again = await world.ferry('restore', 'site', '--as-of', '2026-11-01', '--to', 'again');
    expect(again.code, again.stderr).toBe(0);
    expect(await world.files('again')).toEqual(HISTORY['20261101T180000Z']);
    expect((await world.ferry('rollback', 'site')).code).toBe(0);
    expect(await world.files('server:www')).toMatchObject(HISTORY['20261102T090000Z']);
  });

  test('is a push, and says so where something is asked of it that it has not', async () => {
    await world.write({ 'public/a.txt': 'a' });
    const made = await world.ferry('backup');
    expect(made.code, made.stderr).toBe(0);
    expect(made.stderr).toMatch(/^Pushing .*public to ftp:/m);
    expect(releases()).toHaveLength(1);
    expect(await world.ferry('backup', 'site', '--verify')).toMatchObject({ code: 2 });
  });

  test('says what is not kept, and where to look', async () => {
    await pushAt({ '20261101T090000Z': { 'a.txt': 'a' }, '20261102T090000Z': { 'a.txt': 'b!' } });
    const none = await world.ferry('restore', 'site', '--snapshot', '20250101T000000Z', '--to', 'back');
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toMatch(/there is no snapshot 20250101T000000Z of site; "ferry snapshots site" lists/);
    const outside = await world.ferry('restore', 'site', '../etc/passwd', '--to', 'back');
    expect(outside).toMatchObject({ code: 2 });
    const all = await world.ferry('prune', 'site');
    expect(all).toMatchObject({ code: 2 });
    expect(all.stderr).toMatch(/the job site keeps everything/);
    expect(existsSync(join(world.folder, 'back'))).toBe(false);
    writeFileSync(versions(readdirSync(versions()).find((name) => name.startsWith('20261102T090000Z.'))!), '{');
    const cut = await world.ferry('snapshots', 'site', '--json');
    expect(cut.code).toBe(3);
    expect(eventsOf(cut).map(({ state }) => state)).toEqual(['unusable', 'unusable', 'present']);
    expect(cut.stderr).toMatch(/20261102T090000Z\.[0-9a-f]{8}\.json on the server cannot be used/);
  });

  test('of "keepVersions" alone, its past can be listed and restored, too', async () => {
    await configure({ keepVersions: 1 });
    const kept = { '20261101T090000Z': { 'a.txt': 'a' }, '20261102T090000Z': { 'a.txt': 'b!' } };
    await pushAt(kept, { keepVersions: 1 });
    const listed = await world.ferry('snapshots', 'site');
    expect(listed.code, listed.stderr).toBe(0);
    const restored = await world.ferry('restore', 'site', 'a.txt', '--as-of', '2026-11-01', '--to', 'back');
    expect(restored.code, restored.stderr).toBe(0);
    expect(await world.files('back')).toEqual({ 'a.txt': 'a' });
    await configure({});
    const plain = await world.ferry('snapshots', 'site');
    expect(plain.code).toBe(2);
    expect(plain.stderr).toMatch(/no backup/);
  });
});
