// The real servers themselves: each starts, knows its login and no other, keeps its files where the tests look for
// them, and leaves nothing behind. What fails here would otherwise look like a fault of Ferry's everywhere else.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { availableServers, freePortRange, type RealServer, type StartOptions, startServer } from './index.ts';
import { descendants, isRunning } from './processes.ts';
import { RawClient } from './raw-client.ts';
import type { ServerName } from './real-server.ts';

const servers = availableServers();
const runnable = servers.filter(({ available }) => available).map(({ name }) => name);
const leftOut = servers.filter(({ available }) => !available);

// What the servers say of themselves, so that a test elsewhere may rely on it.
const features: Record<ServerName, { has: string[]; lacks: string[] }> = {
  vsftpd: { has: ['MDTM', 'SIZE', 'UTF8', 'REST STREAM'], lacks: ['MLS', 'MFMT', 'HASH'] },
  proftpd: { has: ['MLST', 'MFMT', 'HASH', 'XSHA256', 'MDTM', 'SIZE', 'UTF8'], lacks: ['PRET'] },
  'pure-ftpd': { has: ['MLST', 'MLSD', 'MFMT', 'MDTM', 'SIZE', 'UTF8'], lacks: ['HASH'] },
  pyftpdlib: { has: ['MLST', 'MFMT', 'MDTM', 'SIZE', 'UTF8'], lacks: ['HASH'] },
};

const open: { close(): void }[] = [];
const started: RealServer[] = [];

async function start(name: ServerName, options: StartOptions): Promise<RealServer> {
  const server = await startServer(name, options);
  started.push(server);
  return server;
}

async function client(server: RealServer): Promise<RawClient> {
  const raw = await RawClient.open(server);
  open.push(raw);
  return raw;
}

afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  for (const server of started.splice(0)) await server.stop();
});

test('every server the tests know is there', ({ skip }) => {
  const reasons = leftOut.map(({ name, why }) => `${name}: ${why}`);
  if (process.env.CI) expect(reasons).toEqual([]);
  if (reasons.length > 0) {
    console.warn(`left out: ${reasons.join('; ')}`);
    skip(reasons.join('; '));
  }
});

const cases = runnable.flatMap((name) => (['none', 'explicit', 'implicit'] as const).map((tls) => ({ name, tls })));

describe.each(cases.filter(({ name, tls }) => !(name === 'pure-ftpd' && tls === 'implicit')))(
  '$name, TLS $tls',
  ({ name, tls }) => {
    test('answers its login', async () => {
      const server = await start(name, { tls });
      const raw = await client(server);
      expect(await raw.login()).toMatchObject({ code: 230 });
      expect(await raw.command('NOOP')).toMatchObject({ code: 200 });
      expect((await raw.command('PWD')).text).toContain('"/"');
    });

    // Pure-FTPd takes seconds over it, so it is asked only once.
    if (name !== 'pure-ftpd' || tls === 'none') {
      test('refuses a wrong password', async () => {
        const server = await start(name, { tls });
        expect(await (await client(server)).login('wrong')).toMatchObject({ code: 530 });
      });
    }

    test('stores a file in its root, and reads and overwrites one that the tests have put there', async () => {
      const server = await start(name, { tls });
      const raw = await client(server);
      await raw.login();
      expect((await raw.transfer('STOR ünï.txt', 'hello')).reply, server.log()).toMatchObject({ code: 226 });
      expect(readFileSync(join(server.root, 'ünï.txt'), 'utf8')).toBe('hello');
      writeFileSync(join(server.root, 'local.txt'), 'from the test');
      expect((await raw.transfer('RETR local.txt')).data.toString()).toBe('from the test');
      expect((await raw.transfer('STOR local.txt', 'from the login')).reply).toMatchObject({ code: 226 });
      expect(readFileSync(join(server.root, 'local.txt'), 'utf8')).toBe('from the login');
    });

    test('stops while a client is connected, leaving no process and no file', async () => {
      const server = await start(name, { tls });
      const raw = await client(server);
      await raw.login();
      const processes = [server.pid, ...descendants(server.pid)].filter(isRunning);
      expect(processes).toContain(server.pid);
      if (name !== 'pyftpdlib') expect(processes.length).toBeGreaterThan(1);
      await server.stop();
      expect(processes.filter(isRunning)).toEqual([]);
      expect(existsSync(server.root)).toBe(false);
      const pam = existsSync('/etc/pam.d') ? readdirSync('/etc/pam.d') : [];
      expect(pam.filter((file) => file.startsWith(`ferry-test-vsftpd-${process.pid}-`))).toEqual([]);
    });
  },
);

describe.each(runnable)('%s', (name) => {
  test('offers the commands that tests rely on', async () => {
    const server = await start(name, {});
    const raw = await client(server);
    await raw.login();
    const { text } = await raw.command('FEAT');
    for (const feature of features[name].has) expect(text).toContain(`\n ${feature}`);
    for (const feature of features[name].lacks) expect(text).not.toContain(`\n ${feature}`);
  });

  test('shows files that begin with a dot', async () => {
    const server = await start(name, {});
    const raw = await client(server);
    await raw.login();
    writeFileSync(join(server.root, '.hidden'), '');
    expect((await raw.transfer('LIST -a')).data.toString()).toContain(' .hidden');
    if (name !== 'vsftpd') expect((await raw.transfer('MLSD')).data.toString()).toContain(' .hidden');
  });

  test('uses the passive ports and the address it is told to', async () => {
    const [first, last] = await freePortRange(10);
    const server = await start(name, { passivePorts: [first, last], masquerade: '192.0.2.7' });
    const raw = await client(server);
    await raw.login();
    const { text } = await raw.command('PASV');
    const [, address, high, low] = /\((\d+,\d+,\d+,\d+),(\d+),(\d+)\)/.exec(text)!;
    expect(address).toBe('192,0,2,7');
    const port = Number(high) * 256 + Number(low);
    expect(port).toBeGreaterThanOrEqual(first);
    expect(port).toBeLessThanOrEqual(last);
  });

  test('takes fifty clients at once from one address', async () => {
    const server = await start(name, {});
    const all = await Promise.all(Array.from({ length: 50 }, () => client(server)));
    const answers = await Promise.all(all.map((one) => one.login()));
    expect(answers.filter(({ code }) => code !== 230)).toEqual([]);
  });

  test('refuses one client more than it may take', async () => {
    const server = await start(name, { maxClients: 2 });
    for (let count = 1; count <= 2; count += 1) {
      // The place of the connection that found the server ready may take a moment to come free.
      await expect
        .poll(() =>
          client(server)
            .then((raw) => raw.login())
            .then(
              ({ code }) => code,
              () => 0,
            ),
        )
        .toBe(230);
    }
    await sleep(50);
    const third = await client(server)
      .then((raw) => raw.login())
      .catch(() => ({ code: 421 }));
    expect([421, 530]).toContain(third.code);
  });

  test('refuses a login without TLS when it requires TLS', async () => {
    const server = await start(name, { tls: 'explicit', requireTls: true });
    const plain = await client({ ...server, tls: 'none' });
    // Some answer and some hang up.
    const refused = await plain.login().catch(() => ({ code: 530 }));
    expect(refused.code).toBeGreaterThanOrEqual(400);
    expect(await (await client(server)).login()).toMatchObject({ code: 230 });
  });

  test('serves a folder that the test has brought, and leaves it there', async () => {
    const outer = await start(name, {});
    const server = await start(name, { root: outer.root });
    writeFileSync(join(outer.root, 'mine'), 'kept');
    const raw = await client(server);
    await raw.login();
    expect((await raw.transfer('RETR mine')).data.toString()).toBe('kept');
    await server.stop();
    expect(readFileSync(join(outer.root, 'mine'), 'utf8')).toBe('kept');
  });
});

describe.runIf(runnable.includes('vsftpd'))('vsftpd and TLS sessions', () => {
  test('refuses a data connection whose TLS session is not that of the control connection', async () => {
    const server = await start('vsftpd', { tls: 'explicit' });
    const raw = await client(server);
    raw.reuseSession = false;
    await raw.login();
    const { code } = await raw.transfer('STOR fresh', 'x').then(
      ({ reply }) => reply,
      () => ({ code: 522 }),
    );
    expect(code).toBe(522);
  });
});
