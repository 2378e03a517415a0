// Starts real FTP servers on the loopback for tests: vsftpd, ProFTPD, Pure-FTPd and pyftpdlib, as .ci/install-servers
// has unpacked them. Each start is a server of its own, with its own port, login and folder, and needs a stop().
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { certificate } from './certificate.ts';
import { newLogin } from './password.ts';
import { freePort, releasePort } from './port.ts';
import { proftpd } from './proftpd.ts';
import { pureFtpd } from './pure-ftpd.ts';
import { pyftpdlib } from './pyftpdlib.ts';
import { ready } from './ready.ts';
import type { RealServer, ServerKind, ServerName, StartOptions } from './real-server.ts';
import { type Supervised, supervise } from './supervised.ts';
import { vsftpd } from './vsftpd.ts';

export { certificate } from './certificate.ts';
export { freePort, freePortRange, releasePort } from './port.ts';
export type { RealServer, ServerName, StartOptions, TlsMode } from './real-server.ts';

const kinds: ServerKind[] = [vsftpd, proftpd, pureFtpd, pyftpdlib];

let opensslMissing: string | undefined | null = null;

function withoutOpenssl(): string | undefined {
  if (opensslMissing === null) {
    const { error } = spawnSync('openssl', ['version'], { stdio: 'ignore' });
    opensslMissing = error === undefined ? undefined : 'openssl is not there';
  }
  return opensslMissing;
}

/** Every server the tests know, and why one cannot run here. Prints nothing. */
export function availableServers(): { name: ServerName; available: boolean; why?: string }[] {
  return kinds.map((kind) => {
    const why = kind.unavailable() ?? withoutOpenssl();
    return why === undefined ? { name: kind.name, available: true } : { name: kind.name, available: false, why };
  });
}

export async function startServer(name: ServerName, options: StartOptions = {}): Promise<RealServer> {
  const kind = kinds.find((one) => one.name === name)!;
  const why = kind.unavailable() ?? withoutOpenssl();
  if (why !== undefined) throw new Error(`${name} cannot run here: ${why}`);
  // A port can still be taken between the look at it and the server's bind; another one then does.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(kind, options);
    } catch (error) {
      if (attempt === 3 || !(error instanceof DidNotStart)) throw error;
    }
  }
}

class DidNotStart extends Error {}

async function startOnce(kind: ServerKind, options: StartOptions): Promise<RealServer> {
  const { name } = kind;
  const tls = options.tls ?? 'none';
  const { user, password } = newLogin();
  const { ca, caFile, certificateFile, keyFile, bothFile } = certificate();
  const work = mkdtempSync(join(tmpdir(), `ferry-test-${name}-`));
  const root = resolve(options.root ?? join(work, 'root'));
  if (options.root === undefined) mkdirSync(root);
  const port = await freePort();
  const files = { ca: caFile, certificate: certificateFile, key: keyFile, both: bothFile };
  const site = { work, root, port, user, password, tls, options, certificate: files };
  const server = await kind
    .launch(site)
    .then((launch) => supervise(launch, work))
    .catch((error: unknown) => {
      rmSync(work, { recursive: true, force: true });
      releasePort(port);
      throw error;
    });
  const stop = async (): Promise<void> => {
    await server.stop();
    releasePort(port);
  };
  if (!(await ready(server, port, tls))) {
    await stop();
    throw new DidNotStart(`${name} did not start:\n${describe(server)}`);
  }
  const { pid, log } = server;
  return { name, version: kind.version(), host: '127.0.0.1', port, user, password, root, tls, ca, pid, stop, log };
}

const describe = (server: Supervised): string => server.log() || '(it wrote nothing)';
