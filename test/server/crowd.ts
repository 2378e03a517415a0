// A crowd of clients against a server in a process of its own: every file that goes up must come down again as it was, and
// the server's memory must not grow with the number of transfers.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Crowd {
  /** At one time. */
  readonly clients: number;
  /** Up and down together; half of them each. */
  readonly transfers: number;
  /** The built command, `dist/cli/ferry.js`. */
  readonly program: string;
}

export interface CrowdTold {
  readonly uploads: number;
  readonly downloads: number;
  /** What went wrong, a line each; empty when nothing was lost. */
  readonly lost: readonly string[];
  readonly seconds: number;
  /** Bytes resident in the server: as each tenth of the transfers was done. NaN where the system does not tell. */
  readonly memory: readonly number[];
  /** Files on the server's disk at the end. */
  readonly files: number;
  readonly exitCode: number | null;
}

/** Sizes as files have them: empty, small, and now and then larger than what one packet, one read, one buffer holds. */
const sizes = [0, 1, 100, 1460, 4000, 16_384, 65_536, 65_537, 300_000];

export async function crowd({ clients, transfers, program }: Crowd): Promise<CrowdTold> {
  const root = mkdtempSync(join(tmpdir(), 'ferry-crowd-'));
  const server = spawn(
    process.execPath,
    [program, 'serve', root, '--user', 'u:p', '--port', '0', '--connections', String(clients + 1)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    const port = await portOf(server);
    const lost: string[] = [];
    const memory: number[] = [];
    let [uploads, downloads, begun] = [0, 0, 0];
    const pairs = Math.ceil(transfers / 2);
    const started = performance.now();
    const work = async (number: number): Promise<void> => {
      const client = new Plain(port);
      try {
        await client.login();
        while (begun < pairs) {
          const pair = begun++;
          const bytes = randomBytes(sizes[pair % sizes.length]!);
          const name = `client-${number}-${pair}`;
          await client.store(name, bytes);
          uploads++;
          const back = await client.retrieve(name);
          downloads++;
          if (digest(back) !== digest(bytes)) lost.push(`${name}: ${bytes.length} bytes up, ${back.length} down`);
          if (downloads % Math.ceil(pairs / 10) === 0) memory.push(resident(server.pid!));
        }
        await client.quit();
      } catch (error) {
        lost.push(`client ${number}: ${(error as Error).message}`);
      } finally {
        client.close();
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => work(number)));
    const seconds = (performance.now() - started) / 1000;
    const files = readdirSync(root).length;
    server.kill('SIGTERM');
    const [exitCode] = (await once(server, 'close')) as [number | null];
    return { uploads, downloads, lost, seconds, memory, files, exitCode };
  } finally {
    server.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function portOf(server: ChildProcess): Promise<number> {
  let said = '';
  for await (const chunk of server.stderr!.setEncoding('utf8')) {
    said += chunk;
    const port = /ftp:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
    if (port === undefined) continue;
    return Number(port);
  }
  throw new Error(`The server has not started: ${said}`);
}

function resident(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** As little of a client as there can be. */
class Plain {
  readonly #port: number;
  readonly #control: Socket;
  #text = '';
  #wake = () => {};
  #over = false;

  constructor(port: number) {
    this.#port = port;
    this.#control = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#control.setEncoding('latin1');
    this.#control.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    for (const event of ['error', 'close'])
      this.#control.on(event, () => {
        this.#over = true;
        this.#wake();
      });
  }

  async login(): Promise<void> {
    await this.#expect(220);
    await this.#say('USER u', 331);
    await this.#say('PASS p', 230);
    await this.#say('TYPE I', 200);
  }

  async store(name: string, bytes: Buffer): Promise<void> {
    const data = await this.#data();
    await this.#say(`STOR ${name}`, 150);
    data.end(bytes);
    await this.#expect(226);
    data.destroy();
  }

  async retrieve(name: string): Promise<Buffer> {
    const data = await this.#data();
    const chunks: Buffer[] = [];
    data.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(data, 'end');
    await this.#say(`RETR ${name}`, 150);
    await ended;
    await this.#expect(226);
    return Buffer.concat(chunks);
  }

  async quit(): Promise<void> {
    await this.#say('QUIT', 221);
  }

  close(): void {
    this.#control.destroy();
  }

  async #data(): Promise<Socket> {
    const port = Number(/\|\|\|(\d+)\|/.exec(await this.#say('EPSV', 229))?.[1]);
    if (!(port > 0) || port === this.#port) throw new Error('no port in 229');
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    socket.on('error', () => {});
    return socket;
  }

  async #say(command: string, code: number): Promise<string> {
    this.#control.write(`${command}\r\n`);
    return await this.#expect(code);
  }

  async #expect(code: number): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (line.startsWith(`${code} `)) return line;
        throw new Error(`wanted ${code}, got ${line}`);
      }
      if (this.#over) throw new Error(`wanted ${code}, but the connection has ended`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
