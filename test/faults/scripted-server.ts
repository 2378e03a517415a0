/**
 * Our FTP server behind a proxy of its control connections that misbehaves as a test tells it to: it answers chosen
 * commands itself, loses the reply to them, or drops the connection. Data connections reach the server directly.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpServer, type ServerOptions } from '../../src/server/index.ts';
import type { AnyServer } from '../servers/every-server.ts';

export interface Fault {
  /** The commands that it befalls. */
  readonly on: RegExp;
  /** How often; once unless given. */
  readonly times?: number;
  /** How many such commands pass unharmed before. */
  readonly after?: number;
  /**
   * A reply: the server never sees the command. `lose the reply`: it is carried out, then the connection breaks.
   * `close`: the connection breaks and it is not carried out. `say nothing`: it is carried out and never answered.
   */
  readonly does: `${number} ${string}` | 'lose the reply' | 'close' | 'say nothing';
  /** With the connection that it breaks the server goes: no command gets through any more before {@link ScriptedServer.disarm}. */
  readonly forGood?: boolean;
}

export interface ScriptedServer extends AnyServer {
  /** From now on, these happen. */
  arm(faults: readonly Fault[]): void;
  /** From now on, nothing happens any more. Faults that never happened are an error: the test tested nothing. */
  disarm(): void;
  /** Every command line that clients sent, in order. */
  readonly commands: readonly string[];
}

interface Armed extends Fault {
  used: number;
  passed: number;
}

/** @param options those of our server; `root` is the folder that it shows, instead of a throw-away one */
export async function scriptedServer(
  options: Partial<ServerOptions> & { readonly root?: string } = {},
): Promise<ScriptedServer> {
  const { root: given, ...changes } = options;
  const root = given ?? mkdtempSync(join(tmpdir(), 'ferry-test-scripted-'));
  const [user, password] = ['tester', 'geheim-42'];
  const server = new FtpServer({ users: [{ name: user, password, home: root }], ...changes });
  const { host, port } = await server.listen();
  const sockets = new Set<net.Socket>();
  const commands: string[] = [];
  let armed: Armed[] = [];
  let gone = false;
  const faultFor = (line: string): Fault | undefined => {
    if (gone) return { on: /^/, does: 'close' };
    for (const fault of armed) {
      if (!fault.on.test(line) || fault.used >= (fault.times ?? 1)) continue;
      if (fault.passed++ < (fault.after ?? 0)) continue;
      fault.used++;
      return fault;
    }
    return undefined;
  };
  const proxy = net.createServer((client) => {
    const far = net.connect({ host, port });
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    const told = (line: string) => {
      commands.push(line);
      return faultFor(line);
    };
    relay(client, far, told, (fault) => {
      gone ||= fault.forGood ?? false;
    });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    name: 'ours',
    host: '127.0.0.1',
    port: (proxy.address() as net.AddressInfo).port,
    user,
    password,
    root,
    tls: 'none',
    ca: '',
    commands,
    arm: (faults) => {
      armed = faults.map((fault) => ({ ...fault, used: 0, passed: 0 }));
    },
    disarm: () => {
      const unused = armed.filter(({ used }) => used === 0).map(({ on, does }) => `${on}: ${does}`);
      armed = [];
      gone = false;
      if (unused.length > 0) throw new Error(`faults that never happened: ${unused.join(', ')}`);
    },
    log: () => commands.join('\n'),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => proxy.close(done));
      await server.close(0);
      if (given === undefined) rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Passes lines both ways. Replies keep the order of their commands, whoever gives them. */
export function relay(
  client: net.Socket,
  far: net.Socket,
  faultFor: (line: string) => Fault | undefined,
  broken: (by: Fault) => void = () => {},
): void {
  /** What each command that is not answered yet will be answered with; undefined: whatever the server says. */
  const due: (Fault | undefined)[] = [undefined];
  let muted = false;
  const both = (by: Fault) => {
    broken(by);
    client.destroy();
    far.resetAndDestroy();
  };
  const giveOwn = () => {
    for (let does = due[0]?.does; does && /^\d/.test(does); does = due[0]?.does) {
      due.shift();
      if (!muted) client.write(`${does}\r\n`);
      if (does.startsWith('421')) return void client.end(() => far.destroy());
    }
  };
  lines(client, (line) => {
    const fault = faultFor(line);
    if (fault?.does === 'close') return both(fault);
    due.push(fault);
    if (fault === undefined || !/^\d/.test(fault.does)) far.write(`${line}\r\n`, 'latin1');
    giveOwn();
  });
  let open: string | undefined;
  lines(far, (line) => {
    open ??= /^\d{3}-/.exec(line)?.[0].slice(0, 3);
    const last = open === undefined || line.startsWith(`${open} `);
    const final = last && /^[2-6]/.test(line);
    const fault = due[0];
    if (last) open = undefined;
    if (final && fault?.does === 'lose the reply') return both(fault);
    if (fault?.does === 'say nothing') muted = true;
    if (!muted) client.write(`${line}\r\n`, 'latin1');
    if (final) {
      due.shift();
      giveOwn();
    }
  });
  client.on('close', () => far.destroy());
  far.on('close', () => client.destroy());
}

function lines(socket: net.Socket, tell: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\r\n');
    rest = parts.pop()!;
    for (const part of parts) tell(part);
  });
}
