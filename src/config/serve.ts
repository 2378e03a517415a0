/** Settles the `serve` section: folders are made absolute, certificates and passwords are read. */
import { readFile } from 'node:fs/promises';
import { ConfigError, printable, systemReason } from '../model/index.ts';
import { parseBytes } from './bytes.ts';
import { deadline, parseDuration } from './duration.ts';
import { fileAt } from './file-at.ts';
import type { Config } from './load.ts';
import { type PasswordText, parsePortRange } from './schema-parts.ts';
import { readSecret } from './secrets.ts';
import type { ServeText } from './serve-schema.ts';
import { processSurroundings, type Surroundings } from './surroundings.ts';

export interface ServedFolder {
  /** As clients see it. */
  readonly path: string;
  readonly permissions: string;
  readonly recursive?: boolean;
}

/** What anonymous may do, and what every user may. */
export interface ServeGuest {
  /** Absolute. */
  readonly home?: string;
  /** Letters of `elradfmwMT`. */
  readonly permissions?: string;
  readonly overrides?: readonly ServedFolder[];
  readonly maxConnections?: number;
  readonly welcome?: string;
}

export interface ServeUser extends ServeGuest {
  readonly name: string;
  /** Or its hash. */
  readonly password: string;
}

export interface ServeTls {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly passphrase?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly implicit?: boolean;
  readonly required?: boolean;
  readonly allowClear?: boolean;
  readonly requireSessionReuse?: boolean;
}

type Program = readonly [program: string, ...parameters: string[]];
export interface ServeHook {
  readonly command: Program;
  readonly folder?: string;
}

/** What `ferry serve` is to do; what is left out has the server's default. Times in ms, rates in bytes a second. */
export interface ServeSettings {
  /** Absolute; the home of users that have none. */
  readonly root?: string;
  readonly host?: string;
  readonly port?: number;
  readonly users: readonly ServeUser[];
  readonly anonymous?: boolean | ServeGuest;
  readonly tls?: ServeTls;
  readonly banner?: string;
  readonly passivePorts?: readonly [number, number];
  readonly passiveAddress?: string;
  readonly activeMode?: boolean;
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly maxLoginAttempts?: number;
  readonly loginDelay?: number;
  readonly loginTimeout?: number;
  readonly idleTimeout?: number;
  readonly dataTimeout?: number;
  readonly connectTimeout?: number;
  readonly uploadRate?: number;
  readonly downloadRate?: number;
  readonly temporaryUploads?: boolean;
  readonly syncUploads?: boolean;
  readonly links?: 'show' | 'follow';
  readonly hooks?: Readonly<Record<string, readonly ServeHook[]>>;
  /** How long transfers may go on after a signal. */
  readonly grace?: number;
}

/** The `serve` section, ready for the server. Throws a ConfigError where it names a file or secret that cannot be read. */
export async function resolveServe(
  config: Config,
  surroundings: Surroundings = processSurroundings(),
): Promise<ServeSettings> {
  const { serve, folder, file, exposed } = config;
  if (serve === undefined) {
    throw new ConfigError(
      `${printable(file)} has no "serve" section; add one, or name the folder: ferry serve ./folder --user NAME`,
    );
  }
  const at = (name: string) => fileAt(name, folder, surroundings.home);
  const secret = (given: PasswordText, path: string) => {
    // A hash may be seen: it takes an hour of guessing where the password itself takes a look.
    if (typeof given === 'string' && exposed && !isHash(given)) {
      throw new ConfigError(
        `${path} in ${printable(file)} is a password that others on this machine can read: write what ` +
          `"ferry serve --hash" prints instead, or { "env": ... }, or chmod 600 ${printable(file)}`,
      );
    }
    return readSecret(given, { place: `${path} in ${printable(file)}`, folder, surroundings });
  };
  const users: ServeUser[] = [];
  for (const [name, { password, ...rest }] of Object.entries(serve.users ?? {}))
    users.push({ name, password: await secret(password, `serve.users.${name}.password`), ...guest(rest, at) });
  const { anonymous, tls, timeouts = {}, hooks } = serve;
  return known<ServeSettings>({
    root: serve.folder === undefined ? undefined : at(serve.folder),
    host: serve.host,
    port: serve.port,
    users,
    anonymous: typeof anonymous === 'object' ? guest(anonymous, at) : anonymous,
    tls:
      tls &&
      known<ServeTls>({
        ...tls,
        cert: await pem(at(tls.cert), 'serve.tls.cert'),
        key: await pem(at(tls.key), 'serve.tls.key'),
        passphrase: tls.passphrase && (await secret(tls.passphrase, 'serve.tls.passphrase')),
      }),
    banner: serve.banner,
    passivePorts: serve.passivePorts === undefined ? undefined : parsePortRange(serve.passivePorts),
    passiveAddress: serve.masquerade,
    activeMode: serve.active,
    maxConnections: serve.connections,
    maxConnectionsPerAddress: serve.connectionsPerAddress,
    maxLoginAttempts: serve.loginAttempts,
    loginDelay: ms(serve.loginDelay),
    loginTimeout: ms(timeouts.login),
    idleTimeout: ms(timeouts.idle),
    dataTimeout: ms(timeouts.data),
    connectTimeout: ms(timeouts.connect),
    uploadRate: serve.uploadRate === undefined ? undefined : parseBytes(serve.uploadRate),
    downloadRate: serve.downloadRate === undefined ? undefined : parseBytes(serve.downloadRate),
    temporaryUploads: serve.temporaryUploads,
    syncUploads: serve.syncUploads,
    links: serve.links,
    hooks:
      hooks &&
      Object.fromEntries(
        Object.entries(hooks).flatMap(([event, hook]) => (hook === undefined ? [] : [[event, rules(hook, folder)]])),
      ),
    grace: ms(serve.grace),
  });
}

/** A PEM file. `place` is the key or flag that names it. Throws a ConfigError. */
export async function pem(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${printable(file)}, named at ${place}, could not be read: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

type GuestText = Exclude<ServeText['anonymous'], boolean | undefined>;

function guest({ home, permissions, folders, connections, welcome }: GuestText, at: (name: string) => string) {
  return known<ServeGuest>({
    home: home === undefined ? undefined : at(home),
    permissions,
    overrides:
      folders &&
      Object.entries(folders).map(([path, given]) =>
        known<ServedFolder>({ path, ...(typeof given === 'string' ? { permissions: given } : given) }),
      ),
    maxConnections: connections,
    welcome,
  });
}

type HookText = NonNullable<NonNullable<ServeText['hooks']>['stored']>;

function rules(hook: HookText, folder: string): ServeHook[] {
  const list = Array.isArray(hook) ? hook : [hook];
  const objects = list.every((rule) => typeof rule === 'object') ? list : [{ command: list as string[] }];
  return objects.map((rule) => known<ServeHook>({ ...rule, command: here(rule.command, folder) }));
}

// A program given by a relative path is looked for beside the configuration, as everything else that it names.
function here([program = '', ...parameters]: readonly string[], folder: string): Program {
  return [/^\.{1,2}[\\/]/.test(program) ? fileAt(program, folder, '') : program, ...parameters];
}

function ms(written: number | string | undefined): number | undefined {
  return written === undefined ? undefined : deadline(parseDuration(written));
}

function isHash(text: string): boolean {
  return /^scrypt:\d+:\d+:\d+:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(text);
}

/** Frozen, without the keys that are undefined. */
function known<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.freeze(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))) as T;
}
