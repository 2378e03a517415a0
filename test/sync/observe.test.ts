/** The order of the walk: what waits for what, and what does not. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { Filter } from '../../src/diff/index.ts';
import { openLocal } from '../../src/local/index.ts';
import type { Entry, Listing, RelPath, Remote } from '../../src/model/index.ts';
import { toRelPath } from '../../src/model/index.ts';
import { memoryInRam } from '../../src/state/ram.ts';
import { observe } from '../../src/sync/observe.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';

const p = (path: string) => (path === '' ? ('' as RelPath) : toRelPath(path));
const MINUTE = 60_000;
const NOON = Date.UTC(2024, 5, 1, 12);

/** As LIST shows them, to the minute: what a file's time is has to be asked. */
const file = (path: string): Entry => ({
  path: p(path),
  kind: 'file',
  size: 1,
  mtime: NOON,
  precision: MINUTE,
  zoned: true,
  stamps: { list: 'Jun 01 12:00' },
});
const folder = (path: string): Entry => ({ ...file(path), kind: 'directory', size: null, stamps: {} });

test('files that are asked about do not hold up the directories beside them', { timeout: 20_000 }, async () => {
  const local = emptyFolder();
  draw(local, { 'a.txt': 'a', 'sub/b.txt': 'b', 'sub/deep/c.txt': 'c' });
  for (const path of ['a.txt', 'sub/b.txt', 'sub/deep/c.txt']) utimesSync(join(local, path), NOON / 1000, NOON / 1000);
  const tree: Readonly<Record<string, Entry[]>> = {
    '': [file('a.txt'), folder('sub')],
    sub: [file('sub/b.txt'), folder('sub/deep')],
    'sub/deep': [file('sub/deep/c.txt')],
  };
  const order: string[] = [];
  let reached: () => void = () => {};
  const deepest = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const remote = {
    width: 1,
    capabilities: { mlst: false, mdtm: true, hash: null },
    warm() {},
    async list(path: RelPath): Promise<Listing> {
      order.push(`list ${path}`);
      if (path === 'sub/deep') reached();
      return { directory: path, entries: tree[path]!, problems: [] };
    },
    async sight(paths: readonly RelPath[]) {
      // Not before the walk has come to the deepest directory.
      await deepest;
      order.push(`ask ${paths.join()}`);
      return paths.map((path) => ({
        path,
        found: 'present',
        entry: { ...file(path), precision: 1000, stamps: { mdtm: '20240601120000' } },
      }));
    },
  } as unknown as Remote;
  const settings = job({ tls: 'none', host: 'x', port: 1, user: 'u' } as never, local) as JobSettings;
  const observed = await observe({
    pair: { local: await openLocal(local, { links: 'skip', create: false }), remote, memory: memoryInRam() },
    job: settings,
    filter: new Filter({ include: [], exclude: [], ignoreFiles: [] }),
    tell() {},
    signal: new AbortController().signal,
    learn: false,
    now: Date.now(),
  });
  expect(order.slice(0, 3)).toEqual(['list ', 'list sub', 'list sub/deep']);
  expect(order.slice(3).sort()).toEqual(['ask a.txt', 'ask sub/b.txt', 'ask sub/deep/c.txt']);
  // Each directory once.
  expect(observed.actions).toEqual([]);
  expect(observed.total).toMatchObject({ source: 3, destination: 3 });
});
