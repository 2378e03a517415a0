/** Sources that do not stand still while they are copied. */
import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChangingError } from '../../src/model/index.ts';
import type { Seams } from '../../src/sync/conduct.ts';
import { openPair } from '../../src/sync/pair.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

const RATE = 2 * 1024 * 1024;
const OLD = 'o'.repeat(2 * RATE);

/** Whether more of the big file has arrived than is begun anew; at its rate the rest takes a second or more. */
function isUnderWay(folder: string): boolean {
  const name = readdirSync(folder).find((entry) => /^\.big\.bin\..*\.ferry$/.test(entry));
  return (
    name !== undefined && (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 1.25 * 1024 * 1024
  );
}

interface Row {
  readonly says: string;
  readonly meddle: (path: string) => void;
  readonly exit: number;
  readonly holds: Readonly<Record<string, string>>;
}

const ROWS: readonly Row[] = [
  {
    says: 'one that grows is sent again, whole',
    meddle: (path) => appendFileSync(path, 'more'),
    exit: 0,
    holds: { 'a.txt': 'a', 'big.bin': `${OLD}more` },
  },
  {
    says: 'one that is written anew is sent again, whole',
    meddle: (path) => writeFileSync(path, 'short'),
    exit: 0,
    holds: { 'a.txt': 'a', 'big.bin': 'short' },
  },
  {
    says: 'one that vanishes is a problem of its own',
    meddle: (path) => rmSync(path),
    exit: 3,
    holds: { 'a.txt': 'a' },
  },
  {
    says: 'one that becomes a directory is a problem of its own',
    meddle: (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    exit: 3,
    holds: { 'a.txt': 'a' },
  },
];

test.each(ROWS.flatMap((row) => (['push', 'pull'] as const).map((direction) => ({ ...row, direction }))))(
  '$direction: $says',
  { timeout: 60_000 },
  async ({ direction, meddle, exit, holds }) => {
    const server = await start({ name: 'ours', tls: 'none' });
    try {
      const [local, state] = [emptyFolder(), emptyFolder()];
      const remote = draw(join(server.root, 'site'), { 'keep/k.txt': 'k' });
      draw(local, { 'keep/k.txt': 'k' });
      const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
      draw(source, { 'a.txt': 'a', 'big.bin': OLD });
      const settings = job(server, local, { direction, limitRate: RATE, retries: 2 });
      const running = perform(settings, state);
      await vi.waitUntil(() => isUnderWay(destination), { timeout: 50_000, interval: 5 });
      meddle(join(source, 'big.bin'));
      const { summary, problems } = await running;
      expect(summary.exitCode, `${summary.message} ${problems.join()}`).toBe(exit);
      expect(read(destination)).toEqual({ 'keep/k.txt': 'k', ...holds });
    } finally {
      await server.stop();
    }
  },
);

test.each(['push', 'sync'] as const)('%s: one that is written to all the time holds up no other', async (direction) => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  mkdirSync(join(server.root, 'site'));
  const [local, state] = [draw(emptyFolder(), { 'in/base.db': 'one', 'in/a.txt': 'a', 'b.txt': 'b' }), emptyFolder()];
  const settings = job(server, local, { direction, retries: 0 });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 3 });
  draw(local, { 'in/base.db': 'two', 'in/a.txt': 'A', 'b.txt': 'B' });
  const busy: Seams['openPair'] = async (...args) => {
    const pair = await openPair(...args);
    const read = pair.local.sha256.bind(pair.local);
    pair.local.sha256 = async (path) => {
      if (path === 'in/base.db') throw new ChangingError('in/base.db changed while it was read');
      return read(path);
    };
    return pair;
  };
  const { summary, problems } = await perform(settings, state, { seams: { openPair: busy } });
  expect(summary).toMatchObject({ exitCode: 3, uploaded: 2, problems: 1 });
  expect(problems).toEqual([expect.stringMatching(/^in\/base\.db: .*written to all the time/)]);
  expect(read(join(server.root, 'site'))).toEqual({ 'in/base.db': 'one', 'in/a.txt': 'A', 'b.txt': 'B' });
});
