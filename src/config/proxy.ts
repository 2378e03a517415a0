/** Which proxy the connections to a server go through: the configuration's, else the environment's, else none. */
import { basename } from 'node:path';
import { ConfigError, printable } from '../model/index.ts';
import { isBypassed, isLoopback } from './no-proxy.ts';
import type { Origin } from './origin.ts';
import { parseProxyUrl } from './proxy-url.ts';
import type { ProxyText } from './schema.ts';
import { lazyPassword } from './secrets.ts';
import type { ProxySettings, ServerSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

/** Those that are asked for one, in this order. */
const VARIABLES = ['FERRY_PROXY', 'ALL_PROXY', 'all_proxy'] as const;

type Server = Pick<ServerSettings, 'host' | 'port' | 'mode'>;

/** Throws a ConfigError where it is one that cannot be used, or in active mode. */
export function resolveProxy(
  written: ProxyText | undefined,
  server: Server,
  origin: Origin,
  surroundings: Surroundings,
): ProxySettings | undefined {
  const proxy = written === undefined ? fromEnvironment(server, surroundings) : fromFile(written, origin, surroundings);
  if (proxy && server.mode === 'active') {
    throw new ConfigError(
      `${proxy.origin} names a proxy, and mode active cannot go through one, because the server has to connect back: ` +
        'use mode passive, or "proxy": "none"',
    );
  }
  return proxy;
}

function fromFile(written: ProxyText, origin: Origin, surroundings: Surroundings): ProxySettings | undefined {
  if (written === 'none') return undefined;
  const { url, password } = typeof written === 'string' ? { url: written } : written;
  const place = `${origin.path}.proxy`;
  const parsed = parseProxyUrl(url);
  const given = parsed.password ?? password;
  if (typeof given === 'string' && origin.exposed) {
    throw new ConfigError(
      `${printable(origin.file ?? '')} holds a password (${place}) and others on this machine can read it: ` +
        'run chmod 600 on it, or write "proxy": { "url": ..., "password": { "env": "NAME" } } instead',
    );
  }
  const named = origin.file === null ? place : `${place} in ${basename(origin.file)}`;
  return settled(parsed, given, named, origin.folder, surroundings);
}

/** LIMIT: `http_proxy`, `https_proxy` and `ftp_proxy` are for web requests, and are not looked at. */
function fromEnvironment(server: Server, surroundings: Surroundings): ProxySettings | undefined {
  const { env, cwd } = surroundings;
  const name = VARIABLES.find((one) => env[one] !== undefined && env[one] !== '');
  const url = name && env[name];
  if (!name || !url || url === 'none') return undefined;
  const except = env.NO_PROXY ?? env.no_proxy ?? '';
  if (isLoopback(server.host) || isBypassed(server, except)) return undefined;
  try {
    // Without a scheme it is an HTTP proxy, as other programs have it.
    const parsed = parseProxyUrl(url.includes('://') ? url : `http://${url}`);
    return settled(parsed, parsed.password, name, cwd, surroundings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(
      `${name} cannot be used: ${error.message}; set FERRY_PROXY to another one, or to "none" for no proxy`,
    );
  }
}

function settled(
  { kind, host, port, user }: ReturnType<typeof parseProxyUrl>,
  given: Parameters<typeof lazyPassword>[0]['given'],
  origin: string,
  folder: string,
  surroundings: Surroundings,
): ProxySettings {
  const password = given && lazyPassword({ user: user ?? '', host, given, place: origin, folder, surroundings });
  return Object.freeze({
    kind,
    host,
    port,
    ...(user !== undefined && { user }),
    ...(password && { password }),
    origin,
  });
}
