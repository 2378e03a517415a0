/** Our own server, which can be killed in the middle of anything and comes back at the same place. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../faults/torture/project.ts';
import type { AnyServer } from './every-server.ts';
import { freePort, releasePort } from './port.ts';

export interface Phoenix extends AnyServer {
  /** Ends its process by SIGKILL: what it had not begun to carry out it never will. Resolves once it is gone. */
  kill(): Promise<void>;
  /** Resolves once it listens. */
  rise(): Promise<void>;
}

const CHILD = join(projectFolder(), 'test/servers/children/phoenix.mjs');

export async function phoenix(): Promise<Phoenix> {
  const root = mkdtempSync(join(tmpdir(), 'ferry-test-phoenix-'));
  mkdirSync(join(root, 'site'));
  const [user, password] = ['tester', 'geheim-42'];
  const port = await freePort();
  const options = JSON.stringify({ port, users: [{ name: user, password, home: root }] });
  let server: ChildProcess | undefined;
  const rise = async () => {
    if (server) return;
    const child = spawn(process.execPath, [CHILD, options], { stdio: ['pipe', 'pipe', 'inherit'] });
    server = child;
    const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with ${code}`)));
    await Promise.race([once(child.stdout!, 'data'), failed]);
    failed.catch(() => {}); // from here on it is meant to end
  };
  const kill = async () => {
    const dying = server;
    server = undefined;
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = once(dying, 'close');
    dying.kill('SIGKILL');
    await gone;
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
      releasePort(port);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
