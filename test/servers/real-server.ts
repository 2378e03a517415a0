// What a test gets when it asks for a real FTP server, and what it may ask for.

export type ServerName = 'vsftpd' | 'proftpd' | 'pure-ftpd' | 'pyftpdlib';

export type TlsMode = 'none' | 'explicit' | 'implicit';

export interface StartOptions {
  tls?: TlsMode;
  /** Refuses a login, and data connections, without TLS. Nothing changes with `tls: 'none'`. */
  requireTls?: boolean;
  /** The most clients at once; one more is refused (421, or 530 after the login on ProFTPD). 200 unless given. */
  maxClients?: number;
  /** First and last port for passive data connections. Any free port unless given. Pure-FTPd needs two for a client. */
  passivePorts?: [number, number];
  /** The folder the login sees as '/'. A throw-away one, gone with stop(), unless given. */
  root?: string;
  /** The address the server names in its answer to PASV, as one behind a router does. */
  masquerade?: string;
  /** Pure-FTPd only: how many entries a listing shows before it is silently cut off (its own default is 10000). */
  maxListed?: number;
  /** pyftpdlib only: logs a line for a transfer, as it does by itself, and not every command. */
  tersely?: boolean;
}

export interface RealServer {
  name: ServerName;
  version: string;
  host: '127.0.0.1';
  port: number;
  user: string;
  password: string;
  /** Absolute local folder that the login sees as '/'. */
  root: string;
  tls: TlsMode;
  /** PEM of the certificate authority that signed the server's certificate. */
  ca: string;
  pid: number;
  stop(): Promise<void>;
  /** The server's own log and what it wrote to stderr so far, for the message of a failed test. */
  log(): string;
}

/** What starting one kind of server needs to know; everything in it is this one server's own. */
export interface Site {
  /** Folder for configuration, passwords and logs; removed when the server has stopped. */
  work: string;
  root: string;
  port: number;
  user: string;
  password: string;
  tls: TlsMode;
  options: StartOptions;
  certificate: { ca: string; certificate: string; key: string; both: string };
}

/** How to run one kind of server in the foreground. */
export interface Launch {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** The server's own log files. */
  logs?: string[];
  /** Files outside `work` that go when the server goes. */
  outside?: string[];
}

export interface ServerKind {
  name: ServerName;
  /** Why the server cannot run here, or undefined when it can. */
  unavailable(): string | undefined;
  version(): string;
  launch(site: Site): Promise<Launch>;
}
