/** A server that goes away in the middle of a run, for good: told from one that only failed some paths. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FtpServer } from '../../src/server/index.ts';
import { job, serverSettings } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { scriptedServer } from '../faults/scripted-server.ts';
import type { AnyServer } from '../servers/every-server.ts';

test('with every path that was left under way: exit code 5', async () => {
  const root = emptyFolder();
  const server = new FtpServer({ users: [{ name: 'ann', password: 'geheim-42', home: root }] });
  const { host, port } = await server.listen();
  mkdirSync(join(root, 'site'));
  const local = draw(emptyFolder(), { 'a.bin': 'a'.repeat(3_000_000), 'b.bin': 'b'.repeat(3_000_000) });
  const settings = { tls: 'none', host, port, user: 'ann', password: 'geheim-42', root } as unknown as AnyServer;
  let closed: Promise<void> | undefined;
  const { summary } = await perform(
    job(settings, local, { retries: 0, limitRate: 500_000, server: serverSettings(settings, { connections: 2 }) }),
    emptyFolder(),
    {
      tell: (event) => {
        if (event.type === 'progress' && event.bytes > 0) closed ??= server.close(0);
      },
    },
  );
  await closed;
  expect(summary).toMatchObject({ exitCode: 5, uploaded: 0, message: expect.stringMatching(/nothing listens there/) });
});

test('for one path only: exit code 3, and the others are there', async () => {
  const server = await scriptedServer();
  mkdirSync(join(server.root, 'site'));
  // The first, so that nothing else is under way on its connection.
  server.arm([{ on: /^STOR .*a\.txt/, does: 'close' }]);
  const local = draw(emptyFolder(), { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
  const { summary, problems } = await perform(job(server, local, { retries: 0 }), emptyFolder());
  server.disarm();
  await server.stop();
  expect(summary).toMatchObject({ exitCode: 3, uploaded: 2, failed: 1 });
  expect(problems).toHaveLength(1);
});
