/** What a client is told about the server, and what holds where nothing is said. */
import type { ProxyOptions, ServerOptions, TlsOptions } from '../options.ts';

/** Ports of FTP (RFC 959), and of FTP under TLS from the first byte. */
export const FTP_PORT = 21;
export const FTPS_PORT = 990;

/** Where a client connects to, and how. */
export interface FtpClientOptions {
  readonly host: string;
  /** 21 unless said, 990 for `ftps`. */
  readonly port?: number;
  /**
   * `ftp` is plain until {@link FtpClient.auth} is called; `ftpes` asks for TLS (AUTH TLS, RFC 4217) before it logs in;
   * `ftps` speaks TLS from the first byte. Default `ftp`.
   */
  readonly protocol?: 'ftp' | 'ftpes' | 'ftps';
  /** How certificates are checked, and the client's own. Default: must be valid for the host. */
  readonly tls?: Partial<TlsOptions>;
  /** Charset of names and replies: `utf8`, or any that iconv-lite knows. Default `utf8`. */
  readonly encoding?: string;
  /** Who opens data connections: we (`passive`), the server (`active`), or whichever works (`auto`). Default `passive`. */
  readonly mode?: 'passive' | 'active' | 'auto';
  /** Local address to connect from. */
  readonly sourceAddress?: string;
  /** Every connection, for data too, goes through it; not possible in active mode. */
  readonly proxy?: ProxyOptions;
  /** First and last port to listen on in active mode. Default: any. */
  readonly activePorts?: readonly [number, number];
  /** Address to tell the server in active mode. Default: the one of the control connection. */
  readonly activeAddress?: string;
  /** ms until a connection, with its TLS handshake, must stand. Default 15 000. */
  readonly connectTimeout?: number;
  /** ms to wait for a reply; does not run while data flows. Default 60 000. */
  readonly replyTimeout?: number;
  /** ms that a data connection may stand still. Default 60 000. */
  readonly dataTimeout?: number;
  /** Told every line: `> COMMAND`, `< reply`. Passwords and accounts are masked. */
  readonly debug?: (line: string) => void;
}

/** User, password and account; what is left out is asked for as anonymous. */
export interface FtpLogin {
  /** Default `anonymous`. */
  readonly user?: string;
  /** Sent when asked for. Default: empty, for `anonymous` `anonymous@`. */
  readonly password?: string;
  /** Sent when asked for (ACCT, reply 332). */
  readonly account?: string;
}

export function credentials({ user = 'anonymous', password, account }: FtpLogin) {
  const secret = password ?? (user === 'anonymous' ? 'anonymous@' : '');
  return { user, password: async () => secret, ...(account !== undefined && { account }) };
}

/** The same for the connection code. */
export function settle(options: FtpClientOptions, wire: (line: string) => void): ServerOptions {
  const { tls, debug: _, mode = 'passive', ...rest } = options;
  const protocol = options.protocol ?? 'ftp';
  return Object.freeze({
    ...credentials({}),
    root: '/',
    connections: 1,
    encoding: 'utf8',
    port: protocol === 'ftps' ? FTPS_PORT : FTP_PORT,
    connectTimeout: 15_000,
    replyTimeout: 60_000,
    dataTimeout: 60_000,
    ...rest,
    protocol,
    // Active mode is a switch of the client's, so that it can be turned. A proxy has the last word on it.
    mode: mode === 'active' && !options.proxy ? 'passive' : mode,
    tls: Object.freeze({ verify: true, ...tls }),
    wire,
  });
}
