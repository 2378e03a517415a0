// One client as the commands see it: who it is, where it stands, what it has announced for its next transfer.
import type { Connection } from './connection.ts';
import { type Protect, protection } from './data/protect.ts';
import type { DataSource } from './data/source.ts';
import type { About, AboutPath, ServerEvents } from './events.ts';
import { toBytes, toUnicode } from './filesystem.ts';
import { allFacts, type Fact } from './format/facts.ts';
import type { Host } from './host.ts';
import type { Permission } from './permissions.ts';
import { multiline, Refusal, reply } from './replies.ts';
import { absolute, Sandbox } from './sandbox.ts';
import { Tls } from './tls.ts';
import type { User } from './users.ts';

/** Where uploads begin, and where a download ends. */
export interface Range {
  readonly start: number;
  /** Behind the last byte; undefined for the end of the file. */
  readonly end: number | undefined;
}

/** A transfer that is under way. */
export interface RunningTransfer {
  /** So far. */
  readonly bytes: number;
  /** Whether the data connection is there. */
  readonly connected: boolean;
  cut(reason: string): void;
}

const wholeFile: Range = { start: 0, end: undefined };
export class Session {
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

  /** Of the last reply; 0 while a command has none yet. */
  code = 0;
  bytesReceived = 0;
  bytesSent = 0;

  #sandbox: Sandbox | undefined;
  #tls: Tls | undefined;
  #loginTimer: NodeJS.Timeout | undefined;
  #endPause = () => {};

  constructor({ id, address, connection, host }: Pick<Session, 'id' | 'address' | 'connection' | 'host'>) {
    this.id = id;
    this.address = address;
    this.connection = connection;
    this.host = host;
  }

  /** Until somebody is logged in, time runs. */
  startLoginClock(): void {
    clearTimeout(this.#loginTimer);
    this.#loginTimer = setTimeout(() => {
      if (this.user === undefined) this.leave(421, 'Timeout: not logged in for too long.');
    }, this.host.settings.loginTimeout);
    this.#loginTimer.unref();
  }

  reply(code: number, text: string): void {
    this.code = code;
    this.connection.send(reply(code, text));
  }

  replyLines(code: number, first: string, body: readonly string[], last: string): void {
    this.code = code;
    this.connection.send(multiline(code, first, body, last));
  }

  /** Says goodbye. */
  leave(code: number, text: string): void {
    this.reply(code, text);
    this.connection.end();
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

  /** @throws Refusal 530 where the home is not there, or as many of this user are logged in as may be. */
  async login(user: User): Promise<void> {
    let sandbox: Sandbox;
    try {
      sandbox = await Sandbox.open(this.host.settings.fileSystem, toBytes(user.home));
    } catch (cause) {
      this.host.problem(`The home of "${user.name}" cannot be opened: ${user.home}`, cause);
      throw new Refusal(530, 'The home folder is not there.');
    }
    // Counted in the same turn as it is let in: others may be on their way.
    if (this.host.sessionsOf(user) >= user.maxConnections) {
      throw new Refusal(530, 'Too many connections of this user.');
    }
    this.#sandbox = sandbox;
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

  /** The client is gone: what waits for it waits no more. */
  end(): void {
    clearTimeout(this.#loginTimer);
    this.dropSource();
    this.transfer?.cut('Control connection lost');
    this.#endPause();
  }
}
