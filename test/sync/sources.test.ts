/** Sources that do not stand still while they are copied. */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

const RATE = 2 * 1024 * 1024;
const OLD = 'o'.repeat(2 * RATE);

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
      await new Promise((done) => setTimeout(done, 900));
      meddle(join(source, 'big.bin'));
      const { summary, problems } = await running;
      expect(summary.exitCode, `${summary.message} ${problems.join()}`).toBe(exit);
      expect(read(destination)).toEqual({ 'keep/k.txt': 'k', ...holds });
    } finally {
      await server.stop();
    }
  },
);
