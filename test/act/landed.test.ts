/** The memory is never ahead of the disk: what was received is remembered only when its name is durable. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { act } from '../../src/act/act.ts';
import { Tally } from '../../src/act/tally.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { openLocal } from '../../src/local/index.ts';
import { type Agreement, fingerprintOf, type Local, type Memory, toRelPath } from '../../src/model/index.ts';
import { memoryInRam } from '../../src/state/index.ts';
import { clientOptions } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { start } from '../servers/every-server.ts';

test('a received file is remembered after its folder was synced', async () => {
  const server = await start({ name: 'ours', tls: 'none' });
  const site = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`f${n}`, `content ${n}`]));
  mkdirSync(join(server.root, 'site'));
  draw(join(server.root, 'site'), site);
  const folder = emptyFolder();
  const real = await openLocal(folder);
  const ram = memoryInRam();
  const log: ('flush' | 'learn')[] = [];
  const unsynced = new Set<string>();
  const tooEarly: string[] = [];
  const local = new Proxy(real, {
    get: (target, key) => {
      const value = target[key as keyof Local];
      if (key === 'flush') {
        return async () => {
          const before = [...unsynced];
          await real.flush();
          for (const path of before) unsynced.delete(path);
          log.push('flush');
        };
      }
      if (key !== 'stage') return typeof value === 'function' ? value.bind(target) : value;
      return async (...args: Parameters<Local['stage']>) => {
        const stage = await real.stage(...args);
        const commit = stage.commit.bind(stage);
        stage.commit = async (options) => {
          const entry = await commit(options);
          unsynced.add(args[0]);
          return entry;
        };
        return stage;
      };
    },
  });
  const memory: Memory = ram;
  const learn = ram.learn.bind(ram);
  memory.learn = (agreement: Agreement) => {
    if (unsynced.has(agreement.path)) tooEarly.push(agreement.path);
    log.push('learn');
    return learn(agreement);
  };
  const remote = connectFtp(clientOptions(server, '/site'));
  try {
    await remote.open();
    const { entries } = await remote.list(toRelPath(''));
    const tell = () => {};
    await act(
      entries.map((entry) => ({
        action: 'download' as const,
        path: entry.path,
        reason: 'new' as const,
        size: entry.size!,
        source: fingerprintOf(entry),
        replaces: null,
        mtime: entry.mtime,
      })),
      {
        pair: { local, remote, memory },
        tally: new Tally(tell),
        tell,
        signal: new AbortController().signal,
        direction: 'pull',
        attempts: 3,
        limitRate: null,
        chmod: 'none',
        order: [],
        strict: false,
      },
    );
  } finally {
    await remote.close();
    await server.stop();
  }
  expect(read(folder)).toEqual(site);
  expect(await ram.count()).toBe(150);
  expect(tooEarly).toEqual([]);
  // In a few goes, and the first of all is a flush.
  expect(log[0]).toBe('flush');
  expect(log.filter((step) => step === 'learn')).toHaveLength(150);
  expect(log.filter((step) => step === 'flush').length).toBeLessThan(10);
  expect(unsynced.size).toBe(0);
});
