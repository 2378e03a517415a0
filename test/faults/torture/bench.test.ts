/** The bench is tried itself: with what Ferry relies on switched off, its lines must turn bad. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lane, RelPath } from '../../../src/model/index.ts';
import { disk, type FileSystem } from '../../../src/server/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { type OpenPair, openPair } from '../../../src/sync/pair.ts';
import { job } from '../../builders/connect.ts';
import { emptyFolder } from '../../builders/folder.ts';
import { scriptedServer } from '../scripted-server.ts';
import { chance, count, isGood, slice } from './harness.ts';
import { tellLies } from './lies.ts';
import { cutConnections } from './proxy.ts';
import { NEW, OLD } from './trees.ts';
import { attempt } from './trial.ts';

const QUIET = { short: false, seed: 1, say: () => {} };

/** A run whose connections to the server are changed by `change`. */
function withLanes(change: (lane: Lane) => Partial<Lane>): Partial<RunOptions> {
  const changed = (lane: Lane): Lane =>
    new Proxy(lane, {
      get(_, key) {
        const own = change(lane)[key as keyof Lane];
        const value = own ?? Reflect.get(lane, key, lane);
        return typeof value === 'function' && !own ? value.bind(lane) : value;
      },
    });
  const opening: typeof openPair = async (...asked): Promise<OpenPair> => {
    const pair = await openPair(...asked);
    const remote = new Proxy(pair.remote, {
      get(target, key) {
        if (key === 'lane') return async (signal?: AbortSignal) => changed(await target.lane(signal));
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return { ...pair, remote };
  };
  return { seams: { openPair: opening } };
}

/** The name that a temporary one is for. */
const final = (path: RelPath) => path.replace(/(^|\/)\.([^/]+)\.[0-9a-f]{8}\.ferry$/, '$1$2') as RelPath;

const withoutTemporaryNames = withLanes((lane) => ({
  write: (path, source, options) => lane.write(final(path), source, options),
  inspect: (path) => lane.inspect(final(path)),
  setModified: (path, mtime) => lane.setModified(final(path), mtime),
  remove: (path) => lane.remove(final(path)),
  rename: async () => {},
}));

const withoutSizeCheck = withLanes((lane) => ({
  inspect: async (path) => ({ ...(await lane.inspect(path)), size: null }),
}));

test('uploads that are cut are torn without the temporary name, and not with it', { timeout: 120_000 }, async () => {
  const only = /^STOR at half: (end|reset), plain/;
  expect(isGood(await cutConnections({ ...QUIET, only }))).toBe(true);
  const { violations } = await cutConnections({ ...QUIET, only }, withoutTemporaryNames);
  expect(count(violations, 'torn', 'lost')).toBeGreaterThan(0);
});

test('empty sources cost the other side everything without the guard', { timeout: 120_000 }, async () => {
  const { violations, line } = await tellLies(
    { ...QUIET, only: /^none$/ },
    { seams: { guard: () => ({ refused: false, reasons: [] }) } },
  );
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
  { says: 'without', options: withoutSizeCheck, torn: 1 },
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
