// What a hostile client may try: nothing outside the home is touched or told, and the server goes on serving the others.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { disk, FtpServer } from '../../src/server/index.ts';
import { grown } from './others.ts';
import { dial, drained, folder, Raw, type Served, serve, tlsFiles } from './raw.ts';

/** A server on `home` within a folder whose other contents must stay as they are and stay unknown. */
async function fenced(): Promise<{ served: Served; outside: () => unknown }> {
  const around = folder();
  const root = join(around, 'home');
  mkdirSync(root);
  mkdirSync(join(around, 'home-of-another'));
  writeFileSync(join(around, 'home-of-another/canary'), 'CANARY');
  writeFileSync(join(around, 'canary'), 'CANARY');
  symlinkSync(around, join(root, 'up'));
  symlinkSync(join(around, 'canary'), join(root, 'file'));
  const served = await serve({ root });
  const outside = () => [
    readdirSync(around).sort().join(),
    readFileSync(join(around, 'canary'), 'utf8'),
    grown(join(around, 'home-of-another')),
  ];
  return { served, outside };
}

const untouched = ['canary,home,home-of-another', 'CANARY', { canary: 'CANARY' }];

describe('by default', () => {
  test('only this machine can reach it, and nobody without a password may write', async () => {
    const server = new FtpServer({ root: folder() });
    onTestFinished(() => server.close(0));
    const served = { server, root: '', ...(await server.listen()) };
    expect(served.host).toBe('127.0.0.1');
    const client = await Raw.login(served, 'anonymous', 'me@');
    for (const command of ['STOR a', 'APPE a', 'STOU']) expect(await client.put(command, 'x'), command).toMatch(/^550/);
    for (const command of ['MKD a', 'DELE a', 'RMD a', 'RNFR a', 'SITE CHMOD 777 .', 'MFMT 20200101000000 .'])
      expect(await client.say(command), command).toMatch(/^550/);
  });
});

test('no way of writing a path leads out of the home, with any command', async () => {
  const { served, outside } = await fenced();
  const client = await Raw.login(served);
  const ways = [
    '../canary',
    '/../canary',
    '../../../../../../../../etc/passwd',
    './/..//../canary',
    'up/canary',
    'up/../canary',
    '/up/home-of-another/canary',
    '../home-of-another/canary',
    '..\\canary',
    '%2e%2e/canary',
    '..\u00c0\u00afcanary',
    '~/canary',
    '~root/canary',
    'file',
    '..',
    '../',
    '/..',
    `${'../'.repeat(500)}canary`,
  ];
  for (const way of ways) {
    for (const verb of ['RETR', 'MLSD', 'LIST', 'NLST']) {
      const { data } = await client.fetch(`${verb} ${way}`);
      expect(data.toString('latin1'), `${verb} ${way}`).not.toMatch(/CANARY|root:|home-of-another|ferry-server-/);
    }
    for (const verb of ['STOR', 'APPE']) await client.put(`${verb} ${way}`, 'OVERWRITTEN');
    for (const verb of ['DELE', 'RMD', 'MKD', 'HASH', 'MFMT 20200101000000', 'SITE CHMOD 777', 'STAT', 'MLST'])
      expect(await client.say(`${verb} ${way}`), `${verb} ${way}`).not.toMatch(/CANARY|home-of-another|ferry-server-/);
    await client.say(`RNFR ${way}`);
    await client.say('RNTO taken');
    await client.put('STOR mine', 'x');
    await client.say('RNFR mine');
    await client.say(`RNTO ${way}`);
    await client.say('CWD /');
    if ((await client.say(`CWD ${way}`)).startsWith('250')) {
      expect(await client.say('PWD')).toMatch(/^257 "\/[^.]*"/);
      expect((await client.fetch('LIST')).data.toString()).not.toMatch(/home-of-another|CANARY/);
      await client.say('CWD /');
    }
    expect(outside(), way).toEqual(untouched);
  }
});

test('NUL, CR and LF in a name are refused, and start no command of their own', async () => {
  const { served, outside } = await fenced();
  const client = await Raw.login(served);
  for (const verb of ['MKD', 'STOR', 'DELE', 'CWD', 'RNFR', 'SIZE', 'MLST'])
    expect(await client.say(`${verb} a\0b`), verb).toMatch(/^(?:553|425)/);
  client.send('MKD a\rDELE b\r\n');
  expect(await client.reply()).toMatch(/^553/);
  expect(outside()).toEqual(untouched);
});

test('a client that has gone before its listing begins is not waited for', async () => {
  let gone = () => {};
  const going = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const readdir: typeof disk.readdir = async (path) => {
    await going;
    // Its end is in the kernel; the server gets to see it.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    return await disk.readdir(path);
  };
  const client = await Raw.login(await serve({ fileSystem: { ...disk, readdir } }));
  client.socket.once('finish', () => gone());
  client.socket.end('EPSV\r\nNLST\r\nQUIT\r\n');
  expect(await client.codes(4)).toBe('229 150 425 221');
  expect(await client.ended()).toBe(true);
});

test('anything at all: the server answers or hangs up, and others are served as before', async () => {
  const { served, outside } = await fenced();
  const verb = fc.constantFrom(
    ...'USER PASS ACCT CWD XCWD CDUP MKD RMD DELE RNFR RNTO LIST NLST MLSD MLST STAT SIZE MDTM MFMT MFF SITE REST RANG'.split(
      ' ',
    ),
    ...'RETR STOR STOU APPE ALLO ABOR TYPE MODE STRU PASV EPSV PORT EPRT FEAT OPTS HELP SYST NOOP HASH XCRC AUTH PBSZ'.split(
      ' ',
    ),
    ...'PROT CCC REIN'.split(' '),
  );
  const word = fc.oneof(
    fc.constantFrom(
      '/',
      '..',
      'a',
      '-R',
      '-la',
      '*',
      '[',
      '[z-a]',
      '99999999999999',
      '-1',
      '0',
      'CHMOD 777 a',
      'UTIME',
      'MLST',
      '',
    ),
    fc.constantFrom(
      '|1|127.0.0.1|65535|',
      '|2|::1|1|',
      '127,0,0,1,255,255',
      '1,2,3,4,5,6',
      '20240230000000 a',
      '20240101000000 a',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const line = fc.tuple(verb, fc.array(word, { maxLength: 3 })).map(([name, words]) => [name, ...words].join(' '));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 25 }), async (lines) => {
      const client = await Raw.login(served);
      // In one packet and without waiting. The last word is NOOP, in case nobody has said otherwise.
      client.socket.write(Buffer.from(`${lines.join('\r\n')}\r\nQUIT\r\n`, 'latin1'));
      // What waits for a data connection that does not come ends with its client.
      client.socket.end();
      expect(await client.ended(20_000)).toBe(true);
      expect(outside()).toEqual(untouched);
    }),
    { numRuns: 30 },
  );
  const honest = await Raw.login(served);
  expect(await honest.put('STOR honest', 'bytes')).toMatch(/^226/);
});

describe('memory and time', () => {
  test('a client that asks and never reads is made to wait', async () => {
    const served = await serve();
    const greedy = connect(served.port, served.host);
    onTestFinished(() => greedy.destroy() as never);
    greedy.pause();
    greedy.on('error', () => {});
    const answered: string[] = [];
    served.server.on('command', ({ verb }) => void answered.push(verb));
    const asked = 40_000;
    greedy.write('HELP\r\n'.repeat(asked));
    // Until no more is answered, at four looks in a row: what the system's buffers and ours hold is far less than was asked for.
    let before = 0;
    for (let same = 0; same < 4; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      same = answered.length === before && before > 0 ? same + 1 : 0;
      before = answered.length;
    }
    expect(before).toBeLessThan(asked / 2);
    // Once it reads, it gets every answer.
    let text = '';
    greedy.resume();
    greedy.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    greedy.write('QUIT\r\n');
    await new Promise((resolve) => greedy.once('close', resolve));
    expect(text.match(/^214 /gm)).toHaveLength(asked);
    expect(text).toMatch(/221 [^\r]*\r\n$/);
  });

  test('a pattern made to take for ever takes no time', async () => {
    const served = await serve();
    for (let n = 0; n < 50; n++) writeFileSync(join(served.root, `${'a'.repeat(240)}${n}`), '');
    const client = await Raw.login(served);
    const begun = process.cpuUsage().user;
    expect(await client.lines(`NLST ${'*a'.repeat(60)}*b`)).toEqual([]);
    expect((process.cpuUsage().user - begun) / 1e6).toBeLessThan(5);
    expect(await client.lines(`NLST ${'*a'.repeat(60)}*[4-5]9`)).toHaveLength(1);
  });

  test('connections that never speak are counted, and ended', async () => {
    const served = await serve({ maxConnectionsPerAddress: 20, loginTimeout: 2000 });
    const silent: Socket[] = [];
    for (let n = 0; n < 20; n++) silent.push(await dial(served.port, served.host));
    const late = await Raw.connect(served);
    expect(await late.reply()).toMatch(/^421 .*from this address/);
    await Promise.all(silent.map((socket) => drained(socket)));
    expect(await (await Raw.login(served)).say('NOOP')).toMatch(/^200/);
  });
});

describe('passwords', () => {
  test('who does not exist is answered as who does, however the password is kept', async () => {
    const served = await serve({ maxLoginAttempts: 10 });
    const client = await Raw.connect(served);
    await client.reply();
    const answers = new Set<string>();
    for (const name of ['u', 'nobody', '__proto__', 'constructor', 'a'.repeat(5000)])
      answers.add(`${await client.say(`USER ${name}`)} ${await client.say('PASS wrong')}`);
    expect([...answers]).toEqual(['331 Send the password. 530 Wrong name or password.']);
  });

  test('guessing by many connections at once is not quicker: the wait is that of the address', async () => {
    const served = await serve({ loginDelay: 40, maxLoginAttempts: 1 });
    const begun = performance.now();
    const guesses = Array.from({ length: 6 }, async () => {
      const client = await Raw.connect(served);
      await client.reply();
      await client.say('USER u');
      return await client.say('PASS wrong');
    });
    for (const answer of await Promise.all(guesses)) expect(answer).toMatch(/^421/);
    // 40, 80, 160, ... ms: the sixth waits 1,280.
    expect(performance.now() - begun).toBeGreaterThan(1200);
  });
});

describe('a stolen data connection', () => {
  test('what comes before TLS on a protected data connection ends it', async () => {
    const served = await serve({ tls: tlsFiles() });
    const client = await Raw.connect(served);
    await client.reply();
    await client.say('AUTH TLS');
    await client.startTls();
    for (const command of ['USER u', 'PASS p', 'PBSZ 0', 'PROT P']) await client.say(command);
    const socket = await client.passive();
    client.send('STOR a\r\n');
    socket.write(randomBytes(1000).fill('plain'));
    expect(await client.reply()).toMatch(/^150/);
    expect(await client.reply()).toMatch(/^425 No TLS on the data connection: wrong version number/);
    expect(grown(served.root)).toEqual({});
  });
});
