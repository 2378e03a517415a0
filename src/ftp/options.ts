/** What the remote side needs to know about one server, as a plain frozen object. */
export interface TlsOptions {
  /** Whether the certificate must be valid for the host. A pin that matches replaces this. */
  readonly verify: boolean;
  /** Certificate authorities in PEM, instead of the system's. */
  readonly ca?: string;
  /** SHA-256 fingerprints of accepted certificates, in hexadecimal, with or without colons. */
  readonly pin?: readonly string[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** `clear`: data connections are in plain text (PROT C; RFC 4217, 9). */
  readonly protect?: 'private' | 'clear';
  /** Whether commands leave TLS after the login (CCC; RFC 4217, 12.3). */
  readonly ccc?: boolean;
  /** Client certificate and its key in PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** What every connection goes through, where there is one. */
export interface ProxyOptions {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  /** Asked for at the first connection; '' where the proxy knows users without one. */
  readonly password?: () => Promise<string>;
  /** Where it is named, for messages: `ALL_PROXY`. */
  readonly origin?: string;
}

export interface ServerOptions {
  /** `ftp` is plain, `ftpes` upgrades by AUTH TLS (RFC 4217), `ftps` speaks TLS from the first byte. */
  readonly protocol: 'ftp' | 'ftpes' | 'ftps';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Asked for once a connection, only when the server wants a password. */
  readonly password: () => Promise<string>;
  /** For servers that ask for ACCT (reply 332). */
  readonly account?: string;
  /** Remote folder of the pair: absolute (`/htdocs`), or `''` and `~/sub` relative to the login folder. */
  readonly root: string;
  /** Most connections at once. */
  readonly connections: number;
  readonly tls: TlsOptions;
  /** Charset of names: `utf-8`, or any that iconv-lite knows. */
  readonly encoding: string;
  /** Who opens data connections: we (`passive`), the server (`active`), or whichever works (`auto`). */
  readonly mode: 'passive' | 'active' | 'auto';
  /** Local address to connect from. */
  readonly sourceAddress?: string;
  /** Every connection, for data too, goes through it; not possible in active mode. */
  readonly proxy?: ProxyOptions;
  /** First and last port to listen on in active mode. */
  readonly activePorts?: readonly [number, number];
  /** Address to tell the server in active mode, where it is not the one of the control connection (NAT). */
  readonly activeAddress?: string;
  /** ms until a connection, with its TLS handshake, must stand. */
  readonly connectTimeout: number;
  /** ms to wait for a reply; does not run while data flows. */
  readonly replyTimeout: number;
  /** ms to wait for the reply to a transfer whose data connection broke; 10 s, and no more than `replyTimeout`. */
  readonly settleTimeout?: number;
  /** ms that a data connection may stand still. */
  readonly dataTimeout: number;
  /** Bytes after which a listing is given up, and is incomplete; 128 MiB unless said. */
  readonly longestListing?: number;
  /** Told every line: `> COMMAND`, `< reply`, secrets masked. */
  readonly wire?: (line: string) => void;
}

const LONGEST_LISTING = 128 * 1024 * 1024;

/** Bytes in the longest listing that is read to its end. */
export function longestListing({ longestListing: most = LONGEST_LISTING }: ServerOptions): number {
  return most;
}
