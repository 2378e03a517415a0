import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { promisify } from 'node:util';
import { Client } from 'basic-ftp';
import { describe, expect, test } from 'vitest';
import type { TlsOptions } from '../../src/server/index.ts';
import { drained, Raw, type Served, serve, tlsFiles } from './raw.ts';

const run = promisify(execFile);
const secure = (options: Partial<TlsOptions> = {}) => serve({ tls: { ...tlsFiles(), ...options } });

async function upgraded(served: Served, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<Raw> {
  const client = await Raw.connect(served);
  await client.reply();
  expect(await client.say('AUTH TLS')).toMatch(/^234/);
  await client.startTls(version);
  await client.say('USER u');
  expect(await client.say('PASS p')).toMatch(/^230/);
  await client.say('PBSZ 0');
  expect(await client.say('PROT P')).toMatch(/^200/);
  await client.say('TYPE I');
  return client;
}

/** Sends a listing's or file's command and reads the data connection, under TLS. */
async function fetchOver(
  client: Raw,
  command: string,
  session?: Buffer,
  maxVersion?: SecureVersion,
): Promise<{ text: string; reply: string }> {
  const plain = await client.passive();
  const socket = connectTls({
    socket: plain,
    rejectUnauthorized: false,
    ...(session === undefined ? {} : { session }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
  socket.on('error', () => {});
  client.send(`${command}\r\n`);
  const data = await drained(socket).catch(() => Buffer.alloc(0));
  expect(await client.reply()).toMatch(/^150/);
  return { text: data.toString(), reply: await client.reply() };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  test('protects control and data', async () => {
    const served = await secure({ maxVersion: version });
    const bytes = randomBytes(700_000).toString('hex');
    const client = new Client(5000);
    await client.access({
      ...served,
      user: 'u',
      password: 'p',
      secure: true,
      secureOptions: { rejectUnauthorized: false },
    });
    await client.uploadFrom(Readable.from([bytes]), 'a');
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe(bytes);
    expect((await client.list()).map(({ name }) => name)).toEqual(['a']);
    client.close();
  });

  test('resumes its session on data connections, which can be demanded', async () => {
    const served = await secure({ requireSessionReuse: true });
    const client = await upgraded(served, version);
    expect((await fetchOver(client, 'NLST', undefined, version)).reply).toMatch(/^522/);
    const resumed = await fetchOver(client, 'NLST', client.session, version);
    expect(resumed.reply).toMatch(/^226/);
  });

  test('where it is demanded, the session of another control connection does not count', async () => {
    const served = await secure({ requireSessionReuse: true });
    const [mine, anothers] = [await upgraded(served, version), await upgraded(served, version)];
    expect((await fetchOver(mine, 'NLST', anothers.session, version)).reply).toMatch(/^522/);
    expect((await fetchOver(mine, 'NLST', mine.session, version)).reply).toMatch(/^226/);
  });

  test('with curl, session reuse demanded', async () => {
    const served = await secure({ requireSessionReuse: true, required: true });
    const bytes = randomBytes(300_000);
    writeFileSync(join(served.root, 'a'), bytes);
    const limits = ['--tls-max', version.slice(4)];
    const { stdout } = await run(
      'curl',
      ['-sS', '--ssl-reqd', '-k', ...limits, `ftp://u:p@${served.host}:${served.port}/a`],
      {
        encoding: 'buffer',
      },
    );
    expect(stdout.equals(bytes)).toBe(true);
  });
});

test('a data connection whose hello comes before the command is answered at once', async () => {
  const client = await upgraded(await secure());
  const socket = connectTls({ socket: await client.passive(), rejectUnauthorized: false });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  client.send('NLST\r\n');
  await drained(socket);
  expect(await client.codes(2)).toBe('150 226');
});

test('a data connection without TLS is refused 425 after PROT P', async () => {
  const client = await upgraded(await secure());
  const plain = await client.passive();
  client.send('STOR a\r\n');
  plain.end('not a hello');
  expect(await client.codes(2)).toBe('150 425');
  expect(await client.say('SIZE a')).toMatch(/^550/);
});

test('PROT C makes data plain again', async () => {
  const served = await secure();
  const client = await upgraded(served);
  expect(await client.say('PROT C')).toMatch(/^200/);
  expect(await client.put('STOR a', 'plain')).toMatch(/^226/);
});

test('commands in one packet with AUTH TLS end the connection', async () => {
  const served = await secure();
  const logins: unknown[] = [];
  served.server.on('login', (event) => logins.push(event));
  for (const injected of ['USER u\r\nPASS p\r\n', 'US']) {
    const client = await Raw.connect(served);
    await client.reply();
    client.send(`AUTH TLS\r\n${injected}`);
    expect(await client.reply()).toMatch(/^421/);
    expect(await client.ended()).toBe(true);
  }
  expect(logins).toEqual([]);
});

test('the order and the words of protection are kept', async () => {
  const client = await Raw.connect(await secure());
  await client.reply();
  expect(await client.say('PBSZ 0')).toMatch(/^503/);
  expect(await client.say('PROT P')).toMatch(/^503/);
  expect(await client.say('AUTH KERBEROS')).toMatch(/^504/);
  await client.say('AUTH TLS');
  await client.startTls();
  expect(await client.say('AUTH TLS')).toMatch(/^503/);
  expect(await client.say('PROT P')).toMatch(/^503/);
  expect(await client.say('PBSZ 0')).toMatch(/^200/);
  expect(await client.say('PROT S')).toMatch(/^536/);
  expect(await client.say('PROT X')).toMatch(/^504/);
});

test('where TLS is required, neither login nor data go without', async () => {
  const served = await secure({ required: true });
  const plain = await Raw.connect(served);
  await plain.reply();
  expect(await plain.say('USER u')).toMatch(/^530/);
  const client = await upgraded(served);
  expect(await client.say('PROT C')).toMatch(/^534/);
  const unprotected = await Raw.connect(served);
  await unprotected.reply();
  await unprotected.say('AUTH TLS');
  await unprotected.startTls();
  await unprotected.say('USER u');
  await unprotected.say('PASS p');
  await unprotected.say('EPSV');
  expect(await unprotected.say('LIST')).toMatch(/^521/);
});

test('implicit TLS speaks TLS from the first byte', async () => {
  const served = await secure({ implicit: true });
  expect(served.server.url).toMatch(/^ftps:/);
  const client = new Client(5000);
  await client.access({
    ...served,
    user: 'u',
    password: 'p',
    secure: 'implicit',
    secureOptions: { rejectUnauthorized: false },
  });
  await client.uploadFrom(Readable.from(['implicit']), 'a');
  expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('implicit');
  client.close();
});

test('a login before AUTH TLS is forgotten', async () => {
  const served = await secure();
  const client = await Raw.login(served);
  await client.say('AUTH TLS');
  await client.startTls();
  expect(await client.say('PWD')).toMatch(/^530/);
});

describe('CCC', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('goes back to plain text, data stay protected, %s', async (version) => {
    const served = await secure({ allowClear: true, maxVersion: version });
    const client = await upgraded(served, version);
    expect(await client.say('CCC')).toMatch(/^200/);
    const plain = client.underTls!;
    await new Promise<void>((resolve) => client.socket.end(resolve));
    client.listenTo(plain);
    expect(await client.say('PWD')).toMatch(/^257/);
    client.send('NOOP\r\nPWD\r\n');
    expect(await client.codes(2)).toBe('200 257');
    expect((await fetchOver(client, 'NLST')).reply).toMatch(/^226/);
    expect(await client.say('QUIT')).toMatch(/^221/);
    expect(await client.ended()).toBe(true);
  });

  test.each(['passive', 'active'])('with curl, %s', async (mode) => {
    const served = await secure({ allowClear: true });
    const bytes = randomBytes(300_000);
    writeFileSync(join(served.root, 'a'), bytes);
    const secured: (readonly [string, boolean])[] = [];
    served.server.on('command', ({ verb, secure }) => secured.push([verb, secure]));
    const ccc = ['--ftp-ssl-ccc', '--ftp-ssl-ccc-mode', mode];
    const url = `ftp://u:p@${served.host}:${served.port}/a`;
    const { stdout } = await run('curl', ['-sS', '--ssl-reqd', '-k', ...ccc, url], { encoding: 'buffer' });
    expect(stdout.equals(bytes)).toBe(true);
    expect(secured).toContainEqual(['PASS', true]);
    expect(secured).toContainEqual(['RETR', false]);
  });

  test('is refused unless allowed', async () => {
    const client = await upgraded(await secure());
    expect(await client.say('CCC')).toMatch(/^534/);
    expect(await (await Raw.login(await secure({ allowClear: true }))).say('CCC')).toMatch(/^533/);
  });
});

test.each([false, true])(
  'a client that resets its TLS connection takes nothing with it (CCC allowed: %s)',
  async (allowClear) => {
    const served = await secure({ allowClear });
    for (let count = 0; count < 5; count++) {
      const client = await upgraded(served);
      await client.passive();
      client.send('LIST\r\nPWD\r\n');
      client.underTls!.resetAndDestroy();
    }
    await expect.poll(() => served.server.connections).toBe(0);
    expect(await (await upgraded(served)).say('NOOP')).toMatch(/^200/);
  },
);
