// One client from greeting to goodbye: each of its commands is looked up, checked, carried out and told of.
import type { Socket } from 'node:net';
import { parseCommand } from './commands/command.ts';
import { isSiteCommand } from './commands/site.ts';
import { commands } from './commands/table.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { plainAddress } from './data/source.ts';
import { toUnicode } from './filesystem.ts';
import type { Host } from './host.ts';
import { Refusal, refusalOf, reply } from './replies.ts';
import { Session } from './session.ts';
import type { Line } from './telnet/lines.ts';

// As many unknown commands as a person may mistype; a program that speaks another protocol sends more.
const mostUnknown = 20;

export class Client implements ConnectionOwner {
  readonly session: Session;
  readonly #host: Host;
  readonly #onLeft: () => void;
  #unknown = 0;
  #leaving = false;
  #work: Promise<void> | undefined;
  // When the command under way began, ms of `performance.now()`.
  #began = 0;

  /** `onLeft` is told once, when all that was under way has ended, too. */
  constructor(id: number, socket: Socket, host: Host, onLeft: () => void) {
    this.#host = host;
    this.#onLeft = onLeft;
    const connection = new Connection(socket, this, host.settings.idleTimeout);
    this.session = new Session({ id, address: plainAddress(socket.remoteAddress), connection, host });
    const { tls } = this.session;
    if (host.settings.tls?.implicit && tls !== undefined) {
      connection.wrap(tls);
      this.session.protectedData = true;
    }
  }

  greet(): void {
    const { session } = this;
    session.emit('connect', session.about());
    session.reply(220, this.#host.settings.banner);
    session.startLoginClock();
  }

  /** Ends with 421 as soon as no transfer is under way. */
  leaveWhenIdle(): void {
    this.#leaving = true;
    if (this.session.transfer === undefined) this.session.leave(421, 'Server is shutting down.');
  }

  arrived(line: Line): boolean {
    const { session } = this;
    const { verb, argument } = parseCommand(line.text);
    if (verb === 'ABOR' && session.transfer !== undefined) {
      session.aborted = true;
      session.transfer.cut('Aborted by the client');
    }
    // RFC 959, 4.1.3: STAT sent by Telnet's interrupt tells how far the transfer is, while it runs.
    if (verb === 'STAT' && argument === '' && line.urgent && session.transfer !== undefined) {
      session.connection.send(reply(213, `${session.transfer.bytes} bytes so far.`));
      return true;
    }
    return false;
  }

  perform(line: Line): void | Promise<void> {
    const { session } = this;
    this.#began = performance.now();
    const { verb, argument } = parseCommand(line.text);
    if (verb === '' && argument === '') return;
    if (looksLikeHttp(line.text)) return session.leave(421, 'This is FTP, not HTTP.');
    session.code = 0;
    const command = commands.get(verb);
    if (command === undefined || !session.knows(verb)) {
      this.#unknown++;
      if (this.#unknown > mostUnknown && session.user === undefined)
        return session.leave(421, 'Too many unknown commands.');
      session.reply(500, 'Unknown command.');
      return this.#log(verb, argument);
    }
    try {
      if (session.user === undefined && !command.beforeLogin)
        throw new Refusal(530, 'Log in with USER and PASS first.');
      if (command.argument === 'required' && argument === '') throw new Refusal(501, `Syntax: ${command.syntax}`);
      if (command.argument === 'none' && argument !== '') throw new Refusal(501, `Syntax: ${command.syntax}`);
      // RFC 959, 4.1.2 and 4.1.3: RNFR and REST hold for the command that follows only.
      if (verb !== 'RNTO') session.renameFrom = undefined;
      const work = command.run(session, argument);
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
    return this.session.transfer !== undefined;
  }

  /** The client says no more. It will not make the data connection that a transfer still waits for, either. */
  ended(): void {
    if (this.session.transfer?.connected === false) this.session.transfer.cut('Control connection lost');
  }

  closed(): void {
    this.session.end();
    // A transfer that was cut has still to tidy up, and to be told.
    if (this.#work === undefined) this.#left();
    else void this.#work.then(() => this.#left());
  }

  #left(): void {
    const { session } = this;
    const { bytesReceived, bytesSent } = session;
    if (session.user !== undefined) session.emit('logout', session.about());
    session.emit('disconnect', { ...session.about(), bytesReceived, bytesSent });
    this.#onLeft();
  }

  #after(verb: string, argument: string): void {
    this.#work = undefined;
    this.#log(verb, argument);
    if (this.#leaving) this.session.leave(421, 'Server is shutting down.');
  }

  #refuse(error: unknown): void {
    const refusal = refusalOf(error);
    if (refusal.code === 451) this.#host.problem(`Answered with ${refusal.code} ${refusal.message}`, error);
    this.session.reply(refusal.code, refusal.message);
  }

  #log(verb: string, argument: string): void {
    if (!this.#host.listensTo('command')) return;
    const { session } = this;
    session.emit('command', {
      ...session.about(),
      ...withoutSecrets(verb, argument),
      code: session.code,
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
