/** Every server a suite runs on: ours and the real ones, plain and under TLS, behind one small handle. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpServer } from '../../src/server/index.ts';
import {
  availableServers,
  certificate,
  type ServerName,
  type StartOptions,
  startServer,
  type TlsMode,
} from './index.ts';

export type AnyServerName = ServerName | 'ours';

/** A running server, whoever made it. */
export interface AnyServer {
  readonly name: AnyServerName;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The local folder that the login sees as `/`. */
  readonly root: string;
  readonly tls: TlsMode;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
  log(): string;
  stop(): Promise<void>;
}

export interface Variant {
  readonly title: string;
  readonly name: AnyServerName;
  readonly tls: TlsMode;
}

/**
 * The variants that can run here. In CI all of them must: there a missing server is a failure, elsewhere it is named
 * and left out.
 */
export function variants(modes: readonly TlsMode[] = ['none', 'explicit']): Variant[] {
  const names: AnyServerName[] = ['ours'];
  for (const { name, available, why } of availableServers()) {
    if (available || process.env.CI) names.push(name);
    else console.warn(`left out: ${name} (${why})`);
  }
  return names.flatMap((name) =>
    modes.map((tls) => ({ name, tls, title: `${name}, ${tls === 'none' ? 'plain' : `${tls} TLS`}` })),
  );
}

export async function start(
  { name, tls }: Pick<Variant, 'name' | 'tls'>,
  options: StartOptions = {},
): Promise<AnyServer> {
  if (name !== 'ours') return startServer(name, { ...options, tls });
  const { ca, certificateFile, keyFile } = certificate();
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'ferry-test-ours-'));
  mkdirSync(root, { recursive: true });
  const [user, password] = ['tester', 'geheim-42'];
  const server = new FtpServer({
    users: [{ name: user, password, home: root }],
    ...(options.passivePorts === undefined ? {} : { passivePorts: options.passivePorts }),
    ...(options.maxClients === undefined ? {} : { maxConnections: options.maxClients }),
    ...(tls === 'none'
      ? {}
      : {
          tls: {
            cert: readFileSync(certificateFile),
            key: readFileSync(keyFile),
            implicit: tls === 'implicit',
            requireSessionReuse: true,
          },
        }),
  });
  const { host, port } = await server.listen();
  return {
    name,
    host,
    port,
    user,
    password,
    root,
    tls,
    ca,
    log: () => '',
    stop: async () => {
      await server.close();
      if (options.root === undefined) rmSync(root, { recursive: true, force: true });
    },
  };
}
