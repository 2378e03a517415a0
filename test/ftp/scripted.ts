/** A server that does what a test tells it to: each verb answered by a script, everything received kept. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerOptions } from '../../src/ftp/options.ts';
import { certificate } from '../servers/index.ts';

export interface Visit {
  /** Commands in the order in which they came. */
  readonly commands: string[];
  /** What came in one piece, each. */
  readonly flights: string[];
  /** The argument of the command being answered. */
  readonly argument: string;
  /** The control connection. */
  readonly socket: Socket;
  send(...lines: string[]): void;
  /** Begins to listen for a data connection, and forgets the one before; resolves with the port. */
  listen(): Promise<number>;
  /** The data connection that the client makes after EPSV or PASV. */
  data(): Promise<Socket>;
  /** Speaks TLS from here on. */
  secure(): void;
  destroy(): void;
}

export type Answer = string | readonly string[] | ((visit: Visit) => unknown);
export type Script = Readonly<Record<string, Answer>>;

const READY: Script = {
  greeting: '220 ready',
  USER: '331 password',
  PASS: '230 in',
  TYPE: '200 ok',
  OPTS: '200 ok',
  FEAT: ['211-Features', ' EPSV', ' MDTM', ' SIZE', ' REST STREAM', ' MLST type*;size*;modify*;', ' MFMT', '211 End'],
  SYST: '215 UNIX Type: L8',
  PWD: '257 "/" is here',
  CWD: '250 ok',
  QUIT: (visit) => {
    visit.send('221 bye');
    visit.socket.end();
  },
  PBSZ: '200 ok',
  PROT: '200 ok',
  REST: '350 ok',
  EPSV: async (visit) => visit.send(`229 ok (|||${await visit.listen()}|)`),
  STOR: async (visit) => {
    visit.send('150 go on');
    const socket = await visit.data();
    socket.resume();
    await once(socket, 'end');
    visit.send('226 done');
  },
  RETR: async (visit) => {
    visit.send('150 here it comes');
    (await visit.data()).end('content');
    visit.send('226 done');
  },
  MLSD: async (visit) => {
    visit.send('150 here it comes');
    (await visit.data()).end('type=file;size=1;modify=20200101000000; a\r\n');
    visit.send('226 done');
  },
};

export class Scripted {
  readonly visits: Connection[] = [];
  readonly port: number;
  readonly #control: Server;

  constructor(control: Server, visits: Connection[]) {
    this.#control = control;
    this.visits = visits;
    this.port = (control.address() as { port: number }).port;
  }

  /** Every command of every connection. */
  get commands(): string[] {
    return this.visits.flatMap((visit) => visit.commands);
  }

  options(changes: Partial<ServerOptions> = {}): ServerOptions {
    return {
      protocol: 'ftp',
      host: '127.0.0.1',
      port: this.port,
      user: 'u',
      password: async () => 'secret',
      root: '/',
      connections: 1,
      tls: { verify: true },
      encoding: 'utf8',
      mode: 'passive',
      connectTimeout: 2000,
      replyTimeout: 1000,
      dataTimeout: 1000,
      ...changes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const visit of this.visits) visit.destroy();
    this.#control.close();
  }
}

class Connection implements Visit {
  readonly commands: string[] = [];
  readonly flights: string[] = [];
  #data: Server | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  argument = '';
  socket: Socket;
  readonly #script: Script;
  readonly #arrived: Socket[] = [];
  readonly #expecting: ((socket: Socket) => void)[] = [];
  #text = '';

  constructor(socket: Socket, script: Script) {
    this.socket = socket;
    this.#script = script;
    this.#listen();
    this.#answer('greeting');
  }

  async listen(): Promise<number> {
    this.#data?.close();
    this.#arrived.length = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (server !== this.#data) return;
      const waiting = this.#expecting.shift();
      if (waiting) waiting(socket);
      else this.#arrived.push(socket);
    });
    this.#data = server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  send(...lines: string[]): void {
    if (!this.socket.destroyed) this.socket.write(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  }

  data(): Promise<Socket> {
    const here = this.#arrived.shift();
    return here ? Promise.resolve(here) : new Promise((resolve) => this.#expecting.push(resolve));
  }

  secure(): void {
    const { cert, key } = serverCertificate();
    this.socket.removeAllListeners('data');
    this.socket = new TLSSocket(this.socket, { isServer: true, cert, key });
    this.#listen();
  }

  destroy(): void {
    this.socket.destroy();
    this.#data?.close();
    for (const socket of this.#arrived) socket.destroy();
  }

  #listen(): void {
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      this.flights.push(text);
      this.#text += text;
      const lines = this.#text.split('\r\n');
      this.#text = lines.pop()!;
      for (const line of lines) {
        this.commands.push(line);
        // One after the other, as servers do; an answer that takes its time returns a promise.
        this.#busy = this.#busy.then(() => {
          const [verb = '', ...rest] = line.split(' ');
          this.argument = rest.join(' ');
          return this.#answer(verb.toUpperCase());
        });
      }
    });
  }

  #answer(verb: string): unknown {
    const answer = this.#script[verb] ?? READY[verb] ?? '502 not here';
    if (typeof answer === 'function') return answer(this);
    return this.send(...(typeof answer === 'string' ? [answer] : answer));
  }
}

export function serverCertificate(): { cert: Buffer; key: Buffer; ca: string } {
  const { certificateFile, keyFile, ca } = certificate();
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile), ca };
}

/** Starts a server; close it by `await using`. */
export async function scripted(script: Script = {}): Promise<Scripted> {
  const visits: Connection[] = [];
  const control = createServer((socket) => visits.push(new Connection(socket, script)));
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  return new Scripted(control, visits);
}
