/**
 * An FTP client with every command in one's own hands: one connection, the order of the calls, nothing decided for the
 * caller but safety. Runs of a whole folder are {@link run}'s.
 */
import { LostError, ProtocolError, UsageError } from '../../model/errors.ts';
import { masked } from '../control.ts';
import { CrlfToLf, LfToCrlf } from '../line-ends.ts';
import { folderOf } from '../login.ts';
import { Connection } from './connection.ts';
import { type DataStream, openStream } from './data-stream.ts';
import { listing, type MlsdEntry, mlsdEntry } from './listing.ts';
import { credentials, type FtpClientOptions, type FtpLogin, settle } from './options.ts';
import { blocks, LineSink, linesToNetwork, type Source } from './pieces.ts';
import { type FtpReply, toText } from './reply.ts';
import { type TransferResult, Transfers } from './transfers.ts';

/** How bytes are moved. */
export interface BinaryOptions {
  /** Bytes of the file to skip (REST; RFC 3659, 5). An upload's source then holds what follows. Default 0. */
  readonly offset?: number;
  /** Most bytes in a block. Default 1 MiB. */
  readonly blockSize?: number;
  /** Breaks the transfer off; it rejects with an InterruptedError. */
  readonly signal?: AbortSignal;
}

/** How text is written and read. */
export interface TextOptions {
  readonly signal?: AbortSignal;
}

/** How lines of text are read. */
export interface LinesOptions extends TextOptions {
  /** Bytes in the longest line that is taken. Default 1 MiB. */
  readonly maxLine?: number;
}

const MIB = 1024 * 1024;

/**
 * Methods may be called without waiting for the one before: they are carried out in the order of the calls. All of
 * them reject with a FerryError: ReplyError for what the server refused (the connection lives on), ProtocolError for
 * what is no answer to the question, NameError for what cannot be sent, LostError once the connection is gone.
 */
export class FtpClient {
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

  /** A client that is connected and logged in. */
  static async open(options: FtpClientOptions & FtpLogin): Promise<FtpClient> {
    const { user, password, account, ...rest } = options;
    const client = new FtpClient(rest);
    await client.connect();
    try {
      await client.login({
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        ...(account !== undefined && { account }),
      });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  // The connection

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
    const { site, greeting } = this.#line;
    return toText(site, greeting);
  }

  /** Whether commands travel under TLS, and whether data does. */
  get secure(): { readonly control: boolean; readonly data: boolean } {
    const { secure, session } = this.#line;
    return { control: secure, data: session.secure };
  }

  /**
   * USER, PASS and ACCT as far as the server asks for them (RFC 959, 4.1.1), then binary type, UTF-8 names, and under
   * TLS protected data. With `ftpes`, TLS comes first. Rejects with LoginError, TlsError, TooManyConnectionsError.
   */
  async login(login: FtpLogin = {}): Promise<FtpReply> {
    return toText(this.#line.site, await this.#line.login(credentials(login)));
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
    return toText(this.#line.site, await this.#line.order(command));
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

  // TLS

  /** AUTH TLS (RFC 4217, 4). Whoever has logged in before has to do so again. Rejects with a TlsError. */
  async auth(): Promise<FtpReply> {
    return toText(this.#line.site, await this.#line.secureControl());
  }

  /** CCC (RFC 4217, 12.3): commands travel in the clear from here on, for firewalls that have to read them. */
  async ccc(): Promise<FtpReply> {
    return toText(this.#line.site, await this.#line.clearControl());
  }

  /** PROT P (RFC 4217, 9): data under TLS. This is so after every login under TLS. */
  async protP(): Promise<FtpReply> {
    return toText(this.#line.site, await this.#line.protectData(true));
  }

  /** PROT C: data in the clear. */
  async protC(): Promise<FtpReply> {
    return toText(this.#line.site, await this.#line.protectData(false));
  }

  // Folders and files

  /** The current folder (PWD; RFC 959, 4.1.3). */
  async pwd(): Promise<string> {
    const reply = await this.#line.order('PWD');
    const folder = folderOf(reply);
    if (folder === undefined) throw unexpected('PWD', toText(this.#line.site, reply));
    return this.#line.site.codec.decode(folder);
  }

  /** Enters a folder; `..` by CDUP where the server has it. */
  async cwd(folder: string): Promise<FtpReply> {
    if (folder === '..') {
      const { site } = this.#line;
      const reply = await this.#line.ask('CDUP');
      if (reply.ok) return toText(site, reply);
      if (reply.code < 500 || reply.code > 504 || reply.code === 503) throw site.refused('CDUP', reply);
    }
    return this.voidCommand(`CWD ${folder === '' ? '.' : folder}`);
  }

  /** Makes a folder and resolves with its path as the server tells it, else as it was given (RFC 959, appendix II). */
  async mkd(folder: string): Promise<string> {
    const reply = await this.#line.order(`MKD ${folder}`);
    if (!reply.ok) throw unexpected(`MKD ${folder}`, toText(this.#line.site, reply));
    const made = folderOf(reply);
    return made === undefined ? folder : this.#line.site.codec.decode(made);
  }

  /** Removes an empty folder. */
  rmd(folder: string): Promise<FtpReply> {
    return this.voidCommand(`RMD ${folder}`);
  }

  /** Removes a file. */
  delete(path: string): Promise<FtpReply> {
    return this.voidCommand(`DELE ${path}`);
  }

  /** RNFR and RNTO in one flight. Whether a file of the new name is replaced depends on the server. */
  async rename(from: string, to: string): Promise<FtpReply> {
    const line = this.#line;
    const [source, target] = [line.wire(`RNFR ${from}`), line.wire(`RNTO ${to}`)];
    const [first, second] = await Promise.all([line.session.send(source), line.session.send(target)]);
    if (first.code >= 400) throw line.site.refused(source, first);
    if (first.code !== 350) throw unexpected(`RNFR ${from}`, toText(line.site, first));
    if (!second.ok) throw line.site.refused(target, second);
    return toText(line.site, second);
  }

  /** Size of a file in bytes (SIZE; RFC 3659, 4), in binary type, which is set before where needed. */
  async size(path: string): Promise<number> {
    const line = this.#line;
    const wire = line.wire(`SIZE ${path}`);
    const reply = await line.section(async (send) => {
      await line.setType(send, 'I');
      return send(wire);
    });
    if (reply.code >= 400) throw line.site.refused(wire, reply);
    const digits = /^\d{1,15}$/.exec(reply.text)?.[0];
    if (reply.code !== 213 || digits === undefined) throw unexpected(`SIZE ${path}`, toText(line.site, reply));
    return Number(digits);
  }

  // Listings

  /** Names in a folder, or what the server makes of the argument (NLST; RFC 959, 4.1.3). Some list `.` and `..` too. */
  nlst(argument = ''): Promise<string[]> {
    return listing(this.#line, this.#mover, withArgument('NLST', argument));
  }

  /** The lines of LIST: for people, every server has its own form. */
  dir(argument = ''): Promise<string[]> {
    return listing(this.#line, this.#mover, withArgument('LIST', argument));
  }

  /**
   * Entries of a folder with facts (MLSD; RFC 3659, 7), `.` and `..` (`cdir`, `pdir`) among them where the server lists
   * them. `facts` chooses which facts are told from now on (OPTS MLST), and others are left out where the server tells
   * them all the same; empty leaves the choice as it is.
   */
  async mlsd(folder = '', facts: readonly string[] = []): Promise<MlsdEntry[]> {
    const choice = facts.length > 0 ? this.voidCommand(`OPTS MLST ${facts.join(';')};`) : undefined;
    choice?.catch(() => {});
    const lines = listing(this.#line, this.#mover, withArgument('MLSD', folder));
    lines.catch(() => {});
    await choice;
    const wanted = facts.length > 0 ? new Set(facts.map((fact) => fact.toLowerCase())) : undefined;
    return (await lines).filter((line) => line !== '').map((line) => mlsdEntry(line, wanted));
  }

  // Transfers

  /**
   * Passive mode (we open data connections) or active (the server does), from the next transfer on. Throws a UsageError
   * for active mode behind a proxy.
   */
  setPassive(passive: boolean): void {
    if (!passive && this.#options.proxy) throw new UsageError('nobody can connect to us through a proxy: stay passive');
    this.#active = !passive;
    if (this.#connection) this.#connection.site.knowledge.dataMode = passive ? undefined : 'active';
  }

  /**
   * Receives in binary type. `command` is `RETR name` as a rule. `onBlock` gets what comes, in order; a promise holds the
   * sender back. Rejects with a MismatchError where less came than the server announced.
   */
  async retrieveBinary(
    command: string,
    onBlock: (block: Uint8Array) => void | Promise<void>,
    options: BinaryOptions = {},
  ): Promise<TransferResult> {
    const size = blockSize(options);
    const sink = {
      async write(chunk: Uint8Array) {
        for (let at = 0; at < chunk.length; at += size) await onBlock(chunk.subarray(at, at + size));
      },
    };
    return this.#mover.receive(command, 'I', sink, options);
  }

  /**
   * Sends in binary type. `command` is `STOR name`, `APPE name`, or `STOU`. `onBlock` is called after each block was
   * handed to the network. That the server confirms is no proof of what it holds: ask {@link size}.
   */
  async storeBinary(
    command: string,
    source: Source<Uint8Array>,
    options: BinaryOptions & { readonly onBlock?: (block: Uint8Array) => void } = {},
  ): Promise<TransferResult> {
    return this.#mover.store(command, 'I', blocks(source, blockSize(options), options.onBlock), options);
  }

  /** Receives in ASCII type line by line, in the client's encoding, without line ends. Never resumed, no size checked. */
  async retrieveLines(
    command: string,
    onLine: (line: string) => void | Promise<void>,
    { maxLine = MIB, signal }: LinesOptions = {},
  ): Promise<TransferResult> {
    const sink = new LineSink(this.#line.site, maxLine, onLine);
    const result = await this.#mover.receive(command, 'A', sink, { signal });
    await sink.end();
    return result;
  }

  /** Sends lines in ASCII type, in the client's encoding; a line end that a line brings along is not doubled. */
  async storeLines(
    command: string,
    source: Source<string>,
    { signal, onLine }: TextOptions & { readonly onLine?: (line: string) => void } = {},
  ): Promise<TransferResult> {
    const { codec } = this.#line.site;
    return this.#mover.store(command, 'A', linesToNetwork(source, codec.encode, onLine), { signal });
  }

  /** Receives a text in ASCII type as bytes, its line ends as LF. */
  async retrieveText(
    command: string,
    onPiece: (piece: Uint8Array) => void | Promise<void>,
    { signal }: TextOptions = {},
  ): Promise<TransferResult> {
    const lines = new CrlfToLf();
    const sink = { write: async (chunk: Uint8Array) => onPiece(lines.convert(chunk)) };
    const result = await this.#mover.receive(command, 'A', sink, { signal });
    await onPiece(lines.end());
    return result;
  }

  /** Sends a text in ASCII type, its line ends (LF or CR LF) as CR LF. */
  async storeText(command: string, source: Source<Uint8Array>, { signal }: TextOptions = {}): Promise<TransferResult> {
    const lines = new LfToCrlf();
    async function* converted() {
      for await (const piece of source) yield lines.convert(piece);
    }
    return this.#mover.store(command, 'A', converted(), { signal });
  }

  /**
   * Starts a transfer and hands out its data connection, with the size that the server announced. Everything else on
   * this client waits until the stream is closed. `type` is binary (`I`) unless said.
   */
  async openTransfer(
    command: string,
    { offset, signal, type = 'I' }: { offset?: number; signal?: AbortSignal; type?: 'A' | 'I' } = {},
  ): Promise<DataStream> {
    if (type === 'A' && offset) throw new UsageError('an offset means nothing in ASCII type (RFC 3659, 5.2)');
    return openStream(this.#line, this.#mover, command, type, { offset, signal });
  }

  /**
   * ABOR (RFC 959, 4.1.3), also while a transfer runs: that one rejects with an InterruptedError, and the connection
   * lives on. Resolves with what the server answered to ABOR: 225 or 226, or from some 426 or 451 again.
   */
  async abort(): Promise<FtpReply> {
    return toText(this.#line.site, await this.#mover.abort());
  }

  get #line(): Connection {
    if (!this.#connection) throw new LostError('not connected: connect() comes first');
    return this.#connection;
  }

  get #mover(): Transfers {
    if (!this.#transfers) throw new LostError('not connected: connect() comes first');
    return this.#transfers;
  }

  #tell(line: string): void {
    // Bytes as text, once it is known how.
    this.debug?.(this.#connection?.site.text(line) ?? line);
  }
}

function blockSize({ blockSize: size = MIB }: BinaryOptions): number {
  if (!Number.isSafeInteger(size) || size < 1) throw new UsageError(`a block has some bytes, not ${size}`);
  return size;
}

function withArgument(verb: string, argument: string): string {
  return argument === '' ? verb : `${verb} ${argument}`;
}

function unexpected(command: string, reply: FtpReply): ProtocolError {
  return new ProtocolError(
    `the server answered ${masked(command)} with ${reply.code} ${reply.text}, which is no answer to it`,
  );
}
