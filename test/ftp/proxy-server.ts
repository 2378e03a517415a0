/** Small proxies for tests, SOCKS5 and HTTP CONNECT, that keep a record of what they were asked for. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ProxyOptions } from '../../src/ftp/options.ts';

export interface ProxyBehaviour {
  /** Let nobody in without it. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Where hosts really are; what is not here is taken as it is. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Answer this to every request: a SOCKS5 reply code, or an HTTP status line. */
  readonly refuse?: number | string;
  /** Only the connection of this number, from 1 on, is refused. */
  readonly refused?: number;
  /** Say nothing at all. */
  readonly silent?: boolean;
  /** Hold the answer back until the server has spoken, and send both in one packet. */
  readonly together?: boolean;
  /** More header lines. */
  readonly header?: string;
}

export interface TestProxy {
  readonly options: ProxyOptions;
  /** `host:port` of every tunnel asked for. */
  readonly asked: string[];
  /** How many connections came. */
  readonly count: () => number;
  /** Logins that were tried. */
  readonly logins: string[];
}

/** A proxy that is gone when the test is over. */
export async function startProxy(kind: ProxyOptions['kind'], behaviour: ProxyBehaviour = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const logins: string[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    count += 1;
    keep(client);
    if (behaviour.silent) return void client.resume();
    const serve = kind === 'http' ? serveHttp : serveSocks;
    const { refuse, refused = count, ...rest } = behaviour;
    const mine = refuse !== undefined && refused === count ? { ...rest, refuse } : rest;
    serve(client, { behaviour: mine, asked, logins, keep }).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { options: { kind, host: '127.0.0.1', port }, asked, logins, count: () => count };
}

interface Context {
  readonly behaviour: ProxyBehaviour;
  readonly asked: string[];
  readonly logins: string[];
  keep(socket: Socket): void;
}

async function serveHttp(client: Socket, { behaviour, asked, logins, keep }: Context): Promise<void> {
  const text = await until(client, (bytes) => bytes.includes('\r\n\r\n'));
  const head = text.toString('latin1');
  const [, host = '', port = ''] = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\n/.exec(head)!;
  asked.push(`${host}:${port}`);
  const token = /^Proxy-Authorization: Basic (\S+)\r?$/m.exec(head)?.[1];
  if (token) logins.push(Buffer.from(token, 'base64').toString());
  const { login, refuse } = behaviour;
  if (login && logins.at(-1) !== `${login.user}:${login.password}`) {
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n<html>');
    return;
  }
  if (refuse !== undefined) return void client.end(`HTTP/1.1 ${refuse}\r\nContent-Length: 2\r\n\r\nno`);
  const answer = Buffer.from(`HTTP/1.1 200 Connection established\r\n${behaviour.header ?? ''}\r\n`);
  join(client, host.replace(/^\[|\]$/g, ''), Number(port), behaviour, answer, keep);
}

async function serveSocks(client: Socket, { behaviour, asked, logins, keep }: Context): Promise<void> {
  const hello = await until(client, (bytes) => bytes.length >= 2 && bytes.length >= 2 + bytes[1]!);
  const wanted = behaviour.login ? 2 : 0;
  if (!hello.subarray(2).includes(wanted)) return void client.end(Buffer.from([5, 255]));
  client.write(Buffer.from([5, wanted]));
  if (behaviour.login) {
    const bytes = await until(
      client,
      (all) => all.length >= 2 && all.length >= 3 + all[1]! + (all[2 + all[1]!] ?? 999),
    );
    const user = bytes.subarray(2, 2 + bytes[1]!).toString();
    const password = bytes.subarray(3 + bytes[1]!).toString();
    logins.push(`${user}:${password}`);
    const good = user === behaviour.login.user && password === behaviour.login.password;
    client.write(Buffer.from([1, good ? 0 : 1]));
    if (!good) return void client.end();
  }
  const request = await until(client, (all) => all.length >= 5 && all.length >= lengthOf(all));
  const [, , , type] = request;
  const host = type === 3 ? request.toString('latin1', 5, 5 + request[4]!) : [...request.subarray(4, 8)].join('.');
  const port = request.readUInt16BE(lengthOf(request) - 2);
  asked.push(`${host}:${port}`);
  if (behaviour.refuse !== undefined) {
    return void client.end(Buffer.from([5, Number(behaviour.refuse), 0, 1, 0, 0, 0, 0, 0, 0]));
  }
  join(client, host, port, behaviour, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]), keep);
}

const lengthOf = (request: Buffer): number => ({ 1: 10, 3: 7 + request[4]!, 4: 22 })[request[3]!] ?? 0;

/** The bytes that came, once there are enough of them. */
function until(socket: Socket, enough: (bytes: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!enough(bytes)) return;
      socket.removeListener('data', take);
      resolve(bytes);
    };
    socket.on('data', take);
    socket.once('close', () => reject(new Error('closed')));
  });
}

function join(
  client: Socket,
  host: string,
  port: number,
  { hosts = {}, together }: ProxyBehaviour,
  answer: Buffer,
  keep: (socket: Socket) => void,
): void {
  const far = connect({ host: hosts[host] ?? host, port, allowHalfOpen: true });
  keep(far);
  far.on('connect', () => {
    if (together) {
      far.once('data', (first) => {
        client.write(Buffer.concat([answer, first]));
        far.pipe(client);
      });
    } else {
      client.write(answer);
      far.pipe(client);
    }
    client.pipe(far);
  });
}
