/** What a run is given once flags, configuration, URL and defaults have been settled: plain frozen objects. */
import type { Keep } from '../diff/index.ts';
import type { Argv, Direction, HookSettings } from '../model/index.ts';

/** `ftp`: plain text. `ftpes`: explicit TLS (AUTH TLS, RFC 4217). `ftps`: implicit TLS from the first byte. */
export type Protocol = 'ftp' | 'ftpes' | 'ftps';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface TlsSettings {
  /** Whether the certificate must be valid for this host; false only where the configuration says so. */
  readonly verify: boolean;
  /** Certificates of the authorities to trust instead of the system's, as PEM text. */
  readonly ca?: string;
  /** SHA-256 fingerprints, upper-case pairs with colons as Node prints `fingerprint256`; one of them must match. */
  readonly pin?: readonly string[];
  readonly minVersion?: TlsVersion;
  /** `clear`: the content of files, and listings, travel as plain text (PROT C). */
  readonly protect?: 'private' | 'clear';
  /** Whether commands travel as plain text after the login (CCC). */
  readonly ccc?: boolean;
  /** The client's own certificate, as PEM text. */
  readonly cert?: string;
  /** The key to `cert`, as PEM text. */
  readonly key?: string;
}

/** What all connections to a server go through. */
export interface ProxySettings {
  readonly kind: 'socks5' | 'http';
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  /** Asked at the first connection only, then remembered. */
  readonly password?: () => Promise<string>;
  /** Where it is named, for messages: `ALL_PROXY`, or a key of the configuration. */
  readonly origin: string;
}

export interface ServerSettings {
  readonly protocol: Protocol;
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Asked at the first login only, then remembered. Rejects with a ConfigError where no source has one. */
  readonly password: () => Promise<string>;
  /** For ACCT (RFC 959, 4.1.1), on the few servers that want it. */
  readonly account?: string;
  /** How many connections may be open at once. */
  readonly connections: number;
  readonly tls: TlsSettings;
  /** How names travel, as iconv-lite names it, unless the server speaks UTF-8. */
  readonly encoding: string;
  /** `auto`: passive, and active where passive does not work. */
  readonly mode: 'passive' | 'active' | 'auto';
  /** The local address connections start from. */
  readonly sourceAddress?: string;
  readonly proxy?: ProxySettings;
  /** First and last port to listen on for active data connections. */
  readonly activePorts?: readonly [number, number];
  /** The address the server is told to connect to in active mode. */
  readonly activeAddress?: string;
  /** ms */
  readonly connectTimeout: number;
  /** ms without a reply to a command. */
  readonly replyTimeout: number;
  /** ms without a byte on a data connection. */
  readonly dataTimeout: number;
  /** Bytes in the longest listing that is read. */
  readonly longestListing?: number;
}

/** How many deletes the guard lets pass: a number, a share of the side, or 25 % and more than 10. */
export type MaxDelete = { readonly count: number } | { readonly percent: number } | 'default';

/** Which permission bits a copy gets. */
export type Chmod = 'none' | 'preserve' | { readonly files?: number; readonly directories?: number };

export type DeleteRule = 'none' | 'tracked' | 'all';
export type CompareRule = 'auto' | 'size' | 'time' | 'hash';
/** What happens to a file that only the destination changed. */
export type DriftRule = 'overwrite' | 'keep' | 'fail';
export type ConflictRule = 'keep-both' | 'newer' | 'local' | 'remote' | 'fail';
export type LinkRule = 'skip' | 'follow';

export interface MaintenanceSettings {
  readonly enter: readonly Argv[];
  readonly leave: readonly Argv[];
  /** How long each may take, in ms. */
  readonly timeout: number;
  /** The folder that they run in, absolute. */
  readonly folder: string;
}

/** Where it is remembered what both sides agreed on. */
export type StateRule = 'local' | 'remote';

/** How a job is watched; all times in ms. */
export interface WatchSettings {
  /** How long a file must have stood still before it is sent. */
  readonly settle: number;
  /** How often everything is looked at once more. */
  readonly rescan: number;
  /** How often a pull or a sync looks at the server. */
  readonly poll: number;
  /** Whether every file is looked at again and again, instead of relying on the system's notices. */
  readonly polling: boolean;
}

/** A folder on a server. */
export interface RemoteSettings {
  readonly server: ServerSettings;
  /** `/htdocs` is absolute, `''` the folder a login starts in, `~/x` is below that. No slash at the end but for `/`. */
  readonly remote: string;
  /** The same as a URL for people, with the user but without the password. */
  readonly remoteUrl: string;
}

export interface JobSettings extends RemoteSettings {
  /** The job's name, or `source destination` where none was named. */
  readonly name: string;
  readonly direction: Direction;
  /** Absolute path of the local folder. */
  readonly local: string;
  /** gitignore patterns. */
  readonly include: readonly string[];
  /** gitignore patterns. */
  readonly exclude: readonly string[];
  readonly delete: DeleteRule;
  readonly compare: CompareRule;
  readonly maxDelete: MaxDelete;
  /** Whether the guard lets a source without any file pass; only a command line says so. */
  readonly allowEmptySource?: boolean;
  readonly drift: DriftRule;
  readonly conflict: ConflictRule;
  readonly links: LinkRule;
  /** gitignore patterns; files that match one are held back until the others are done, in this order. */
  readonly order: readonly string[];
  readonly chmod: Chmod;
  /** gitignore patterns of texts, whose line ends are converted (TYPE A); none unless said. */
  readonly ascii?: readonly string[];
  /** Bytes a second; null for no limit. */
  readonly limitRate: number | null;
  /** Attempts after the first. */
  readonly retries: number;
  /** ms; null for no limit. */
  readonly maxDuration: number | null;
  /** Bytes; null for no limit. */
  readonly maxTransfer: number | null;
  /** Programs that run around each run; left out where there are none. */
  readonly hooks?: HookSettings;
  /** Default `local`. */
  readonly state?: StateRule;
  /** Whether a push publishes each file as it arrives, the default, or all at once. */
  readonly release?: 'direct' | 'staged';
  /** Programs that run around the moment in which a staged release is published. */
  readonly maintenance?: MaintenanceSettings;
  /** Of how many pushes old files are kept on the server. Default 0. */
  readonly keepVersions?: number;
  /** Whether it is a backup, of which dated sets of files are kept; and which of them stay. */
  readonly backup?: { readonly keep?: Keep };
  /**
   * The folder that the job is about, where a run works on one below it, as a backup does: its memory, its lock and its
   * `.ferryignore` are those of this one.
   */
  readonly home?: string;
  /** Where the remote folder is locked for every machine; `staleAfter` in ms. */
  readonly serverLock?: { readonly staleAfter: number };
  /** ms to wait for another run to end. Default 0. */
  readonly wait?: number;
  readonly watch: WatchSettings;
  /** What becomes of a file here once the server holds it: it is moved into a folder of the local one, or deleted (null). */
  readonly after?: { readonly move: string | null };
}

/** What a command line may settle for one run. `include` and `exclude` are added to the job's, the rest replaces. */
export type Overrides = {
  readonly [K in
    | 'include'
    | 'exclude'
    | 'delete'
    | 'compare'
    | 'maxDelete'
    | 'allowEmptySource'
    | 'drift'
    | 'conflict'
    | 'links'
    | 'order'
    | 'chmod'
    | 'limitRate'
    | 'retries'
    | 'maxDuration'
    | 'maxTransfer'
    | 'state'
    | 'wait'
    | 'serverLock']?: JobSettings[K] | undefined;
} & {
  readonly connections?: number | undefined;
  readonly watch?: Partial<WatchSettings> | undefined;
  /** ms, for connecting, replies and data alike. */
  readonly timeout?: number | undefined;
  /** SHA-256 fingerprints of the only certificates to trust. */
  readonly tlsPin?: readonly string[] | undefined;
  /** False leaves the job's hooks out. */
  readonly hooks?: boolean | undefined;
};
