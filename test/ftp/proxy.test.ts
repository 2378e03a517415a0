/** Through SOCKS5 and HTTP CONNECT: what must go through does, and what goes wrong is said by whose fault it is. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ProxyOptions, ServerOptions } from '../../src/ftp/options.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { ConfigError, ConnectError, type Remote, ROOT, toRelPath } from '../../src/model/index.ts';
import { clientOptions, job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';
import { startProxy } from './proxy-server.ts';

const KINDS = ['socks5', 'http'] as const;
const LOGIN = { user: 'proxy user', password: 'p:w@ü' };
const withLogin = (options: ProxyOptions, password = LOGIN.password): ProxyOptions => ({
  ...options,
  user: LOGIN.user,
  password: async () => password,
});

function open(server: AnyServer, proxy: ProxyOptions, changes: Partial<ServerOptions> = {}): Remote {
  const remote = connectFtp({ ...clientOptions(server, '/', { connections: 1 }), ...changes, proxy });
  onTestFinished(() => remote.close());
  return remote;
}

/** Why it cannot be opened. */
async function refusal(remote: Remote): Promise<ConnectError> {
  const error = await remote.open().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe.each(['none', 'explicit', 'implicit'] as const)('TLS %s', (tls) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start({ name: 'ours', tls });
    mkdirSync(join(server.root, 'sub'));
    writeFileSync(join(server.root, 'there.bin'), Buffer.alloc(300_000, 7));
  });
  afterAll(() => server?.stop());

  describe.each(KINDS)('%s', (kind) => {
    test.each(['auto', 'passive'] as const)('commands and data both go through it, mode %s', async (mode) => {
      const proxy = await startProxy(kind, { login: LOGIN });
      const remote = open(server, withLogin(proxy.options), { mode });
      await remote.open();
      expect(proxy.asked).toEqual([`127.0.0.1:${server.port}`]);
      const listing = await remote.list(ROOT);
      expect(listing.entries.map(({ path }) => path).sort()).toEqual(expect.arrayContaining(['sub', 'there.bin']));
      expect(listing.incomplete).toBeUndefined();
      const lane = await remote.lane();
      const content = Buffer.alloc(200_000, kind);
      async function* chunks() {
        yield content;
      }
      await lane.write(toRelPath(`sent by ${kind}`), { chunks });
      const pieces: Buffer[] = [];
      await lane.read(toRelPath('there.bin'), { write: (chunk) => void pieces.push(Buffer.from(chunk)) });
      lane.release();
      expect(readFileSync(join(server.root, `sent by ${kind}`)).equals(content)).toBe(true);
      expect(Buffer.concat(pieces).equals(Buffer.alloc(300_000, 7))).toBe(true);
      // Control, the listing, one up, one down: none of it around the proxy.
      expect(proxy.count()).toBe(4);
      expect(proxy.asked).toHaveLength(4);
      expect(new Set(proxy.logins)).toEqual(new Set([`${LOGIN.user}:${LOGIN.password}`]));
    });

    test('the greeting may come in the same packet as the proxy’s answer', async () => {
      // Under TLS from the start it is the client that speaks first.
      if (tls === 'implicit') return;
      const proxy = await startProxy(kind, { together: true });
      const remote = open(server, proxy.options);
      await remote.open();
      expect(proxy.count()).toBe(1);
    });
  });
});

describe.each(KINDS)('%s', (kind) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start({ name: 'ours', tls: 'none' });
  });
  afterAll(() => server?.stop());

  test('the proxy looks the host up, for data too', async () => {
    const proxy = await startProxy(kind, { hosts: { 'ftp.nowhere.invalid': '127.0.0.1' } });
    const remote = open({ ...server, host: 'ftp.nowhere.invalid' } as AnyServer, proxy.options);
    await remote.open();
    await remote.list(ROOT);
    expect(proxy.asked.length).toBeGreaterThan(1);
    for (const one of proxy.asked) expect(one).toMatch(/^ftp\.nowhere\.invalid:/);
  });

  test('a listing that comes in the same packet as the proxy’s answer is whole', async () => {
    writeFileSync(join(server.root, 'same packet'), 'x');
    const plain = await startProxy(kind);
    const remote = open(server, plain.options);
    await remote.open();
    await remote.list(ROOT);
    // The way data connections are made is known by now, so that the next one begins with what the server sends.
    const together = await startProxy(kind, { together: true });
    Object.assign(plain.options, { port: together.options.port });
    const listing = await remote.list(ROOT);
    expect(together.count()).toBe(1);
    expect(listing.entries.map(({ path }) => path)).toContain('same packet');
    expect(listing.incomplete).toBeUndefined();
  });

  test('a wrong password is the proxy’s, and is not shown', async () => {
    const proxy = await startProxy(kind, { login: LOGIN });
    const error = await refusal(open(server, { ...withLogin(proxy.options, 'wrong-secret'), origin: 'ALL_PROXY' }));
    expect(error.message).toMatch(/^the proxy \w+:\/\/127\.0\.0\.1:\d+ \(ALL_PROXY\) does not let us in: .*check/);
    expect(JSON.stringify([error.message, String(error.cause), error])).not.toContain('wrong-secret');
    expect(error.cause).toBeUndefined();
    expect(error.retryable).toBe(false);
  });

  test('a proxy that wants a login where there is none says so', async () => {
    const proxy = await startProxy(kind, { login: LOGIN });
    const error = await refusal(open(server, proxy.options));
    expect(error.message).toMatch(/does not let us in: .*wants a user and password: add them/);
  });

  test('a proxy that does not allow the server is told apart from one that cannot reach it', async () => {
    const refuse = kind === 'http' ? ['403 Forbidden', '502 Bad Gateway'] : [2, 5];
    const forbidding = await startProxy(kind, { refuse: refuse[0]! });
    const forbidden = await refusal(open(server, forbidding.options));
    expect(forbidden.message).toContain(`does not connect to 127.0.0.1:${server.port}: `);
    expect(forbidden.message).toMatch(/allow the server and its data ports/);
    expect(forbidden.retryable).toBe(false);
    const failing = await startProxy(kind, { refuse: refuse[1]! });
    const unreached = await refusal(open(server, failing.options));
    expect(unreached.message).toContain(`does not connect to 127.0.0.1:${server.port}: `);
    expect(unreached.message).toMatch(/check host and port/);
    expect(unreached.retryable).toBe(true);
  });

  test('a proxy that forbids data ports is named, not a firewall', async () => {
    const plain = await startProxy(kind);
    const remote = open(server, plain.options, { mode: 'auto' });
    await remote.open();
    const forbidding = await startProxy(kind, { refuse: kind === 'http' ? '403 Forbidden' : 2 });
    Object.assign(plain.options, { port: forbidding.options.port });
    const error = await remote.list(ROOT).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).message).toMatch(/the proxy .* does not connect to 127\.0\.0\.1:\d+: .*data ports/);
  });

  test('a data connection that the proxy could not make this once is made again', async () => {
    const refuse = kind === 'http' ? '503 Service Unavailable' : 1;
    const proxy = await startProxy(kind, { refuse, refused: 3 });
    const remote = open(server, proxy.options, { replyTimeout: 1500 });
    await remote.open();
    await remote.list(ROOT);
    expect(proxy.count()).toBe(2);
    const listing = await remote.list(ROOT);
    expect(listing.incomplete).toBeUndefined();
    expect(proxy.count()).toBe(5);
  });

  test('a proxy that is not there', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const error = await refusal(open(server, { kind, host: '127.0.0.1', port }));
    expect(error.message).toMatch(/^cannot reach the proxy \w+:\/\/127\.0\.0\.1:\d+ on the way to .*: nothing listens/);
  });

  test('a proxy that never answers is given up in time', async () => {
    const proxy = await startProxy(kind, { silent: true });
    const began = performance.now();
    const error = await refusal(open(server, proxy.options, { connectTimeout: 700 }));
    expect(performance.now() - began).toBeLessThan(5000);
    expect(error.message).toMatch(/the proxy .* did not connect to .*: no answer within/);
  });

  test('a run that is stopped does not wait for a proxy', async () => {
    const proxy = await startProxy(kind, { silent: true });
    const remote = open(server, proxy.options);
    const opening = remote.open(AbortSignal.timeout(300)).catch((error: unknown) => error);
    const began = performance.now();
    await opening;
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test.each([
    ['something else', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an endless answer', 'HTTP/1.1 200 OK\r\n'],
    ['nothing', ''],
  ])('%s that is taken for a proxy is said', async (what, said) => {
    const sockets: Socket[] = [];
    const other = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.resume();
      if (what === 'nothing') return void socket.end();
      socket.write(said);
      if (what === 'an endless answer')
        for (let n = 0; n < 2000; n += 1) socket.write(`x-filler-${n}: ${'y'.repeat(50)}\r\n`);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      other.close();
    });
    const { port } = other.address() as { port: number };
    const error = await refusal(open(server, { kind, host: '127.0.0.1', port }, { connectTimeout: 3000 }));
    expect(error.message).toMatch(/the proxy \w+:\/\/127\.0\.0\.1:\d+ (cannot be used|did not connect to)/);
    expect(error.message).toMatch(/Check/);
  });

  test('active mode is refused with the way out', () => {
    const proxy: ProxyOptions = { kind, host: 'p', port: 1 };
    const make = () => connectFtp({ ...clientOptions(server, '/', { mode: 'active' }), proxy });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/mode active cannot go through the proxy .*use mode passive, or proxy "none"/);
  });

  test('a host cannot smuggle anything into the request', async () => {
    const proxy = await startProxy(kind);
    const host = '127.0.0.1 HTTP/1.1\r\nX: y';
    const error = await refusal(open({ ...server, host } as AnyServer, proxy.options));
    expect(error.message).toMatch(/is no host name/);
    expect(proxy.asked).toEqual([]);
  });
});

describe.each(variants(['explicit']))('$title', (variant) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start(variant);
    mkdirSync(join(server.root, 'site'), { recursive: true });
  });
  afterAll(() => server?.stop());

  test.each(KINDS)('a tree goes up and comes down through %s', async (kind) => {
    const proxy = await startProxy(kind, { login: LOGIN });
    const [local, back, state] = [emptyFolder(), emptyFolder(), emptyFolder()];
    const tree = { [`${kind}/a`]: 'a', [`${kind}/b`]: 'b'.repeat(100_000), [`${kind}/c/d`]: 'd' };
    draw(local, tree);
    const through = (direction: 'push' | 'pull', folder: string) => {
      const made = job(server, folder, { direction, include: [`/${kind}/`], delete: 'none' });
      const settings = { ...withLogin(proxy.options), origin: 'test' };
      return { ...made, server: { ...made.server, mode: 'auto' as const, proxy: settings } };
    };
    const up = await perform(through('push', local), state);
    expect(up.problems).toEqual([]);
    expect(up.summary).toMatchObject({ exitCode: 0, uploaded: 3 });
    const down = await perform(through('pull', back), state);
    expect(down.summary).toMatchObject({ exitCode: 0, downloaded: 3 });
    expect(read(back)).toEqual(tree);
    expect(proxy.count()).toBeGreaterThan(8);
  });
});

describe.each(KINDS)('a run through %s', (kind) => {
  test('ends with 5 where the proxy lets nobody in', async () => {
    const server = await start({ name: 'ours', tls: 'none' });
    onTestFinished(() => server.stop());
    const proxy = await startProxy(kind, { login: LOGIN });
    const made = job(server, draw(emptyFolder(), { a: 'a' }), { retries: 1 });
    const settings = { ...withLogin(proxy.options, 'wrong'), origin: 'FERRY_PROXY' };
    const running = perform({ ...made, server: { ...made.server, proxy: settings } }, emptyFolder());
    const message = await running.then(
      ({ summary }) => {
        expect(summary.exitCode).toBe(5);
        return JSON.stringify(summary);
      },
      (error: Error) => error.message,
    );
    expect(message).toMatch(/\(FERRY_PROXY\) does not let us in/);
    // A login that was refused is not tried again and again: that can lock an account.
    expect(proxy.count()).toBe(1);
  });

  test('ends soon, and says why, where the proxy forbids data all at once', async () => {
    const server = await start({ name: 'ours', tls: 'none' });
    onTestFinished(() => server.stop());
    const open_ = await startProxy(kind);
    const remote = open(server, open_.options, { replyTimeout: 60_000, settleTimeout: 200 });
    await remote.open();
    await remote.list(ROOT);
    const forbidding = await startProxy(kind, { refuse: kind === 'http' ? '403 Forbidden' : 2 });
    Object.assign(open_.options, { port: forbidding.options.port });
    const began = performance.now();
    const error = await remote.list(ROOT).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).message).toMatch(/the proxy .* does not connect to .*data ports/);
    // The server may still say something about it; that is not waited for as for any other reply.
    expect(performance.now() - began).toBeLessThan(50_000);
  }, 60_000);
});
