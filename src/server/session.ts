// One client from greeting to goodbye: who it is, where it stands, what it has announced for its next transfer.
import type { Socket } from 'node:net';
import { parseCommand } from './commands/command.ts';
import { isSiteCommand } from './commands/site.ts';
import { commands } from './commands/table.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { type Protect, protection } from './data/protect.ts';
import { type DataSource, plainAddress } from './data/source.ts';
import type { About, AboutPath, ServerEvents } from './events.ts';
import { toBytes, toUnicode } from './filesystem.ts';
import { allFacts, type Fact } from './format/facts.ts';
import type { Host } from './host.ts';
import type { Permission } from './permissions.ts';
import { multiline, Refusal, refusalOf, reply } from './replies.ts';
import { absolute, Sandbox } from './sandbox.ts';
import type { Line } from './telnet/lines.ts';
import { Tls } from './tls.ts';
import type { RunningTransfer } from './transfer.ts';
import type { User } from './users.ts';

/** Where uploads begin, and where a download ends. */
export interface Range {
  readonly start: number;
  /** Behind the last byte; undefined for the end of the file. */
  readonly end: number | undefined;
}

const wholeFile: Range = { start: 0, end: undefined };
// As many unknown commands as a person may mistype; a program that speaks another protocol sends more.
const mostUnknown = 20;

export class Session implements ConnectionOwner {
  readonly id: number;
  readonly host: Host;
  readonly connection: Connection;
  readonly address: string;

  /** As USER gave it, until PASS. One character a byte. */
  claimedName: string | undefined;
  user: User | undefined;
  failedLogins = 0;

  /** The current folder as the client sees it. One character a byte. */
  folder = '/';
  ascii = true;
  range: Range = wholeFile;
  renameFrom: string | undefined;
  hash = 'SHA-256';
  facts: ReadonlySet<Fact> = new Set(allFacts);

  /** PBSZ was given; PROT P holds. */
  bufferSizeGiven = false;
  protectedData = false;
  /** EPSV ALL: no other way to a data connection is answered any more. */
  onlyEpsv = false;
  source: DataSource | undefined;
  transfer: RunningTransfer | undefined;
  /** A transfer was cut by an ABOR that is still to be answered. */
  aborted = false;

  bytesReceived = 0;
  bytesSent = 0;

  #sandbox: Sandbox | undefined;
  #tls: Tls | undefined;
  #unknown = 0;
  #code = 0;
  #loginTimer: NodeJS.Timeout | undefined;
  #leaving = false;
  #work: Promise<void> | undefined;
  #endPause = () => {};
  // When the command under way began, ms of `performance.now()`.
  #began = 0;

  constructor(id: number, socket: Socket, host: Host) {
    this.id = id;
    this.host = host;
    this.address = plainAddress(socket.remoteAddress);
    this.connection = new Connection(socket, this, host.settings.idleTimeout);
    if (host.settings.tls?.implicit && this.tls !== undefined) {
      this.connection.wrap(this.tls);
      this.protectedData = true;
    }
  }

  greet(): void {
    this.emit('connect', this.about());
    this.reply(220, this.host.settings.banner);
    this.startLoginClock();
  }

  /** Until somebody is logged in, time runs. */
  startLoginClock(): void {
    clearTimeout(this.#loginTimer);
    this.#loginTimer = setTimeout(() => {
      if (this.user === undefined) this.leave(421, 'Timeout: not logged in for too long.');
    }, this.host.settings.loginTimeout);
    this.#loginTimer.unref();
  }

  // -- what commands use

  reply(code: number, text: string): void {
    this.#code = code;
    this.connection.send(reply(code, text));
  }

  replyLines(code: number, first: string, body: readonly string[], last: string): void {
    this.#code = code;
    this.connection.send(multiline(code, first, body, last));
  }

  /** Says goodbye; a transfer under way is waited for when it is `patient`. */
  leave(code: number, text: string): void {
    this.reply(code, text);
    this.connection.end();
  }

  /** Ends with 421 as soon as no transfer is under way. */
  leaveWhenIdle(): void {
    this.#leaving = true;
    if (this.transfer === undefined) this.leave(421, 'Server is shutting down.');
  }

  /** Waits, but not for a client that is gone. */
  async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  get sandbox(): Sandbox {
    if (this.#sandbox === undefined) throw new Refusal(530, 'Log in first.');
    return this.#sandbox;
  }

  /** The path meant by an argument, which must be there and must be permitted. */
  path(argument: string, permission?: Permission): string {
    const path = absolute(this.folder, argument);
    if (permission !== undefined) this.demand(permission, path);
    return path;
  }

  may(permission: Permission, path: string): boolean {
    return this.user?.permissions.allows(permission, toUnicode(path)) ?? false;
  }

  /** @throws Refusal 550 */
  demand(permission: Permission, path: string): void {
    if (!this.may(permission, path)) throw new Refusal(550, 'Not permitted to this user.');
  }

  knows(feature: string): boolean {
    return !this.host.settings.withoutFeatures.has(feature);
  }

  async login(user: User): Promise<void> {
    try {
      this.#sandbox = await Sandbox.open(this.host.settings.fileSystem, toBytes(user.home));
    } catch (cause) {
      this.host.problem(`The home of "${user.name}" cannot be opened: ${user.home}`, cause);
      throw new Refusal(530, 'The home folder is not there.');
    }
    this.user = user;
    this.folder = '/';
    clearTimeout(this.#loginTimer);
    this.emit('login', this.about());
  }

  /** Back to how the session began, TLS aside (REIN, or another USER). */
  logout(): void {
    const about = this.about();
    const wasIn = this.user !== undefined;
    this.dropSource();
    this.claimedName = undefined;
    this.user = undefined;
    this.#sandbox = undefined;
    this.folder = '/';
    this.ascii = true;
    this.renameFrom = undefined;
    this.range = wholeFile;
    this.facts = new Set(allFacts);
    this.hash = 'SHA-256';
    if (wasIn) {
      this.emit('logout', about);
      this.startLoginClock();
    }
  }

  /** The range for one transfer: REST and RANG hold once. */
  takeRange(): Range {
    const range = this.range;
    this.range = wholeFile;
    return range;
  }

  /**
   * TLS for this session's connections. Where reuse is demanded, each session has its own, with its own ticket keys: then
   * nothing but a TLS session of this very control connection can be resumed, and whoever resumes it is its client.
   */
  get tls(): Tls | undefined {
    const { tls, settings } = this.host;
    if (settings.tls?.requireSessionReuse !== true) return tls;
    this.#tls ??= new Tls(settings.tls);
    return this.#tls;
  }

  /** How the next data connection is protected, if it is. */
  get protect(): Protect | undefined {
    const { tls } = this;
    if (!this.protectedData || tls === undefined) return undefined;
    return protection(tls, this.host.settings.tls?.requireSessionReuse ?? false);
  }

  setSource(source: DataSource): void {
    this.dropSource();
    this.source = source;
  }

  dropSource(): void {
    this.source?.close();
    this.source = undefined;
  }

  /** A time on the disk, ms, as this server tells it. */
  told(mtime: number): number {
    return mtime + this.host.settings.clockOffset;
  }

  about(): About {
    return {
      time: new Date().toISOString(),
      session: this.id,
      address: this.address,
      user: this.user?.name,
      secure: this.connection.secure,
    };
  }

  aboutPath(path: string, real: string): AboutPath {
    return { ...this.about(), path: toUnicode(path), file: toUnicode(real) };
  }

  emit<Name extends keyof ServerEvents>(name: Name, ...values: ServerEvents[Name]): void {
    this.host.tell(name, ...values);
  }

  // -- what the connection tells

  arrived(line: Line): boolean {
    const { verb, argument } = parseCommand(line.text);
    if (verb === 'ABOR' && this.transfer !== undefined) {
      this.aborted = true;
      this.transfer.cut('Aborted by the client');
    }
    // RFC 959, 4.1.3: STAT sent by Telnet's interrupt tells how far the transfer is, while it runs.
    if (verb === 'STAT' && argument === '' && line.urgent && this.transfer !== undefined) {
      this.connection.send(reply(213, `${this.transfer.bytes} bytes so far.`));
      return true;
    }
    return false;
  }

  perform(line: Line): void | Promise<void> {
    this.#began = performance.now();
    const { verb, argument } = parseCommand(line.text);
    if (verb === '' && argument === '') return;
    if (looksLikeHttp(line.text)) return this.leave(421, 'This is FTP, not HTTP.');
    this.#code = 0;
    const command = commands.get(verb);
    if (command === undefined || !this.knows(verb)) {
      this.#unknown++;
      if (this.#unknown > mostUnknown && this.user === undefined) return this.leave(421, 'Too many unknown commands.');
      this.reply(500, 'Unknown command.');
      return this.#log(verb, argument);
    }
    try {
      if (this.user === undefined && !command.beforeLogin) throw new Refusal(530, 'Log in with USER and PASS first.');
      if (command.argument === 'required' && argument === '') throw new Refusal(501, `Syntax: ${command.syntax}`);
      if (command.argument === 'none' && argument !== '') throw new Refusal(501, `Syntax: ${command.syntax}`);
      // RFC 959, 4.1.2 and 4.1.3: RNFR and REST hold for the command that follows only.
      if (verb !== 'RNTO') this.renameFrom = undefined;
      const work = command.run(this, argument);
      if (work === undefined) return this.#log(verb, argument);
      this.#work = work.then(
        () => this.#after(verb, argument),
        (error: unknown) => {
          this.#refuse(error);
          this.#after(verb, argument);
        },
      );
      return this.#work;
    } catch (error) {
      this.#refuse(error);
      this.#log(verb, argument);
    }
  }

  idle(): boolean {
    return this.transfer !== undefined;
  }

  /** The client says no more. It will not make the data connection that a transfer still waits for, either. */
  ended(): void {
    if (this.transfer?.connected === false) this.transfer.cut('Control connection lost');
  }

  closed(): void {
    clearTimeout(this.#loginTimer);
    this.dropSource();
    this.transfer?.cut('Control connection lost');
    this.#endPause();
    // A transfer that was cut has still to tidy up, and to be told.
    if (this.#work === undefined) this.#left();
    else void this.#work.then(() => this.#left());
  }

  #left(): void {
    const { bytesReceived, bytesSent } = this;
    if (this.user !== undefined) this.emit('logout', this.about());
    this.emit('disconnect', { ...this.about(), bytesReceived, bytesSent });
    this.host.left(this);
  }

  #after(verb: string, argument: string): void {
    this.#work = undefined;
    this.#log(verb, argument);
    if (this.#leaving) this.leave(421, 'Server is shutting down.');
  }

  #refuse(error: unknown): void {
    const refusal = refusalOf(error);
    if (refusal.code === 451) this.host.problem(`Answered with ${refusal.code} ${refusal.message}`, error);
    this.reply(refusal.code, refusal.message);
  }

  #log(verb: string, argument: string): void {
    if (!this.host.listensTo('command')) return;
    this.emit('command', {
      ...this.about(),
      ...withoutSecrets(verb, argument),
      code: this.#code,
      milliseconds: Math.round((performance.now() - this.#began) * 1000) / 1000,
    });
  }
}

// PASS and ACCT carry secrets, and so may whatever is not understood: `PASSsecret`, `PAS secret`, `SITE PSWD old new`.
function withoutSecrets(verb: string, argument: string): { verb: string; argument: string } {
  if (!commands.has(verb)) return { verb: /^[A-Z]{1,4}$/.test(verb) ? verb : '?', argument: argument && '***' };
  const known = verb !== 'PASS' && verb !== 'ACCT' && (verb !== 'SITE' || isSiteCommand(argument));
  return { verb, argument: known ? toUnicode(argument) : '***' };
}

// A browser made to post to this port must not get its lines carried out.
function looksLikeHttp(line: string): boolean {
  return /^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|PATCH|TRACE|PRI) \S+ HTTP\/\d|^(?:Host|User-Agent): /i.test(
    line,
  );
}
