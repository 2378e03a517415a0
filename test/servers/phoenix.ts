/** Our own server, which can be killed in the middle of anything and comes back at the same place. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpServer } from '../../src/server/index.ts';
import type { AnyServer } from './every-server.ts';

export interface Phoenix extends AnyServer {
  /** Cuts every connection at once and listens no more. */
  kill(): Promise<void>;
  rise(): Promise<void>;
}

export async function phoenix(): Promise<Phoenix> {
  const root = mkdtempSync(join(tmpdir(), 'ferry-test-phoenix-'));
  mkdirSync(join(root, 'site'));
  const [user, password] = ['tester', 'geheim-42'];
  let port = 0;
  let server: FtpServer | undefined;
  const rise = async () => {
    if (server) return;
    server = new FtpServer({ port, users: [{ name: user, password, home: root }] });
    ({ port } = await server.listen());
  };
  const kill = async () => {
    const dying = server;
    server = undefined;
    await dying?.close(0);
  };
  await rise();
  return {
    name: 'ours',
    host: '127.0.0.1',
    port,
    user,
    password,
    root,
    tls: 'none',
    ca: '',
    log: () => '',
    kill,
    rise,
    stop: async () => {
      await kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
