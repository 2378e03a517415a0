// The smallest FTP client there can be: it shows what a server itself says, with nothing of Ferry in between.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { RealServer } from './real-server.ts';

export interface Reply {
  code: number;
  text: string;
}

export class RawClient {
  #control: Socket;
  #tls: TLSSocket | undefined;
  #session: Buffer | undefined;
  #received = '';
  #waiting: (() => void) | undefined;
  #closed = false;
  readonly #server: RealServer;
  /** Whether a data connection resumes the TLS session of the control connection. */
  reuseSession = true;

  private constructor(server: RealServer, control: Socket) {
    this.#server = server;
    this.#control = control;
    this.#listen(control);
  }

  static async open(server: RealServer): Promise<RawClient> {
    const plain = connect({ port: server.port, host: server.host });
    await connected(plain, 'connect');
    if (server.tls === 'implicit') {
      const client = new RawClient(server, plain);
      plain.removeAllListeners('data');
      await client.#secure();
      await client.reply();
      return client;
    }
    const client = new RawClient(server, plain);
    await client.reply();
    return client;
  }

  /** Secures the connection when the server's mode is explicit TLS, then logs in. The answer is that to PASS. */
  async login(password = this.#server.password): Promise<Reply> {
    if (this.#server.tls === 'explicit') {
      const answer = await this.command('AUTH TLS');
      if (answer.code !== 234) return answer;
      await this.#secure();
    }
    await this.command(`USER ${this.#server.user}`);
    const answer = await this.command(`PASS ${password}`);
    if (answer.code === 230 && this.#tls) {
      await this.command('PBSZ 0');
      await this.command('PROT P');
    }
    return answer;
  }

  async command(line: string): Promise<Reply> {
    this.#control.write(`${line}\r\n`);
    return this.reply();
  }

  /** The next whole reply, of one line or of several. */
  async reply(): Promise<Reply> {
    for (;;) {
      const found = /^(\d{3})(?: [^\n]*|-[^\n]*\n(?:[^\n]*\n)*?\1 [^\n]*)\r?\n/.exec(this.#received);
      if (found) {
        this.#received = this.#received.slice(found[0].length);
        return { code: Number(found[1]), text: found[0].trimEnd() };
      }
      if (this.#closed) throw new Error(`the server closed the connection: ${this.#received}`);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** Runs a command that sends (with `upload`) or receives over a data connection. */
  async transfer(line: string, upload?: Buffer | string): Promise<{ reply: Reply; data: Buffer }> {
    await this.command('TYPE I');
    const passive = await this.command('EPSV');
    const port = Number(/\|\|\|(\d+)\|/.exec(passive.text)?.[1]);
    let data: Socket = connect({ port, host: this.#server.host });
    await connected(data, 'connect');
    data.on('error', () => {});
    this.#control.write(`${line}\r\n`);
    const first = await this.reply();
    if (first.code >= 400) {
      data.destroy();
      return { reply: first, data: Buffer.alloc(0) };
    }
    if (this.#tls) {
      // Some servers take a data connection only from the session of the control connection.
      const session = this.reuseSession ? this.#session : undefined;
      const secured = connectTls({
        socket: data,
        ca: this.#server.ca,
        servername: 'localhost',
        ...(session && { session }),
      });
      await connected(secured, 'secureConnect');
      data = secured;
    }
    const chunks: Buffer[] = [];
    data.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve, reject) => data.once('close', resolve).once('error', reject));
    if (upload !== undefined) data.end(upload);
    else data.once('end', () => data.end());
    await ended;
    return { reply: await this.reply(), data: Buffer.concat(chunks) };
  }

  close(): void {
    this.#control.destroy();
  }

  async #secure(): Promise<void> {
    this.#control.removeAllListeners('data');
    const secured = connectTls({ socket: this.#control, ca: this.#server.ca, servername: 'localhost' });
    secured.on('session', (session) => {
      this.#session = session;
    });
    await connected(secured, 'secureConnect');
    this.#tls = secured;
    this.#control = secured;
    this.#listen(secured);
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('utf8');
      this.#waiting?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#waiting?.();
    });
  }
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
