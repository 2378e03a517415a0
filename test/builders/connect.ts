/** The settings to reach a test server with, for a client and for a job. */
import type { JobSettings, ServerSettings } from '../../src/config/settings.ts';
import type { ServerOptions } from '../../src/ftp/options.ts';
import type { AnyServer } from '../servers/every-server.ts';

const PROTOCOLS = { none: 'ftp', explicit: 'ftpes', implicit: 'ftps' } as const;

export function serverSettings(server: AnyServer, changes: Partial<ServerSettings> = {}): ServerSettings {
  return {
    protocol: PROTOCOLS[server.tls],
    host: server.host,
    port: server.port,
    user: server.user,
    password: async () => server.password,
    connections: 4,
    tls: { verify: true, ca: server.ca },
    encoding: 'utf8',
    mode: 'passive',
    connectTimeout: 15_000,
    replyTimeout: 20_000,
    dataTimeout: 20_000,
    ...changes,
  };
}

export function clientOptions(server: AnyServer, root: string, changes: Partial<ServerSettings> = {}): ServerOptions {
  return { ...serverSettings(server, changes), root } as ServerOptions;
}

export function job(server: AnyServer, local: string, changes: Partial<JobSettings> = {}): JobSettings {
  return {
    name: 'test',
    direction: 'push',
    local,
    server: serverSettings(server),
    remote: '/site',
    remoteUrl: `${PROTOCOLS[server.tls]}://${server.user}@${server.host}:${server.port}/site`,
    include: [],
    exclude: [],
    delete: 'tracked',
    compare: 'auto',
    maxDelete: 'default',
    drift: 'overwrite',
    conflict: 'keep-both',
    links: 'skip',
    order: [],
    chmod: 'none',
    limitRate: null,
    retries: 4,
    maxDuration: null,
    maxTransfer: null,
    watch: { settle: 100, rescan: 900_000, poll: 60_000, polling: false },
    ...changes,
  };
}
