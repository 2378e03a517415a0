/** The bench is tried itself: with what Ferry relies on switched off, its lines must turn bad. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { disk, type FileSystem } from '../../../src/server/index.ts';
import { job } from '../../builders/connect.ts';
import { emptyFolder } from '../../builders/folder.ts';
import { scriptedServer } from '../scripted-server.ts';
import { chance, count, isGood, slice } from './harness.ts';
import { tellLies } from './lies.ts';
import { cutConnections } from './proxy.ts';
import { asleepGuard, withoutSizeCheckIn, withoutTemporaryNamesIn } from './sabotage.ts';
import { NEW, OLD } from './trees.ts';
import { attempt } from './trial.ts';

const QUIET = { short: false, seed: 1, say: () => {} };

test('uploads that are cut are torn without the temporary name, and not with it', { timeout: 120_000 }, async () => {
  const only = /^STOR at half: (end|reset), plain/;
  expect(isGood(await cutConnections({ ...QUIET, only }))).toBe(true);
  const { violations } = await cutConnections({ ...QUIET, only }, withoutTemporaryNamesIn({}));
  expect(count(violations, 'torn', 'lost')).toBeGreaterThan(0);
});

test('empty sources cost the other side everything without the guard', { timeout: 120_000 }, async () => {
  const { violations, line } = await tellLies({ ...QUIET, only: /^none$/ }, asleepGuard({}));
  expect(count(violations, 'wrong delete'), line).toBeGreaterThan(0);
});

/** Takes the first half of every file and says that all is well. */
function shortStores(on: () => boolean): FileSystem {
  return {
    ...disk,
    open: async (path, flags, mode) => {
      const file = await disk.open(path, flags, mode);
      let room = on() ? 600_000 : Number.POSITIVE_INFINITY;
      return {
        stat: () => file.stat(),
        read: (buffer, position) => file.read(buffer, position),
        truncate: (size) => file.truncate(size),
        sync: () => file.sync(),
        close: () => file.close(),
        write: async (chunks, position) => {
          const kept = Buffer.concat([...chunks]).subarray(0, Math.max(0, room));
          room -= kept.length;
          if (kept.length > 0) await file.write([kept], position);
        },
      };
    },
  };
}

test.each([
  { says: 'with', options: {}, torn: 0 },
  { says: 'without', options: withoutSizeCheckIn({}), torn: 1 },
])('a server that stores short and says 226, $says the size check', { timeout: 60_000 }, async ({ options, torn }) => {
  let on = false;
  const server = await scriptedServer({ fileSystem: shortStores(() => on) });
  try {
    const own = emptyFolder();
    const tried = await attempt({
      direction: 'push',
      local: join(own, 'local'),
      remote: join(server.root, 'site'),
      state: join(own, 'state'),
      settings: job(server, join(own, 'local'), { retries: 1, maxDelete: { percent: 100 } }),
      before: OLD,
      after: NEW,
      options,
      begin: () => {
        on = true;
      },
      end: () => {
        on = false;
      },
    });
    expect(count(tried.violations, 'torn'), JSON.stringify(tried.violations)).toBe(torn);
    if (torn === 0) expect(tried).toMatchObject({ violations: [], under: { summary: { exitCode: 3 } } });
    else expect(count(tried.violations, 'false success')).toBe(1);
  } finally {
    await server.stop();
  }
});

test('a fault that is never used fails the trial', async () => {
  const server = await scriptedServer();
  try {
    server.arm([{ on: /^NEVER/, does: 'close' }]);
    expect(() => server.disarm()).toThrow(/never happened: .*NEVER/);
  } finally {
    await server.stop();
  }
});

test('a slice follows from the seed and is spread over all', () => {
  const all = Array.from({ length: 100 }, (_, n) => n);
  const some = slice(all, { ...QUIET, short: true, seed: 5 }, 10, String);
  expect(some).toEqual(slice(all, { ...QUIET, short: true, seed: 5 }, 10, String));
  expect(some.map((n) => Math.floor(n / 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([chance(1)(), chance(1)()]).toEqual([chance(1)(), chance(1)()]);
  expect(chance(1)()).not.toBe(chance(2)());
});
