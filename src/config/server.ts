/** Settles everything about one server: from an entry of the configuration, or from a URL alone. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ConfigError, printable, systemReason, UsageError } from '../model/index.ts';
import { parseBytes } from './bytes.ts';
import { deadline, parseDuration } from './duration.ts';
import { fileAt } from './file-at.ts';
import { parseFingerprint } from './fingerprint.ts';
import type { Origin } from './origin.ts';
import { resolveProxy } from './proxy.ts';
import type { ServerText, TimeoutText } from './schema.ts';
import { ANONYMOUS, lazyPassword, readNetrc } from './secrets.ts';
import type { Overrides, ServerSettings, TlsSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';
import { parseRemoteUrl, type RemoteUrl } from './url.ts';

const CONNECTIONS = 8;
const TIMEOUTS = { connect: 15_000, reply: 60_000, data: 60_000 };

/** What a job or a command line says about the server for one run. */
export interface ServerWishes {
  readonly connections?: number | undefined;
  readonly timeout?: TimeoutText | undefined;
  readonly overrides: Pick<Overrides, 'connections' | 'timeout' | 'tlsPin'>;
}

/** Throws a ConfigError on a password that others can read, and on certificate files that cannot be read. */
export async function resolveServer(
  server: ServerText,
  origin: Origin,
  wishes: ServerWishes,
  surroundings: Surroundings,
): Promise<ServerSettings> {
  const url = parseRemoteUrl(server.url);
  const given = url.password ?? server.password;
  if (typeof given === 'string' && origin.exposed) throw exposed(origin, url.password !== undefined);

  const login = url.user ?? server.user;
  const netrc = login === undefined ? await readNetrc(surroundings, url.host) : undefined;
  const user = login ?? netrc?.user ?? ANONYMOUS;
  const key = url.password === undefined ? `${origin.path}.password` : `${origin.path}.url`;
  const password = lazyPassword({
    user,
    host: url.host,
    given,
    place: origin.file === null ? 'servers.NAME.password in sync.config.json' : `${key} in ${basename(origin.file)}`,
    folder: origin.folder,
    surroundings,
  });

  const account = server.account ?? netrc?.account;
  const ports = server.activePorts?.split('-').map(Number);
  const { connect, reply, data } = timeoutsOf(server.timeout, wishes);
  const mode = server.mode ?? 'auto';
  const proxy = resolveProxy(server.proxy, { host: url.host, port: url.port, mode }, origin, surroundings);
  return Object.freeze({
    protocol: url.protocol,
    host: url.host,
    port: url.port,
    user,
    password,
    ...(account !== undefined && { account }),
    connections: wishes.overrides.connections ?? wishes.connections ?? server.connections ?? CONNECTIONS,
    tls: await resolveTls({ ...server.tls, ...pinned(wishes.overrides.tlsPin, url) }, origin, surroundings),
    encoding: server.encoding ?? 'utf-8',
    mode,
    ...(server.sourceAddress !== undefined && { sourceAddress: server.sourceAddress }),
    ...(proxy && { proxy }),
    ...(ports && { activePorts: Object.freeze([ports[0]!, ports[1]!] as const) }),
    ...(server.activeAddress !== undefined && { activeAddress: server.activeAddress }),
    ...(server.longestListing !== undefined && { longestListing: parseBytes(server.longestListing) }),
    connectTimeout: connect,
    replyTimeout: reply,
    dataTimeout: data,
  });
}

function exposed(origin: Origin, inUrl: boolean): ConfigError {
  const key = inUrl ? `the url of ${origin.path}` : `${origin.path}.password`;
  return new ConfigError(
    `${printable(origin.file ?? '')} holds a password (${key}) and others on this machine can read it: ` +
      `run chmod 600 on it, or write "password": { "env": "NAME" } instead`,
  );
}

/** The most particular deadline wins: the command line's, the job's, the server's, the default. ms. */
function timeoutsOf(server: TimeoutText | undefined, wishes: ServerWishes): typeof TIMEOUTS {
  const settled = { ...TIMEOUTS };
  for (const written of [server, wishes.timeout])
    for (const wait of ['connect', 'reply', 'data'] as const) {
      const one = typeof written === 'object' ? written[wait] : written;
      if (one !== undefined) settled[wait] = deadline(parseDuration(one));
    }
  if (wishes.overrides.timeout === undefined) return settled;
  const all = deadline(wishes.overrides.timeout);
  return { connect: all, reply: all, data: all };
}

/** @throws UsageError where there is no certificate to compare. */
function pinned(pins: readonly string[] | undefined, { protocol }: RemoteUrl): { pin?: string[] } {
  if (pins === undefined) return {};
  if (protocol === 'ftp') throw new UsageError('--tls-pin: ftp:// is plain text; use ftpes:// or ftps:// in the url');
  return { pin: [...pins] };
}

async function resolveTls(
  tls: NonNullable<ServerText['tls']>,
  origin: Origin,
  { home }: Surroundings,
): Promise<TlsSettings> {
  const pem = async (key: 'ca' | 'cert' | 'key') => {
    const given = tls[key];
    if (given === undefined) return {};
    if (given.includes('-----BEGIN ')) return { [key]: given };
    const file = fileAt(given, origin.folder, home);
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new ConfigError(
        `${printable(file)}, named at ${origin.path}.tls.${key}, could not be read: ${systemReason(cause)}`,
      );
    });
    if (!text.includes('-----BEGIN '))
      throw new ConfigError(`${printable(file)}, named at ${origin.path}.tls.${key}, is not PEM text`);
    return { [key]: text };
  };
  const pins = typeof tls.pin === 'string' ? [tls.pin] : tls.pin;
  return Object.freeze({
    verify: tls.verify ?? true,
    ...(await pem('ca')),
    ...(await pem('cert')),
    ...(await pem('key')),
    ...(pins && { pin: Object.freeze(pins.map(parseFingerprint)) }),
    ...(tls.minVersion && { minVersion: tls.minVersion }),
    ...(tls.protect && { protect: tls.protect }),
    ...(tls.ccc && { ccc: true }),
  });
}
