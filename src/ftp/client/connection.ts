/**
 * One control connection of a client, step by step where the pool's sessions are opened in one go: connect, TLS on and
 * off, login, and any command. Everything is carried out in the order of the calls.
 */
import type { TLSSocket } from 'node:tls';
import { LostError, NameError, ProtocolError, TlsError, UsageError } from '../../model/errors.ts';
import { clearControl } from '../clear-control.ts';
import { handshake, reach } from '../connect.ts';
import { Control, masked } from '../control.ts';
import { cannotConnect, notAdmitted } from '../failure.ts';
import { authenticate, type Credentials, prepare, secret } from '../login.ts';
import type { ServerOptions } from '../options.ts';
import { Pipeline, type Send } from '../pipeline.ts';
import type { Reply } from '../reply.ts';
import { Session } from '../session.ts';
import { Site } from '../site.ts';
import { Wire } from '../wire.ts';

export type TransferType = 'A' | 'I';

export class Connection {
  readonly site: Site;
  readonly session: Session;
  readonly greeting: Reply;
  #wire: Wire;
  #tls: TLSSocket | undefined;
  /** The type in effect; undefined where that is not known. */
  #type: TransferType | undefined;

  private constructor(site: Site, session: Session, greeting: Reply, wire: Wire, tls: TLSSocket | undefined) {
    this.site = site;
    this.session = session;
    this.greeting = greeting;
    this.#wire = wire;
    if (tls) this.#trust(tls);
  }

  /** Connects and hears the greeting; under TLS for `ftps`. */
  static async open(options: ServerOptions): Promise<Connection> {
    const site = new Site(options);
    const { knowledge, counters } = site;
    const control = new Control(() => knowledge.telnet, options.wire);
    const pipeline = new Pipeline(control, {
      replyTimeout: options.replyTimeout,
      window: () => knowledge.window,
      onSent: (commands) => {
        counters.commands += commands;
      },
      onGarbled: () => {
        knowledge.pipelining = false;
      },
      onLost: () => {},
    });
    try {
      let wire = new Wire(await reach(site));
      counters.connections += 1;
      control.use(wire.socket);
      // Made while the control connection is plain: a stream over another has no address.
      const session = new Session(site, control, pipeline);
      let tls: TLSSocket | undefined;
      if (options.protocol === 'ftps') {
        wire = wire.handOver();
        tls = await handshake(site, wire);
        control.use(tls);
      }
      const greeting = await pipeline.greeting();
      if (!greeting.ok) throw notAdmitted(site.place, greeting);
      knowledge.learnGreeting(greeting);
      return new Connection(site, session, greeting, wire, tls);
    } catch (error) {
      pipeline.fail(new LostError('closed'));
      throw cannotConnect(site.place, error as Error);
    }
  }

  get alive(): boolean {
    return this.session.alive;
  }

  /** Whether commands travel under TLS. */
  get secure(): boolean {
    return this.#tls !== undefined;
  }

  /** The session's section with a `send` of its own: nothing else is sent meanwhile. */
  section<T>(run: (send: Send) => Promise<T>): Promise<T> {
    return this.session.pipeline.section(run);
  }

  /** AUTH TLS (RFC 4217, 4). Rejects with a TlsError and leaves nothing open where TLS cannot be had. */
  secureControl(): Promise<Reply> {
    return this.section(async (send) => {
      if (this.#tls) throw new UsageError('TLS is on already');
      const { site, session } = this;
      const reply = await send('AUTH TLS');
      if (reply.code !== 234) {
        throw new TlsError(`${site.place} refuses TLS (AUTH TLS: ${reply.code} ${site.text(reply.text)})`);
      }
      // What follows the 234 in the clear was put there to pass for an answer from within TLS (CVE-2021-22946).
      if (!session.alive || !session.control.drained) {
        throw this.#giveUp(new ProtocolError(`${site.place} sent data before the TLS handshake`));
      }
      this.#wire = this.#wire.handOver();
      try {
        const tls = await handshake(site, this.#wire);
        session.control.use(tls);
        this.#trust(tls);
      } catch (error) {
        throw this.#giveUp(error as TlsError);
      }
      return reply;
    });
  }

  /** CCC (RFC 2228; RFC 4217, 12.3): commands travel in the clear again; data stays as it is. */
  clearControl(): Promise<Reply> {
    return this.section(async (send) => {
      const tls = this.#tls;
      if (!tls) throw new UsageError('there is no TLS to leave');
      const { reply, wire } = await clearControl(send, this.session.control, tls, this.#wire);
      if (!wire) throw this.site.refused('CCC', reply);
      this.#wire = wire;
      this.#tls = undefined;
      return reply;
    });
  }

  /** PBSZ and PROT (RFC 4217, 9): whether data travels under TLS. */
  protectData(on: boolean): Promise<Reply> {
    return this.section(async (send) => {
      if (!this.#tls) throw new UsageError('PROT needs TLS on the control connection: auth() comes first');
      const size = await send('PBSZ 0');
      if (!size.ok) throw this.site.refused('PBSZ 0', size);
      const command = on ? 'PROT P' : 'PROT C';
      const reply = await send(command);
      if (!reply.ok) throw this.site.refused(command, reply);
      this.session.secure = on;
      return reply;
    });
  }

  /** USER, PASS, ACCT, then the settings that every session needs: binary, UTF-8, protected data under TLS. */
  async login(credentials: Credentials): Promise<Reply> {
    const { site, session } = this;
    if (site.options.protocol === 'ftpes' && !this.secure) await this.secureControl();
    const reply = await authenticate(site, session.pipeline, credentials);
    await prepare(site, session.pipeline, this.secure);
    if (this.secure) session.secure = true;
    this.#type = 'I';
    return reply;
  }

  /** Any command that needs no data connection; resolves with its final reply, whatever the code. */
  ask(command: string): Promise<Reply> {
    const verb = /^\w*/.exec(command)![0].toUpperCase();
    if (verb === 'AUTH' || verb === 'CCC' || verb === 'PROT') {
      throw new UsageError(`${verb} changes the connection itself: use auth(), ccc(), protP() or protC()`);
    }
    const wire = this.wire(command);
    if (verb !== 'TYPE' && verb !== 'REIN') return this.session.send(wire, { anyCode: true });
    return this.section(async (send) => {
      this.#type = undefined;
      return send(wire, { anyCode: true });
    });
  }

  /** The same, rejecting with a ReplyError at 400 and more. */
  async order(command: string): Promise<Reply> {
    const reply = await this.ask(command);
    if (reply.code >= 400) throw this.site.refused(this.wire(command), reply);
    return reply;
  }

  /**
   * Switches between ASCII and binary (RFC 959, 3.1.1), within a section. The answer is waited for: a transfer in the
   * wrong type would change what it moves.
   */
  async setType(send: Send, type: TransferType): Promise<void> {
    if (this.#type === type) return;
    const command = `TYPE ${type}`;
    const reply = await send(command);
    if (!reply.ok) throw this.site.refused(command, reply);
    this.#type = type;
  }

  /** A command as it is sent. A secret that cannot be encoded is not shown. */
  wire(command: string): string {
    const { codec } = this.site;
    const shown = masked(command);
    if (/[\r\n\0]/.test(command)) {
      throw new NameError(`FTP cannot carry a line break or NUL: ${JSON.stringify(shown)}`);
    }
    return shown === command ? codec.encode(command) : secret(this.site, command);
  }

  /** Gives the connection up, whatever is under way. */
  drop(): void {
    this.session.pipeline.fail(new LostError('the connection was closed'));
  }

  #giveUp<E extends ProtocolError | TlsError>(error: E): E {
    this.session.pipeline.fail(error);
    return error;
  }

  #trust(tls: TLSSocket): void {
    const { session } = this;
    this.#tls = tls;
    session.secure = true;
    session.ticket = tls.getSession();
    tls.on('session', (ticket: Buffer) => {
      session.ticket = ticket;
    });
    this.site.knowledge.tls = { protocol: tls.getProtocol() ?? 'TLS', dataProtected: true, controlProtected: true };
  }
}
