/** Two deploys to one server at once, from what might be two machines: each has a state folder of its own. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, until, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  const job = { direction: 'push', server: world.url, lock: { staleAfter: 6 }, state: 'remote' };
  // The first one holds the lock until it is told to go on.
  const hooks = {
    before: ['sh', '-c', 'touch ready; while [ -e sync.config.json ] && [ ! -e go ]; do sleep 0.05; done'],
  };
  const jobs = { first: { ...job, local: 'first', hooks }, second: { ...job, local: 'second' } };
  await world.write({ 'sync.config.json': JSON.stringify({ jobs }), 'first/a.txt': 'a', 'second/b.txt': 'b' });
});
afterEach(() => world.close());

const elsewhere = () => ({ FERRY_STATE: join(world.folder, '../state-elsewhere') });
const lockFolder = () => join(world.serverFolder, 'www/.ferry/lock');
const isHeld = () => {
  try {
    return readdirSync(lockFolder()).length > 0;
  } catch {
    return false;
  }
};

describe('two deploys at once', () => {
  it('one goes on; the other one is told who it is, or waits', async () => {
    const { ended } = world.start('push', 'first');
    await until(() => existsSync(join(world.folder, 'ready')), 'the first run holds the lock');
    const refused = await world.ferryWith(elsewhere(), 'push', 'second');
    expect(refused).toMatchObject({ code: 6 });
    expect(refused.stderr).toMatch(/another run holds the lock on the server: the job first, process \d+ on/);
    const kept = await world.ferryWith(elsewhere(), 'unlock', 'second');
    expect(kept).toMatchObject({ code: 6 });
    expect(kept.stderr).toMatch(/it is alive.*--force/s);
    // The one that waits looks into the folder again and again.
    let looks = 0;
    world.server.on('command', ({ verb, argument }) => {
      if (verb === 'CWD' && argument.endsWith('.ferry/lock')) looks++;
    });
    const waiting = world.ferryWith(elsewhere(), 'push', 'second', '--wait', '60s');
    await until(() => looks >= 10, 'the second run waits');
    await world.write({ go: '' });
    const waited = await waiting;
    expect(waited.stderr).toMatch(/waiting: the lock on the server is held by the job first/);
    expect(waited).toMatchObject({ code: 0 });
    expect(await ended).toMatchObject({ code: 0 });
    expect(Object.keys(await world.files('server:www')).sort()).toEqual(expect.arrayContaining(['b.txt', 'a.txt']));
    expect(isHeld()).toBe(false);
  });

  it('a run that was killed does not keep the next one out', async () => {
    const { child, ended } = world.start('push', 'first');
    await until(() => existsSync(join(world.folder, 'ready')), 'the first run holds the lock');
    child.kill('SIGKILL');
    await ended;
    // A folder that is read while its file is renamed may seem empty.
    await until(isHeld, 'the lock is still there');
    expect(await world.ferryWith(elsewhere(), 'push', 'second')).toMatchObject({ code: 0 });
    expect(isHeld()).toBe(false);
  });

  it('without a terminal, one that stands still is removed only if somebody says so', async () => {
    const claim = `${randomUUID()}.3`;
    const owner = {
      job: 'other',
      pid: 7,
      host: 'elsewhere',
      boot: 'other',
      space: null,
      started: null,
      since: 'today',
    };
    const lock = join(world.serverFolder, 'www/.ferry/lock');
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, claim), JSON.stringify({ id: claim.slice(0, 36), owner, staleAfter: 60_000 }));
    const refused = await world.ferry('unlock', 'second');
    expect(refused.stderr).toMatch(/not removed.*the job other, process 7 on elsewhere.*ferry unlock second --yes/s);
    expect(refused.code).toBe(6);
    expect(isHeld()).toBe(true);
    const removed = await world.ferry('unlock', 'second', '--yes');
    expect(removed.stderr).toMatch(/^The lock on the server was held by the job other.*\nThe lock was removed\.\n$/s);
    expect(removed.code).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  it('a run whose lock is removed by force stops, and publishes nothing more', async () => {
    const { ended } = world.start('push', 'first');
    await until(() => existsSync(join(world.folder, 'ready')), 'the first run holds the lock');
    const removed = await world.ferryWith(elsewhere(), 'unlock', 'second', '--force');
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.stderr).toMatch(/was held by the job first.*The lock was removed/s);
    const stopped = await ended;
    expect(stopped).toMatchObject({ code: 6 });
    expect(stopped.stderr).toMatch(/taken over the lock/);
    expect(Object.keys(await world.files('server:www'))).not.toContain('a.txt');
  });

  it('works where the server takes one connection only, and a dry run takes no lock', async () => {
    const one = ['--connections', '1'];
    expect(await world.ferry('push', 'second', ...one, '-n')).toMatchObject({ code: 0 });
    expect(() => readdirSync(join(world.serverFolder, 'www'))).toThrow();
    expect(await world.ferry('push', 'second', ...one)).toMatchObject({ code: 0 });
    expect(isHeld()).toBe(false);
  });
});
