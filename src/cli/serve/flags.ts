/** The flags of `ferry serve`, and how they and the configuration become the server's options. */
import type { Command } from 'commander';
import { parseBytes, parseDuration, parsePortRange, type ServeSettings } from '../../config/index.ts';
import { everything, readOnly } from '../../server/index.ts';
import { flag, whole } from '../options.ts';
import { type GivenUser, parseUser } from './user-flag.ts';

export interface ServeFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: readonly GivenUser[];
  readonly anonymous?: boolean;
  readonly anonymousPermissions?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsRequired?: boolean;
  readonly tlsImplicit?: boolean;
  readonly passivePorts?: readonly [number, number];
  readonly masquerade?: string;
  readonly active: boolean;
  readonly banner?: string;
  readonly connections?: number;
  readonly connectionsPerAddress?: number;
  readonly uploadRate?: number;
  readonly downloadRate?: number;
  readonly idleTimeout?: number;
  readonly temporaryUploads?: boolean;
  readonly grace?: number;
  readonly hash?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose: number;
}

export function addServeOptions(verb: Command): Command {
  return verb
    .optionsGroup('Who may come in:')
    .addOption(
      flag<readonly GivenUser[]>(
        '--user <name:password:permissions>',
        'a user; can be repeated',
        (written, before = []) => [...before, parseUser(written)],
      ),
    )
    .option('--anonymous', 'anybody may read, without a password')
    .addOption(flag('--anonymous-permissions <letters>', `and may do this; default ${readOnly}`, permissions))
    .option('--hash', 'read a password, print its hash, and serve nothing')
    .optionsGroup('Where:')
    .option('-c, --config <file>', 'configuration with a "serve" section')
    .option('--host <address>', 'listen there; default 127.0.0.1, :: is everywhere')
    .addOption(flag('--port <n>', 'default 2121; 0 is any free one', whole(0, 65_535)))
    .addOption(flag('--passive-ports <a-b>', 'ports for data, to open in a firewall', (text) => parsePortRange(text)))
    .addOption(flag('--masquerade <address>', 'IPv4 address told to clients, behind NAT', ipv4))
    .option('--no-active', 'refuse active mode (PORT, EPRT)')
    .optionsGroup('TLS:')
    .option('--tls-cert <file>', 'certificate with its chain, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--tls-required', 'refuse logins and transfers in plain text')
    .option('--tls-implicit', 'TLS from the first byte (ftps://)')
    .optionsGroup('How:')
    .option('--temporary-uploads', 'an upload takes its name when it is complete')
    .option('--banner <text>', 'the greeting')
    .addOption(flag('--connections <n>', 'at one time; default 512', whole(1, 100_000)))
    .addOption(flag('--connections-per-address <n>', 'of them from one address', whole(1, 100_000)))
    .addOption(flag('--upload-rate <bytes>', 'bytes a second, each: 500k, 2M', rate))
    .addOption(flag('--download-rate <bytes>', 'bytes a second, each', rate))
    .addOption(flag('--idle-timeout <time>', 'without a command; default 5m', (text) => parseDuration(text)))
    .addOption(flag('--grace <time>', 'for transfers, once stopped; default 10s', (text) => parseDuration(text)))
    .optionsGroup('What is said:')
    .option('--json', 'the access log as one JSON object per line on stdout')
    .option('-q, --quiet', 'problems only')
    .addOption(
      flag<number>('-v, --verbose', 'who comes and goes; -vv every command', (_, so = 0) => so + 1).default(
        0,
        'what is done',
      ),
    );
}

/** The configuration with what the flags say on top. Users and TLS files come separately, as they have to be read. */
export function withFlags(settings: ServeSettings, flags: ServeFlags): ServeSettings {
  const guest = flags.anonymousPermissions;
  const given = {
    host: flags.host,
    port: flags.port,
    anonymous: guest === undefined ? (flags.anonymous ?? undefined) : { permissions: guest },
    passivePorts: flags.passivePorts,
    passiveAddress: flags.masquerade,
    activeMode: flags.active ? undefined : false,
    banner: flags.banner,
    maxConnections: flags.connections,
    maxConnectionsPerAddress: flags.connectionsPerAddress,
    uploadRate: flags.uploadRate,
    downloadRate: flags.downloadRate,
    idleTimeout: flags.idleTimeout,
    temporaryUploads: flags.temporaryUploads,
    grace: flags.grace,
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...settings, ...said };
}

function permissions(letters: string): string {
  if (letters !== '' && [...letters].every((letter) => everything.includes(letter))) return letters;
  throw new RangeError(`${JSON.stringify(letters)} is not made of the letters ${everything}`);
}

function ipv4(text: string): string {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)) return text;
  throw new RangeError(`${JSON.stringify(text)} is not an IPv4 address`);
}

function rate(text: string): number {
  const bytes = parseBytes(text);
  if (bytes > 0) return bytes;
  throw new RangeError(`${JSON.stringify(text)} moves nothing`);
}
