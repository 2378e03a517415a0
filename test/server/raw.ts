// A client that says exactly what a test tells it to, and the server it says it to, on a folder of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import { FtpServer, type ServerOptions } from '../../src/server/index.ts';

export interface Served {
  readonly server: FtpServer;
  readonly root: string;
  readonly host: string;
  readonly port: number;
}

export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ferry-server-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A server on an empty folder, with the user `u`, password `p`. Problems that it reports fail the test. */
export async function serve(options: ServerOptions = {}): Promise<Served> {
  const root = options.root ?? folder();
  const server = new FtpServer({ users: [{ name: 'u', password: 'p' }], loginDelay: 0, ...options, root });
  const { host, port } = await server.listen();
  onTestFinished(() => server.close(200));
  return { server, root, host, port };
}

let certificate: { cert: string; key: string } | undefined;

export function tlsFiles(): { cert: string; key: string } {
  if (certificate !== undefined) return certificate;
  const path = mkdtempSync(join(tmpdir(), 'ferry-certificate-'));
  try {
    const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-days', '2', ...subject, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    certificate = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    return certificate;
  } finally {
    rmSync(path, { recursive: true });
  }
}

export class Raw {
  socket: Socket;
  #text = '';
  #wake = () => {};
  #closed = false;
  session: Buffer | undefined;
  underTls: Socket | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.listenTo(socket);
  }

  static async connect(served: Pick<Served, 'host' | 'port'>, localAddress?: string): Promise<Raw> {
    const socket = connect({ ...served, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    const raw = new Raw(socket);
    onTestFinished(() => raw.socket.destroy() as never);
    return raw;
  }

  /** Connected and logged in, type binary. */
  static async login(served: Served, user = 'u', password = 'p'): Promise<Raw> {
    const raw = await Raw.connect(served);
    await raw.reply();
    await raw.say(`USER ${user}`);
    const answer = await raw.say(`PASS ${password}`);
    if (!answer.startsWith('230')) throw new Error(answer);
    await raw.say('TYPE I');
    return raw;
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  async say(command: string): Promise<string> {
    this.send(`${command}\r\n`);
    return await this.reply();
  }

  /** The next whole reply, its lines joined by `\n`; an empty text when the connection has ended. */
  async reply(timeout = 5000): Promise<string> {
    const until = Date.now() + timeout;
    for (;;) {
      const found = /^(\d{3}) [^\r]*\r\n|^(\d{3})-[\s\S]*?\r\n\2 [^\r]*\r\n/.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found[0].length);
        return found[0].trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.#closed) return '';
      if (Date.now() > until) throw new Error(`No reply within ${timeout} ms; got ${JSON.stringify(this.#text)}.`);
      await this.#change(until - Date.now());
    }
  }

  async ended(timeout = 5000): Promise<boolean> {
    const until = Date.now() + timeout;
    while (!this.#closed && Date.now() < until) await this.#change(until - Date.now());
    return this.#closed;
  }

  async codes(count: number): Promise<string> {
    const codes: string[] = [];
    while (codes.length < count) codes.push((await this.reply()).slice(0, 3));
    return codes.join(' ');
  }

  async passive(): Promise<Socket> {
    const port = Number(/\|\|\|(\d+)\|/.exec(await this.say('EPSV'))?.[1]);
    return await dial(port, this.socket.remoteAddress!);
  }

  /** The bytes that a command sends over a data connection, and its last reply. */
  async fetch(command: string): Promise<{ data: Buffer; reply: string }> {
    const socket = await this.passive();
    const opening = await this.say(command);
    if (!opening.startsWith('150')) return { data: Buffer.alloc(0), reply: opening };
    const data = await drained(socket);
    return { data, reply: await this.reply() };
  }

  async lines(command: string): Promise<string[]> {
    const { data, reply } = await this.fetch(command);
    if (!reply.startsWith('226')) throw new Error(reply);
    return data.toString('latin1').split('\r\n').slice(0, -1);
  }

  /** Sends bytes with STOR or its like; answers the last reply. */
  async put(command: string, data: Buffer | string): Promise<string> {
    const socket = await this.passive();
    const opening = await this.say(command);
    if (!opening.startsWith('150')) return opening;
    socket.end(data);
    return await this.reply();
  }

  async startTls(maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<void> {
    const plain = this.socket;
    plain.removeAllListeners();
    // TLS gets a stream of its own, so that it can end without the socket.
    const over = new Duplex({
      read() {},
      write: (chunk, _encoding, done) => plain.write(chunk, done),
      final: (done) => done(),
    });
    plain.on('data', (chunk: Buffer) => over.push(chunk));
    plain.on('close', () => over.push(null));
    plain.on('error', () => {});
    this.underTls = plain;
    const socket = connectTls({ socket: over, rejectUnauthorized: false, maxVersion });
    socket.on('session', (session) => {
      this.session = session;
    });
    this.listenTo(socket);
    await new Promise((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
  }

  listenTo(socket: Socket): void {
    this.socket = socket;
    this.#closed = false;
    socket.removeAllListeners('data');
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => {
      if (this.socket === socket) this.#closed = true;
      this.#wake();
    });
    socket.on('end', () => {
      if (this.socket === socket) this.#closed = true;
      this.#wake();
    });
  }

  #change(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeout);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export async function dial(port: number, host: string, localAddress?: string): Promise<Socket> {
  const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  onTestFinished(() => socket.destroy() as never);
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return socket;
}

export async function drained(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
