import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, LockError } from '../../src/model/index.ts';
import { acquireLock, breakLock, inspectLock, type Owner } from '../../src/state/index.ts';
import { thisOwner } from '../../src/state/owner.ts';
import { emptyFolder } from '../builders/folder.ts';
import { start } from './child.ts';

/** A process number that was given out and is free again. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function plant(directory: string, owner: Partial<Owner>, id = 'planted'): void {
  writeFileSync(join(directory, 'lock'), JSON.stringify({ id, owner: { ...thisOwner('job'), ...owner } }));
}

describe('a folder that cannot be', () => {
  it('is no lock that somebody holds, and the way out is named', async () => {
    const directory = '/dev/null/state/job';
    const error = await acquireLock(directory, { job: 'site' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(
      /keep its state in \/dev\/null\/state\/job: a part of the path.*\(ENOTDIR\).*FERRY_STATE/,
    );
  });
});

describe('a lock', () => {
  it('is held by one, told to the others, and given back', async () => {
    const directory = join(emptyFolder(), 'state', 'job');
    const lock = await acquireLock(directory, { job: 'site' });
    const state = await inspectLock(directory);
    expect(state).toMatchObject({
      held: true,
      life: 'alive',
      owner: { job: 'site', pid: process.pid, host: hostname() },
    });
    const error = await acquireLock(directory, { job: 'site' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LockError);
    const since = state.held ? state.owner.since : '';
    expect(since).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    for (const part of ['site', `process ${process.pid}`, hostname(), since, 'ferry unlock site']) {
      expect((error as Error).message).toContain(part);
    }
    await expect(breakLock(directory)).rejects.toBeInstanceOf(LockError);
    await expect(breakLock(directory, { sure: async () => true })).rejects.toBeInstanceOf(LockError);
    if (process.platform !== 'win32') expect(statSync(join(directory, 'lock')).mode & 0o777).toBe(0o600);
    await lock.release();
    await lock.release();
    expect(await inspectLock(directory)).toEqual({ held: false });
    expect(readdirSync(directory)).toEqual([]);
    await (await acquireLock(directory, { job: 'site' })).release();
  });

  it('that was removed by hand and taken by another is not given back by the first', async () => {
    const directory = emptyFolder();
    const first = await acquireLock(directory, { job: 'job' });
    plant(directory, {}, 'another');
    await first.release();
    expect(existsSync(join(directory, 'lock'))).toBe(true);
  });

  const DEAD: Record<string, () => Partial<Owner>> = {
    'its process is gone': () => ({ pid: deadPid() }),
    ...(process.platform === 'linux'
      ? {
          'its number is another process by now': () => ({ started: '1' }),
          'this machine was started anew since': () => ({ boot: '00000000-0000-0000-0000-000000000000' }),
        }
      : {}),
    'the machine was started anew since, by the clock': () => ({ boot: null, since: '2001-01-01T00:00:00.000Z' }),
  };
  it.each(Object.entries(DEAD))('is taken over, or removed, when %s', async (_, owner) => {
    const directory = emptyFolder();
    plant(directory, owner());
    expect(await inspectLock(directory)).toMatchObject({ held: true, life: 'dead' });
    const lock = await acquireLock(directory, { job: 'job' });
    expect(await inspectLock(directory)).toMatchObject({ held: true, life: 'alive', owner: { pid: process.pid } });
    await lock.release();
    plant(directory, owner(), 'planted again');
    expect(await breakLock(directory)).toBe(true);
    expect(await breakLock(directory)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });

  const UNSEEN: Record<string, (directory: string) => void> = {
    'on another machine': (d) => plant(d, { host: 'elsewhere', boot: 'other', pid: deadPid() }),
    'in another container': (d) => plant(d, { space: 'pid:[1]', pid: deadPid() }),
    'by who knows whom (not a lock of ours)': (d) => writeFileSync(join(d, 'lock'), '12345\n'),
    'by who knows whom (empty)': (d) => writeFileSync(join(d, 'lock'), ''),
  };
  it.runIf(process.platform === 'linux').each(Object.entries(UNSEEN))(
    'held %s is left alone, unless someone made sure',
    async (_, make) => {
      const directory = emptyFolder();
      make(directory);
      const before = readFileSync(join(directory, 'lock'));
      expect(await inspectLock(directory)).toMatchObject({ held: true, life: 'unseen' });
      await expect(acquireLock(directory, { job: 'job' })).rejects.toThrow(/cannot be seen from here/);
      await expect(breakLock(directory)).rejects.toThrow(/cannot be seen from here/);
      expect(readFileSync(join(directory, 'lock'))).toEqual(before);
      const holders: string[] = [];
      const sure = async (holder: string) => holders.push(holder) > 0;
      expect(await breakLock(directory, { sure })).toBe(true);
      expect(holders).toEqual([expect.stringMatching(/^process \d+ on .*, since .*Z$|^who knows whom/)]);
      await (await acquireLock(directory, { job: 'job' })).release();
    },
  );

  it('is taken over although one died while it took it over', async () => {
    const directory = emptyFolder();
    plant(directory, { pid: deadPid() }, 'stale');
    const claim = { id: 'claimed', owner: { ...thisOwner('job'), pid: deadPid() } };
    writeFileSync(join(directory, 'lock-stale.claim'), JSON.stringify(claim));
    const lock = await acquireLock(directory, { job: 'job' });
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('has old leftovers swept from beside it, and nothing else', async () => {
    const directory = emptyFolder();
    for (const name of ['lock-a.new', 'lock-b.claim', 'lock-young.new', 'lock-notes.txt', 'unlock-a.new']) {
      writeFileSync(join(directory, name), '');
      if (!name.includes('young')) utimesSync(join(directory, name), 1, 1);
    }
    await (await acquireLock(directory, { job: 'job' })).release();
    expect(readdirSync(directory).sort()).toEqual(['lock-notes.txt', 'lock-young.new', 'unlock-a.new']);
  });
});

describe('a race', () => {
  it.each(['a stale lock', 'no lock', 'a stale lock with a stale claim'])(
    'of 20 processes over %s has one winner',
    async (over) => {
      const directory = emptyFolder();
      const shot = join(emptyFolder(), 'shot');
      const pid = deadPid();
      if (over !== 'no lock') plant(directory, { pid }, 'stale');
      if (over.endsWith('claim')) {
        writeFileSync(
          join(directory, 'lock-stale.claim'),
          JSON.stringify({ id: 'c', owner: { ...thisOwner('job'), pid } }),
        );
      }
      const racers = Array.from({ length: 20 }, () => start('race.mjs', directory, shot));
      await Promise.all(racers.map((racer) => racer.said(1)));
      writeFileSync(shot, '');
      await Promise.all(racers.map((racer) => racer.said(2)));
      const results = racers.map((racer) => racer.lines()[1]);
      const winners = racers.filter((racer) => racer.lines()[1] === 'won');
      expect(winners, results.join('\n')).toHaveLength(1);
      for (const result of results)
        if (result !== 'won') expect(result).toMatch(/^lock: another run of race holds its lock/);
      expect(await inspectLock(directory)).toMatchObject({ life: 'alive', owner: { pid: winners[0]!.process.pid } });
      await Promise.all(racers.map((racer) => racer.kill()));
    },
  );

  it('that goes on and on, with some killed while they hold the lock, never has two holders', async () => {
    const directory = emptyFolder();
    const guarded = join(emptyFolder(), 'guarded');
    const until = Date.now() + 5000;
    let held = 0;
    const run = async (): Promise<void> => {
      while (Date.now() < until) {
        const child = start('relay.mjs', directory, guarded, String(until));
        await child.ended;
        for (const line of child.lines()) {
          expect(line).toBe('held');
          held++;
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, run));
    expect(held).toBeGreaterThan(10);
  });
});
