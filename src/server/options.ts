// What can be set on a server, and what holds where nothing is set.
import type { SecureVersion } from 'node:tls';
import { disk, type FileSystem } from './filesystem.ts';
import type { Hooks } from './hooks.ts';
import type { AnonymousOptions, UserOptions } from './users.ts';

export interface TlsOptions {
  /** PEM. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
  readonly passphrase?: string;
  /** Default `TLSv1.2`. */
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** TLS from the first byte (`ftps://`), instead of by AUTH TLS. Default false. */
  readonly implicit?: boolean;
  /** Refuse USER before AUTH TLS, and transfers without PROT P. Default false; true with `implicit`. */
  readonly required?: boolean;
  /** Answer CCC: after login the control connection may go back to plain text. Default false. */
  readonly allowClear?: boolean;
  /** Refuse data connections that do not resume the TLS session of their own control connection. Default false. */
  readonly requireSessionReuse?: boolean;
}

/** What a server serves, to whom, and within which limits. */
export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`; `::` is every address, IPv4 too. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The home of every user that has none of its own. Alone, without users: read by `anonymous`. */
  readonly root?: string;
  readonly users?: readonly UserOptions[];
  /** Lets `anonymous` and `ftp` in, reading only unless said. Default: only when `users` is not given. */
  readonly anonymous?: boolean | AnonymousOptions;
  readonly tls?: TlsOptions;
  /** The greeting; several lines are allowed. */
  readonly banner?: string;

  /** Sessions at one time; one more is answered 421. Default 512. */
  readonly maxConnections?: number;
  /** Sessions at one time from one address. Default: no limit. */
  readonly maxConnectionsPerAddress?: number;
  /** Wrong passwords until a session is ended. Default 3. */
  readonly maxLoginAttempts?: number;
  /** ms until a wrong password is answered; doubles with each further one from the same address. Default 1000. */
  readonly loginDelay?: number;
  /** ms from connecting until logged in. Default 60 000. */
  readonly loginTimeout?: number;
  /** ms without a command. Default 300 000. */
  readonly idleTimeout?: number;
  /** ms without a byte on a data connection. Default 120 000. */
  readonly dataTimeout?: number;
  /** ms until a data connection must have been made. Default 30 000. */
  readonly connectTimeout?: number;
  /** Bytes a second, for each transfer. Default: no limit. */
  readonly uploadRate?: number;
  /** Bytes a second, for each transfer. Default: no limit. */
  readonly downloadRate?: number;

  /** First and last port for passive data connections. Default: any. */
  readonly passivePorts?: readonly [number, number];
  /** IPv4 address told in PASV, for a server behind NAT. Default: the one that the client connected to. */
  readonly passiveAddress?: string;
  /** Whether PORT and EPRT are answered. Default true. */
  readonly activeMode?: boolean;

  /**
   * Uploads go to a temporary name beside the file and take its name when complete; a cut one leaves the old file alone.
   * Resumed uploads (REST, APPE) still go to the file itself. What a killed server leaves of them (`.upload-….part`) no
   * listing shows, and one that is a day old is removed. Default false.
   */
  readonly temporaryUploads?: boolean;
  /** 226 only after the bytes are on the disk (fsync). Default false: after the file is complete and closed. */
  readonly syncUploads?: boolean;

  /** Links in listings: as links, or as what they lead to. Default `show`. */
  readonly links?: 'show' | 'follow';
  /** Names with a leading dot in LIST and NLST: always, or with `-a` only. Default `always`. */
  readonly dotFiles?: 'always' | 'with -a';
  /** Default `unix`. */
  readonly listDialect?: 'unix' | 'dos';
  /** Minutes that the times in LIST are ahead of UTC. Default 0. */
  readonly listZone?: number;
  /** Whether times in MLSD, MLST, MDTM have milliseconds. Default true. */
  readonly fractions?: boolean;

  /** Programs to start when something happens. */
  readonly hooks?: Hooks;

  /** ms that this server's clock is ahead of the truth; shows in every time told. Default 0. */
  readonly clockOffset?: number;
  /**
   * What this server shall not know, to imitate an old one: commands (`MLSD` takes MLST along), and `UTF8`, `TVFS`,
   * `REST STREAM`, `MDTM SET` (MDTM with a time), `SITE CHMOD`, `SITE UTIME`.
   */
  readonly withoutFeatures?: readonly string[];
  /** RNTO answers 550 when its target exists. Default false: the target is replaced. */
  readonly noRenameOver?: boolean;

  /** The disk below. Default: the local one. */
  readonly fileSystem?: FileSystem;
}

type Defaulted =
  | 'root'
  | 'tls'
  | 'maxConnectionsPerAddress'
  | 'uploadRate'
  | 'downloadRate'
  | 'passivePorts'
  | 'passiveAddress'
  | 'anonymous'
  | 'withoutFeatures';

/** The options with every default in place. */
export type Settings = Required<Omit<ServerOptions, Defaulted>> & {
  readonly root: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly anonymous: AnonymousOptions | undefined;
  readonly maxConnectionsPerAddress: number;
  readonly uploadRate: number | undefined;
  readonly downloadRate: number | undefined;
  readonly passivePorts: readonly [number, number] | undefined;
  readonly passiveAddress: string | undefined;
  readonly withoutFeatures: ReadonlySet<string>;
};

/** @throws TypeError, RangeError for options that cannot be meant. */
export function settle(options: ServerOptions): Settings {
  const { users = [], anonymous = options.users === undefined, passivePorts } = options;
  if (passivePorts !== undefined && !(passivePorts[0] > 0 && passivePorts[1] >= passivePorts[0])) {
    throw new RangeError(`passivePorts ${passivePorts.join('-')} is not a range of ports.`);
  }
  for (const rate of [options.uploadRate, options.downloadRate]) {
    if (rate !== undefined && !(rate > 0)) throw new RangeError(`A rate of ${rate} bytes a second moves nothing.`);
  }
  const address = options.passiveAddress;
  if (address !== undefined && !/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    throw new TypeError(`passiveAddress "${address}" is not an IPv4 address.`);
  }
  return Object.freeze({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    root: options.root,
    users,
    anonymous: anonymous === true ? {} : anonymous === false ? undefined : anonymous,
    tls: options.tls,
    banner: options.banner ?? 'Ferry FTP server ready.',
    maxConnections: options.maxConnections ?? 512,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? Number.POSITIVE_INFINITY,
    maxLoginAttempts: options.maxLoginAttempts ?? 3,
    loginDelay: options.loginDelay ?? 1000,
    loginTimeout: options.loginTimeout ?? 60_000,
    idleTimeout: options.idleTimeout ?? 300_000,
    dataTimeout: options.dataTimeout ?? 120_000,
    connectTimeout: options.connectTimeout ?? 30_000,
    uploadRate: options.uploadRate,
    downloadRate: options.downloadRate,
    passivePorts,
    passiveAddress: address,
    activeMode: options.activeMode ?? true,
    temporaryUploads: options.temporaryUploads ?? false,
    syncUploads: options.syncUploads ?? false,
    links: options.links ?? 'show',
    dotFiles: options.dotFiles ?? 'always',
    listDialect: options.listDialect ?? 'unix',
    listZone: options.listZone ?? 0,
    fractions: options.fractions ?? true,
    clockOffset: options.clockOffset ?? 0,
    withoutFeatures: withoutPairs(options.withoutFeatures ?? []),
    noRenameOver: options.noRenameOver ?? false,
    hooks: options.hooks ?? {},
    fileSystem: options.fileSystem ?? disk,
  });
}

// FEAT's line MLST promises both commands.
function withoutPairs(features: readonly string[]): ReadonlySet<string> {
  const names = new Set(features.map((feature) => feature.toUpperCase()));
  if (names.has('MLSD') || names.has('MLST')) names.add('MLSD').add('MLST');
  return names;
}
