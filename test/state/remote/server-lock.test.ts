/** The lock on a server: one holder at a time, whoever dies or wakes up when. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectFtp } from '../../../src/ftp/remote.ts';
import { LockError, type Remote, toRelPath } from '../../../src/model/index.ts';
import {
  acquireServerLock,
  breakServerLock,
  heldRemote,
  inspectServerLock,
  type ServerLock,
} from '../../../src/state/index.ts';
import { clientOptions } from '../../builders/connect.ts';
import { draw } from '../../builders/folder.ts';
import { type AnyServer, start } from '../../servers/every-server.ts';

let server: AnyServer;
const open: Remote[] = [];
const held: ServerLock[] = [];
beforeAll(async () => {
  server = await start({ name: 'ours', tls: 'none' });
});
afterAll(() => server.stop());
beforeEach(() => {
  rmSync(join(server.root, 'site'), { recursive: true, force: true });
  mkdirSync(join(server.root, 'site'));
});
afterEach(async () => {
  for (const lock of held.splice(0)) await lock.release().catch(() => {});
  for (const remote of open.splice(0)) await remote.close();
});

async function connected(): Promise<Remote> {
  const remote = connectFtp(clientOptions(server, '/site', { connections: 1 }));
  open.push(remote);
  await remote.open();
  return remote;
}

async function lock(changes: Partial<Parameters<typeof acquireServerLock>[1]> = {}): Promise<ServerLock> {
  const options = {
    job: 'test',
    wait: 0,
    beat: 30,
    staleAfter: 20_000,
    waiting: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
  const taken = await acquireServerLock(await connected(), options);
  held.push(taken);
  return taken;
}

const folder = () => join(server.root, 'site/.ferry/lock');
const claims = () => readdirSync(folder());

/** The claim of a run on another machine, which shows no heartbeat unless somebody renames it. */
function stranger(staleAfter: number, id = '11111111-1111-4111-8111-111111111111'): string {
  const owner = {
    job: 'site',
    pid: 4711,
    started: null,
    host: 'far-away',
    boot: null,
    space: null,
    since: '2026-01-01',
  };
  draw(folder(), { [`${id}.7`]: JSON.stringify({ id, owner, staleAfter }) });
  return id;
}

/** Moves a stranger's claim on, as its heartbeat would. */
function beats(id: string): () => void {
  let beat = 7;
  const timer = setInterval(() => {
    try {
      renameSync(join(folder(), `${id}.${beat}`), join(folder(), `${id}.${beat + 1}`));
      beat++;
    } catch {}
  }, 20);
  return () => clearInterval(timer);
}

describe('a lock on a server', () => {
  it('is one folder with one claim, and is gone when it is given back', async () => {
    const own = await lock();
    expect(claims()).toHaveLength(1);
    const before = claims()[0];
    await expect.poll(() => claims()[0], { timeout: 15_000 }).not.toBe(before); // a heartbeat
    await own.release();
    await own.release();
    expect(existsSync(folder())).toBe(false);
  });

  it('goes to one of many who ask at once', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 6 }, () => lock()));
    const won = asked.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const one of asked) {
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LockError);
    }
    expect(claims()).toHaveLength(1);
  });

  it('goes from one to the next, where each waits', async () => {
    let holders = 0;
    const turn = async () => {
      const own = await lock({ wait: 20_000 });
      expect(++holders).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
      await own.release();
    };
    await Promise.all([turn(), turn(), turn(), turn()]);
    expect(existsSync(folder())).toBe(false);
  });

  it('of a run elsewhere that shows a heartbeat is left alone, and named', async () => {
    const stop = beats(stranger(20_000));
    try {
      const refused = lock({ beat: 100 });
      await expect(refused).rejects.toThrow(/far-away/);
      await expect(refused).rejects.toThrow(/ferry unlock test/);
    } finally {
      stop();
    }
    expect(claims()).toHaveLength(1);
  });

  it('of a run elsewhere that stands still is taken over, however its clock goes', async () => {
    const id = stranger(300);
    await lock();
    expect(claims()).toHaveLength(1);
    expect(claims()[0]).not.toContain(id);
  });

  it('goes to one of those who found it standing still', async () => {
    stranger(300);
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => lock()));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(claims()).toHaveLength(1);
  });

  it('is taken over where a kill left an empty folder', async () => {
    mkdirSync(folder(), { recursive: true });
    await lock({ staleAfter: 300 });
    expect(claims()).toHaveLength(1);
  });

  it('is not stolen because of what another one left beside the claim of its holder', async () => {
    const stop = beats(stranger(20_000));
    stranger(100, '22222222-2222-4222-8222-222222222222');
    try {
      await expect(lock({ beat: 100 })).rejects.toThrow(LockError);
      expect(claims().some((name) => name.startsWith('1111'))).toBe(true);
    } finally {
      stop();
    }
  });

  it('that was lost stops whoever held it before anything is renamed', async () => {
    writeFileSync(join(server.root, 'site/a.ferry'), 'new');
    const own = await lock({ beat: 3_600_000, staleAfter: 200 });
    const lost: unknown[] = [];
    own.onLost = (error) => lost.push(error);
    const guarded = heldRemote(await connected(), () => own.hold());
    const lane = await guarded.lane();
    await lane.rename(toRelPath('a.ferry'), toRelPath('b.ferry'));
    // Its heartbeat does not get through for long (a machine that sleeps), and another one takes over.
    const other = await lock({ wait: 10_000 });
    const refused = lane.rename(toRelPath('b.ferry'), toRelPath('c.ferry'));
    await expect(refused).rejects.toBeInstanceOf(LockError);
    await expect(lane.remove(toRelPath('b.ferry'))).rejects.toBeInstanceOf(LockError);
    expect(existsSync(join(server.root, 'site/b.ferry'))).toBe(true);
    expect(lost).toHaveLength(1);
    await own.release();
    expect(claims()).toHaveLength(1); // the other one's
    await expect(other.hold() ?? Promise.resolve()).resolves.toBeUndefined();
  });

  it('can be removed however fast its heart beats', async () => {
    for (let n = 0; n < 5; n++) {
      const own = await lock({ beat: 15 });
      const seen = (await inspectServerLock(await connected(), 30))!;
      await breakServerLock(await connected(), seen);
      expect(existsSync(folder())).toBe(false);
      await expect
        .poll(() => (async () => own.hold())().catch((error) => error), { timeout: 15_000 })
        .toBeInstanceOf(LockError);
    }
  });

  it('can be looked at and removed, and its holder finds out', async () => {
    expect(await inspectServerLock(await connected(), 30)).toBeNull();
    const own = await lock({ beat: 3_600_000, staleAfter: 1 });
    const seen = (await inspectServerLock(await connected(), 30))!;
    expect(seen).toMatchObject({ life: 'alive', notice: { owner: { job: 'test', pid: process.pid } } });
    await breakServerLock(await connected(), seen);
    expect(existsSync(folder())).toBe(false);
    await expect((async () => own.hold())()).rejects.toBeInstanceOf(LockError);
    stranger(60_000);
    expect(await inspectServerLock(await connected(), 30)).toMatchObject({ life: 'still' });
  });
});
