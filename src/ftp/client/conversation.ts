/** The connection of an FTP client: made, logged in, under TLS or not, spoken over command by command, and left. */
import { LostError, ProtocolError, UsageError } from '../../model/errors.ts';
import { masked } from '../control.ts';
import { Connection } from './connection.ts';
import { credentials, type FtpClientOptions, type FtpLogin, settle } from './options.ts';
import { type FtpReply, toText } from './reply.ts';
import { Transfers } from './transfers.ts';

export class Conversation {
  readonly #options: FtpClientOptions;
  #connection: Connection | undefined;
  #transfers: Transfers | undefined;
  #active: boolean;
  /** Told every line of the conversation; may be set and cleared at any time. */
  debug: ((line: string) => void) | undefined;

  /** Connects nothing yet. Throws a ConfigError for an encoding that nobody knows. */
  constructor(options: FtpClientOptions) {
    this.#options = options;
    this.#active = options.mode === 'active';
    this.debug = options.debug;
  }

  /**
   * Connects and resolves with the greeting. Host and port may be named anew. A connection that is there is closed
   * first. Rejects with ConnectError, TooManyConnectionsError, or TlsError under `ftps`.
   */
  async connect(place: { readonly host?: string; readonly port?: number } = {}): Promise<FtpReply> {
    this.close();
    const options = settle({ ...this.#options, ...place }, (line) => this.#tell(line));
    const connection = await Connection.open(options);
    this.#connection = connection;
    this.#transfers = new Transfers(connection);
    this.setPassive(!this.#active);
    return this.welcome;
  }

  /** Whether the connection stands, as far as is known. */
  get connected(): boolean {
    return this.#connection?.alive ?? false;
  }

  /** The greeting. */
  get welcome(): FtpReply {
    const { site, greeting } = this.line;
    return toText(site, greeting);
  }

  /** Whether commands travel under TLS, and whether data does. */
  get secure(): { readonly control: boolean; readonly data: boolean } {
    const { secure, session } = this.line;
    return { control: secure, data: session.secure };
  }

  /**
   * USER, PASS and ACCT as far as the server asks for them (RFC 959, 4.1.1), then binary type, UTF-8 names, and under
   * TLS protected data. With `ftpes`, TLS comes first. Rejects with LoginError, TlsError, TooManyConnectionsError.
   */
  async login(login: FtpLogin = {}): Promise<FtpReply> {
    return toText(this.line.site, await this.line.login(credentials(login)));
  }

  /** ACCT (RFC 959, 4.1.1). */
  account(account: string): Promise<FtpReply> {
    return this.voidCommand(`ACCT ${account}`);
  }

  /**
   * Sends any command that needs no data connection and resolves with its reply, 1xx to 3xx. Rejects with a ReplyError
   * at 400 and more, a NameError where it holds a line break or NUL.
   */
  async command(command: string): Promise<FtpReply> {
    return toText(this.line.site, await this.line.order(command));
  }

  /** The same, rejecting with a ProtocolError at anything but 2xx. */
  async voidCommand(command: string): Promise<FtpReply> {
    const reply = await this.command(command);
    if (reply.code < 200 || reply.code > 299) throw unexpected(command, reply);
    return reply;
  }

  /** QUIT (RFC 959, 4.1.1), after what is under way; then the connection is closed. */
  async quit(): Promise<FtpReply> {
    try {
      return await this.voidCommand('QUIT');
    } finally {
      this.close();
    }
  }

  /** Closes the connection at once. What is under way rejects with a LostError. */
  close(): void {
    this.#connection?.drop();
  }

  /** Says goodbye if that can be done within a second, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.session.close();
    this.close();
  }

  /**
   * Passive mode (we open data connections) or active (the server does), from the next transfer on. Throws a UsageError
   * for active mode behind a proxy.
   */
  setPassive(passive: boolean): void {
    if (!passive && this.#options.proxy) throw new UsageError('nobody can connect to us through a proxy: stay passive');
    this.#active = !passive;
    if (this.#connection) this.#connection.site.knowledge.dataMode = passive ? undefined : 'active';
  }

  /** AUTH TLS (RFC 4217, 4). Whoever has logged in before has to do so again. Rejects with a TlsError. */
  async auth(): Promise<FtpReply> {
    return toText(this.line.site, await this.line.secureControl());
  }

  /** CCC (RFC 4217, 12.3): commands travel in the clear from here on, for firewalls that have to read them. */
  async ccc(): Promise<FtpReply> {
    return toText(this.line.site, await this.line.clearControl());
  }

  /** PROT P (RFC 4217, 9): data under TLS. This is so after every login under TLS. */
  async protP(): Promise<FtpReply> {
    return toText(this.line.site, await this.line.protectData(true));
  }

  /** PROT C: data in the clear. */
  async protC(): Promise<FtpReply> {
    return toText(this.line.site, await this.line.protectData(false));
  }

  /** @internal */
  protected get line(): Connection {
    if (!this.#connection) throw new LostError('not connected: connect() comes first');
    return this.#connection;
  }

  /** @internal */
  protected get mover(): Transfers {
    if (!this.#transfers) throw new LostError('not connected: connect() comes first');
    return this.#transfers;
  }

  #tell(line: string): void {
    // Bytes as text, once it is known how.
    this.debug?.(this.#connection?.site.text(line) ?? line);
  }
}

export function unexpected(command: string, reply: FtpReply): ProtocolError {
  return new ProtocolError(
    `the server answered ${masked(command)} with ${reply.code} ${reply.text}, which is no answer to it`,
  );
}
