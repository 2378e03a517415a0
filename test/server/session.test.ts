import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { disk } from '../../src/server/filesystem.ts';
import { FtpServer, hashPassword } from '../../src/server/index.ts';
import { dial, drained, folder, Raw, serve } from './raw.ts';

describe('commands', () => {
  test('sent in one packet are answered in order, those behind a transfer after it', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    const socket = await client.passive();
    client.send('PWD\r\nSTOR a\r\nSIZE a\r\nRNFR a\r\nRNTO b\r\nMFMT 20200102030405.678 b\r\nSYST\r\nQUIT\r\n');
    expect(await client.codes(2)).toBe('257 150');
    await sleep(20);
    socket.end('four');
    expect(await client.codes(7)).toBe('226 213 350 250 213 215 221');
    expect(await client.ended()).toBe(true);
    expect(readFileSync(join(served.root, 'b'), 'utf8')).toBe('four');
  });

  test('by the hundreds are all answered', async () => {
    const client = await Raw.login(await serve());
    client.send('NOOP\r\nPWD\r\n'.repeat(2000));
    expect(await client.codes(4000)).toBe('200 257 '.repeat(2000).trim());
  });

  test('cut anywhere into packets are put together', async () => {
    const client = await Raw.login(await serve());
    for (const byte of 'MKD caf\xc3\xa9\r\nPWD\r\n') {
      client.send(byte);
      await sleep(1);
    }
    expect(await client.codes(2)).toBe('257 257');
  });

  test('an ABOR whose LF travels out of band is answered, and nothing behind it is lost', async () => {
    const client = await Raw.login(await serve());
    client.send('ABOR\r');
    expect(await client.reply()).toMatch(/^225/);
    client.send('\xff\xf4\xff\xf2ABOR\r');
    expect(await client.reply()).toMatch(/^225/);
    client.send('ABOR\rNOOP\r\nPWD\r\n');
    expect(await client.codes(3)).toBe('225 200 257');
    client.send('AB');
    client.send('OR\r');
    client.send('\nNOOP\r\nABORT\r\n');
    expect(await client.codes(3)).toBe('225 200 500');
  });

  test('without login are refused, but not those that need none', async () => {
    const client = await Raw.connect(await serve());
    await client.reply();
    for (const command of [
      'LIST',
      'PWD',
      'STOR a',
      'SIZE a',
      'MKD a',
      'STAT /',
      'SITE CHMOD 777 a',
      'HASH a',
      'EPSV',
      'PORT 1',
    ]) {
      expect(await client.say(command), command).toMatch(/^530/);
    }
    expect(await client.say('NOOP')).toMatch(/^200/);
    expect(await client.say('FEAT')).toMatch(/^211-/);
    expect(await client.say('PASS p')).toMatch(/^503/);
  });

  test.each([
    ['WHAT', /^500/],
    ['', /^200/],
    ['RNTO x', /^503/],
    ['TYPE E', /^504/],
    ['MODE Z', /^504/],
    ['STRU R', /^504/],
    ['MODE S', /^200/],
    ['TYPE L 8', /^200/],
    ['DELE', /^501/],
    ['CDUP x', /^501/],
    ['REST x', /^501/],
    ['MFMT yesterday a', /^501/],
    ['MFMT 20200231000000 a', /^501/],
    ['SITE WHAT', /^504/],
    ['SITE __proto__', /^504/],
    ['ACCT x', /^202/],
    ['ALLO 10', /^202/],
    ['HELP STOR', /^214 Syntax: STOR file$/],
    ['HELP', /^214-[\s\S]* MLSD /],
    ['STAT', /^211-[\s\S]*Logged in as u/],
    ['SITE HELP', /^214-[\s\S]*CHMOD/],
    ['EPSV 2', /^522/],
    ['EPSV x', /^501/],
    ['CLNT test', /^200/],
    ['AUTH TLS', /^502/],
    ['PASS p', /^503/],
    ['MKD a\rb', /^553/],
    ['MKD a\0b', /^553/],
  ])('%s', async (command, answer) => {
    const client = await Raw.login(await serve());
    client.send(`${command}\r\n${command === '' ? 'NOOP\r\n' : ''}`);
    expect(await client.reply()).toMatch(answer);
  });

  test('after EPSV ALL: no PASV, no PORT', async () => {
    const client = await Raw.login(await serve());
    expect(await client.say('EPSV ALL')).toMatch(/^200/);
    expect(await client.say('PASV')).toMatch(/^501/);
    expect(await client.say('PORT 127,0,0,1,20,20')).toMatch(/^501/);
    expect(await client.say('EPSV')).toMatch(/^229/);
  });

  test('REIN logs out, USER too', async () => {
    const client = await Raw.login(await serve());
    expect(await client.say('REIN')).toMatch(/^220/);
    expect(await client.say('PWD')).toMatch(/^530/);
    await client.say('USER u');
    expect(await client.say('PASS p')).toMatch(/^230/);
    await client.say('USER u');
    expect(await client.say('PWD')).toMatch(/^530/);
  });
});

describe('hostile input', () => {
  test('a line without end is cut off at 16 KiB', async () => {
    const client = await Raw.login(await serve());
    client.send('x'.repeat(17 * 1024));
    expect(await client.reply()).toMatch(/^500/);
    expect(await client.ended()).toBe(true);
  });

  test('HTTP ends the connection, and no later line of it is carried out', async () => {
    const served = await serve();
    const client = await Raw.connect(served);
    await client.reply();
    client.send('POST / HTTP/1.1\r\nUSER u\r\nPASS p\r\nMKD made\r\n');
    expect(await client.reply()).toMatch(/^421/);
    expect(await client.ended()).toBe(true);
    expect(() => statSync(join(served.root, 'made'))).toThrow();
  });

  test('a TLS hello on a plain connection ends it', async () => {
    const client = await Raw.connect(await serve());
    await client.reply();
    client.send('\x16\x03\x01\x02\x00\x01');
    expect(await client.ended()).toBe(true);
  });

  test('noise ends the connection after a while, and the server goes on', async () => {
    const served = await serve();
    const client = await Raw.connect(served);
    client.socket.write(randomBytes(200_000).fill('\n', 199_000));
    expect(await client.ended()).toBe(true);
    expect(await (await Raw.login(served)).say('NOOP')).toMatch(/^200/);
  });

  test('Telnet commands are taken out, 255 doubled or single is a byte of a name', async () => {
    const client = await Raw.login(await serve());
    client.send('\xff\xfb\x01MK\xff\xf1D a\xff\xffb\xffc\r\n');
    expect(await client.reply()).toBe('257 "/a\xffb\xffc" created.');
  });

  test('a stranger cannot take the place of the client on a passive port', async () => {
    const served = await serve({ host: '0.0.0.0' });
    const client = await Raw.login({ ...served, host: '127.0.0.1' });
    const port = Number(/\|\|\|(\d+)\|/.exec(await client.say('EPSV'))?.[1]);
    const stranger = await dial(port, '127.0.0.1', '127.0.0.2');
    expect(await drained(stranger).catch(() => Buffer.alloc(0))).toHaveLength(0);
    const socket = await dial(port, '127.0.0.1');
    client.send('LIST\r\n');
    expect(await client.reply()).toMatch(/^150/);
    await drained(socket);
    expect(await client.reply()).toMatch(/^226/);
  });

  test('names cannot forge lines of a listing or replies', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a\r\n226 done'), '');
    writeFileSync(join(served.root, '226 real name'), '');
    const client = await Raw.login(served);
    expect(await client.lines('NLST')).toEqual(['226 real name']);
    expect(await client.lines('MLSD')).toHaveLength(1);
    expect(await client.lines('LIST')).toHaveLength(1);
    const status = await client.say('STAT /');
    expect(status.split('\n').slice(1, -1)).toHaveLength(1);
    expect(status).toMatch(/\n213 End$/);
  });
});

describe('paths', () => {
  test('never lead above the home', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    expect(await client.say('CWD ../../..')).toBe('250 "/" is the current folder.');
    expect((await client.fetch('RETR ../../../../../etc/passwd')).reply).toMatch(/^550/);
    expect(await client.say('MKD ../x')).toBe('257 "/x" created.');
    await client.say('CWD x');
    expect(await client.say('CDUP')).toBe('250 "/" is the current folder.');
    expect(await client.say('RMD /')).toMatch(/^550/);
    expect(await client.say('RNFR /')).toMatch(/^550/);
  });

  test('carry every byte, quotes and spaces at both ends', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    for (const name of [' two  spaces ', 'qu"ote', 'caf\xc3\xa9', 'latin1 \xe9 \x80', 'back\\slash', '*[x]?']) {
      expect(await client.say(`MKD ${name}`)).toBe(`257 "/${name.replaceAll('"', '""')}" created.`);
      expect(await client.say(`CWD ${name}`)).toMatch(/^250/);
      await client.say('CDUP');
      expect(await client.lines('NLST')).toContain(name);
      expect(await client.say(`RMD ${name}`)).toMatch(/^250/);
    }
  });
});

describe('names', () => {
  test('are renamed, over files too, deleted, made and removed', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.put('STOR a', 'a');
    await client.put('STOR b', 'b');
    expect(await client.say('RNFR a')).toMatch(/^350/);
    expect(await client.say('RNTO b')).toMatch(/^250/);
    expect(readFileSync(join(served.root, 'b'), 'utf8')).toBe('a');
    expect(await client.say('RNFR a')).toMatch(/^550/);
    expect(await client.say('MKD d')).toMatch(/^257/);
    expect(await client.say('MKD d')).toMatch(/^550 Already/);
    expect(await client.say('MKD no/d')).toMatch(/^550/);
    expect(await client.say('DELE d')).toMatch(/^550/);
    await client.say('RNFR b');
    expect(await client.say('RNTO d')).toMatch(/^550/);
    await client.say('RNFR b');
    expect(await client.say('RNTO d/b')).toMatch(/^250/);
    expect(await client.say('RMD d')).toMatch(/^550 .*empty/);
    expect(await client.say('RMD d/b')).toMatch(/^550/);
    expect(await client.say('DELE d/b')).toMatch(/^250/);
    expect(await client.say('RMD d')).toMatch(/^250/);
  });

  test('a RNFR holds for the next command only', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.put('STOR a', 'a');
    await client.say('RNFR a');
    await client.say('NOOP');
    expect(await client.say('RNTO b')).toMatch(/^503/);
  });

  test('deleting and renaming a link leaves what it leads to', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a'), 'a');
    symlinkSync('a', join(served.root, 'link'));
    const client = await Raw.login(served);
    await client.say('RNFR link');
    await client.say('RNTO other');
    expect(await client.say('DELE other')).toMatch(/^250/);
    expect(await client.lines('NLST')).toEqual(['a']);
  });
});

describe('users', () => {
  test('with a hashed password, and each in a home of its own', async () => {
    const home = folder();
    const users = [
      { name: 'u', password: 'p' },
      { name: 'hashed', password: await hashPassword('pass word é'), home },
    ];
    const served = await serve({ users });
    writeFileSync(join(home, 'mine'), '');
    const word = Buffer.from('pass word é').toString('latin1');
    for (let time = 0; time < 2; time++) {
      const client = await Raw.login(served, 'hashed', word);
      expect(await client.lines('NLST')).toEqual(['mine']);
    }
    await expect(Raw.login(served, 'hashed', 'pass word')).rejects.toThrow('530');
    await expect(Raw.login(served, 'hashed', users[1]!.password)).rejects.toThrow('530');
    await expect(Raw.login(served, 'nobody', 'p')).rejects.toThrow('530');
    await expect(Raw.login(served, 'anonymous', 'p')).rejects.toThrow('530');
  });

  test('anonymous reads, and does nothing else', async () => {
    const root = folder();
    writeFileSync(join(root, 'a'), 'public');
    const server = new FtpServer({ root });
    const { host, port } = await server.listen();
    const client = await Raw.login({ server, root, host, port }, 'anonymous', 'me@example.com');
    expect((await client.fetch('RETR a')).data.toString()).toBe('public');
    for (const command of ['DELE a', 'MKD d', 'RMD d', 'RNFR a', 'SITE CHMOD 777 a', 'MFMT 20200101000000 a']) {
      expect(await client.say(command), command).toMatch(/^550 Not permitted/);
    }
    for (const command of ['STOR a', 'APPE a', 'STOU']) expect(await client.put(command, 'x'), command).toMatch(/^550/);
    await server.close();
  });

  test.each([
    ['e', 'CWD d', /^250/],
    ['l', 'MLST a', /^250/],
    ['l', 'SIZE a', /^213/],
    ['r', 'HASH a', /^213/],
    ['r', 'XCRC a', /^250/],
    ['d', 'DELE a', /^250/],
    ['d', 'RMD d', /^250/],
    ['f', 'RNFR a', /^350/],
    ['m', 'MKD n', /^257/],
    ['M', 'SITE CHMOD 600 a', /^200/],
    ['T', 'MFMT 20200101000000 a', /^213/],
  ])('need %s for %s', async (letter, command, answer) => {
    const all = 'elradfmwMT';
    const users = [
      { name: 'with', password: 'p', permissions: letter },
      { name: 'without', password: 'p', permissions: all.replace(letter, '') },
    ];
    const served = await serve({ users });
    writeFileSync(join(served.root, 'a'), '');
    mkdirSync(join(served.root, 'd'));
    expect(await (await Raw.login(served, 'without')).say(command)).toMatch(/^550 Not permitted/);
    expect(await (await Raw.login(served, 'with')).say(command)).toMatch(answer);
  });

  test.each([
    ['w', 'STOR n'],
    ['a', 'APPE a'],
    ['w', 'STOU'],
    ['r', 'RETR a'],
    ['l', 'LIST'],
    ['l', 'NLST'],
    ['l', 'MLSD'],
  ])('need %s for the transfer %s', async (letter, command) => {
    const users = [
      { name: 'with', password: 'p', permissions: letter },
      { name: 'without', password: 'p', permissions: 'elradfmwMT'.replace(letter, '') },
    ];
    const served = await serve({ users });
    writeFileSync(join(served.root, 'a'), '');
    expect(await (await Raw.login(served, 'without')).put(command, '')).toMatch(/^550 Not permitted/);
    expect(await (await Raw.login(served, 'with')).put(command, '')).toMatch(/^226/);
  });

  test('have other permissions below a folder: the longest path decides', async () => {
    const overrides = [
      { path: '/in', permissions: 'elw' },
      { path: '/in/locked/', permissions: 'el' },
      { path: '/flat', permissions: 'w', recursive: false },
    ];
    const served = await serve({ users: [{ name: 'u', password: 'p', permissions: 'elr', overrides }] });
    for (const path of ['in/locked', 'in/open', 'inside', 'flat/deep']) {
      mkdirSync(join(served.root, path), { recursive: true });
    }
    const client = await Raw.login(served);
    expect(await client.put('STOR in/a', '')).toMatch(/^226/);
    expect(await client.put('STOR in/open/a', '')).toMatch(/^226/);
    expect(await client.put('STOR in/locked/a', '')).toMatch(/^550/);
    expect(await client.put('STOR inside/a', '')).toMatch(/^550/);
    expect(await client.put('STOR flat/a', '')).toMatch(/^226/);
    expect(await client.put('STOR flat/deep/a', '')).toMatch(/^550/);
    expect((await client.fetch('RETR in/a')).reply).toMatch(/^550/);
  });

  test('keep the rules of a folder, though one above it is renamed or put in its place', async () => {
    const overrides = [{ path: '/a/locked/', permissions: 'el' }];
    const served = await serve({ users: [{ name: 'u', password: 'p', overrides }] });
    mkdirSync(join(served.root, 'a/locked'), { recursive: true });
    mkdirSync(join(served.root, 'ab'));
    mkdirSync(join(served.root, 'free/locked'), { recursive: true });
    writeFileSync(join(served.root, 'a/locked/x'), 'x');
    const client = await Raw.login(served);
    expect(await client.say('RNFR a')).toMatch(/^550 .*permissions of its own/);
    expect(await client.say('RNTO b')).toMatch(/^503/);
    expect(await client.say('DELE a/locked/x')).toMatch(/^550/);
    expect(await client.say('RNFR a/locked')).toMatch(/^550/);
    // Others may move, but not to where the rules are.
    for (const [name, target] of [
      ['ab', 'ba'],
      ['free/locked', 'free/open'],
    ]) {
      expect(await client.say(`RNFR ${name}`)).toMatch(/^350/);
      expect(await client.say(`RNTO ${target}`)).toMatch(/^250/);
    }
    expect(await client.say('RNFR ba')).toMatch(/^350/);
    expect(await client.say('RNTO a/locked')).toMatch(/^550/);
  });

  test('that are wrongly set up are refused at once', () => {
    const user = { name: 'u', password: 'p' };
    expect(() => new FtpServer({ users: [user] })).toThrow('no home');
    expect(() => new FtpServer({ root: '/', users: [user, user] })).toThrow('twice');
    expect(() => new FtpServer({ root: '/', users: [{ ...user, permissions: 'elx' }] })).toThrow('"x"');
    expect(() => new FtpServer({ root: '/', passivePorts: [5, 4] })).toThrow('range');
  });
});

describe('limits', () => {
  test('one connection more than allowed is told 421', async () => {
    const served = await serve({ maxConnections: 1 });
    const client = await Raw.login(served);
    const second = await Raw.connect(served);
    expect(await second.reply()).toMatch(/^421 Too many connections/);
    expect(await second.ended()).toBe(true);
    await client.say('QUIT');
    await client.ended();
    await sleep(20);
    expect(await (await Raw.login(served)).say('NOOP')).toMatch(/^200/);
  });

  test('by address, and by user', async () => {
    const users = [{ name: 'u', password: 'p', maxConnections: 1 }];
    const served = await serve({ host: '0.0.0.0', maxConnectionsPerAddress: 2, users });
    const near = { ...served, host: '127.0.0.1' };
    await Raw.login(near);
    await expect(Raw.login(near)).rejects.toThrow('530 Too many connections of this user');
    expect(await (await Raw.connect(near)).reply()).toMatch(/^421/);
    expect(await (await Raw.connect(near, '127.0.0.3')).reply()).toMatch(/^220/);
  });

  test('by user, though all log in at the same moment', async () => {
    // Homes on a slow disk: each login is still under way when the next one begins.
    const realpath = async (path: Parameters<typeof disk.realpath>[0]) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return disk.realpath(path);
    };
    const fileSystem = { ...disk, realpath };
    const served = await serve({ fileSystem, users: [{ name: 'u', password: 'p', maxConnections: 2 }] });
    const clients = await Promise.all(Array.from({ length: 6 }, () => Raw.connect(served)));
    for (const client of clients) {
      await client.reply();
      await client.say('USER u');
    }
    const answers = await Promise.all(clients.map((client) => client.say('PASS p')));
    expect(answers.map((answer) => answer.slice(0, 3)).sort()).toEqual(['230', '230', '530', '530', '530', '530']);
  });

  test('wrong passwords are answered late, later each time, and not for ever', async () => {
    const served = await serve({ loginDelay: 40, maxLoginAttempts: 3 });
    const client = await Raw.connect(served);
    await client.reply();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      await client.say('USER u');
      const started = performance.now();
      expect(await client.say('PASS wrong')).toMatch(attempt < 2 ? /^530/ : /^421/);
      waits.push(performance.now() - started);
    }
    expect(waits[0]).toBeGreaterThan(38);
    expect(waits[1]).toBeGreaterThan(78);
    expect(waits[2]).toBeGreaterThan(158);
    expect(await client.ended()).toBe(true);
  });

  test('silence ends a session, but not during a transfer', async () => {
    const served = await serve({ idleTimeout: 400 });
    const client = await Raw.login(served);
    const socket = await client.passive();
    await client.say('STOR a');
    await sleep(1000);
    socket.end('late');
    expect(await client.reply()).toMatch(/^226/);
    expect(await client.reply()).toMatch(/^421/);
    expect(await client.ended()).toBe(true);
  });

  test('who does not log in is shown the door', async () => {
    const client = await Raw.connect(await serve({ loginTimeout: 60 }));
    expect(await client.reply()).toMatch(/^220/);
    expect(await client.reply()).toMatch(/^421/);
  });

  test('passive ports come from the range, and their lack is told', async () => {
    const probe = await serve();
    await probe.server.close();
    const served = await serve({ passivePorts: [probe.port, probe.port], passiveAddress: '192.0.2.7' });
    const [one, two] = [await Raw.login(served), await Raw.login(served)];
    expect(await one.say('PASV')).toContain(`(192,0,2,7,${probe.port >> 8},${probe.port & 255})`);
    expect(await two.say('EPSV')).toMatch(/^425/);
    await one.say('ABOR');
    expect(await two.say('EPSV')).toContain(`|||${probe.port}|`);
  });
});

describe('the end', () => {
  test('waits for transfers, and tells the idle', async () => {
    const served = await serve();
    const [idle, busy] = [await Raw.login(served), await Raw.login(served)];
    const socket = await busy.passive();
    await busy.say('STOR a');
    const closed = served.server.close(3000);
    expect(await idle.reply()).toMatch(/^421/);
    await sleep(50);
    socket.end('whole');
    expect(await busy.reply()).toMatch(/^226/);
    expect(await busy.reply()).toMatch(/^421/);
    await closed;
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('whole');
    await expect(dial(served.port, served.host)).rejects.toThrow('ECONNREFUSED');
  });

  test('cuts what is not done at the deadline', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.passive();
    await client.say('STOR a');
    const started = performance.now();
    await served.server.close(100);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await client.ended()).toBe(true);
  });

  test('of a server that never listened, or is closed twice, is no error', async () => {
    const server = new FtpServer({ root: folder() });
    await server.close();
    const served = await serve();
    await Promise.all([served.server.close(), served.server.close()]);
  });
});

test('events tell what happened, without passwords', async () => {
  const served = await serve();
  const seen: string[] = [];
  const commands: object[] = [];
  const every: string[] = [];
  served.server.onEvery((name, event) => every.push(`${name} ${JSON.stringify(event)}`));
  for (const name of [
    'connect',
    'login',
    'stored',
    'sent',
    'renamed',
    'deleted',
    'folderMade',
    'folderRemoved',
  ] as const) {
    served.server.on(name, (event) => seen.push(`${name} ${'path' in event ? event.path : ''}`.trim()));
  }
  served.server.on('command', ({ verb, argument, code }) => commands.push({ verb, argument, code }));
  const gone = new Promise((resolve) => served.server.on('disconnect', resolve));
  const client = await Raw.login(served);
  await client.put('STOR caf\xc3\xa9', 'x');
  await client.fetch('RETR caf\xc3\xa9');
  await client.say('RNFR caf\xc3\xa9');
  await client.say('RNTO b');
  await client.say('DELE b');
  await client.say('MKD d');
  await client.say('RMD d');
  await client.say('QUIT');
  expect(await gone).toMatchObject({ user: 'u', bytesReceived: 1, bytesSent: 1 });
  expect(seen).toEqual([
    'connect',
    'login',
    'stored /café',
    'sent /café',
    'renamed /b',
    'deleted /b',
    'folderMade /d',
    'folderRemoved /d',
  ]);
  expect(every.filter((line) => line.startsWith('stored '))).toHaveLength(1);
  expect(every.filter((line) => line.includes('"p"'))).toEqual([]);
  expect(commands[1]).toEqual({ verb: 'PASS', argument: '***', code: 230 });
  expect(commands).toContainEqual({ verb: 'RETR', argument: 'café', code: 226 });
});

test('a listener that throws ends nothing', async () => {
  const served = await serve();
  const problems: string[] = [];
  served.server.on('problem', ({ message }) => problems.push(message));
  served.server.on('login', () => {
    throw new Error('mine');
  });
  expect(await (await Raw.login(served)).say('NOOP')).toMatch(/^200/);
  expect(problems).toEqual(['A listener to "login" threw.']);
});

test('IPv6: EPSV and EPRT work, PASV says why not', async () => {
  const served = await serve({ host: '::1' });
  expect(served.server.url).toBe(`ftp://[::1]:${served.port}`);
  const client = await Raw.login(served);
  expect(await client.say('PASV')).toMatch(/^425/);
  expect(await client.put('STOR a', 'six')).toMatch(/^226/);
  expect(await client.say('EPRT |2|::1|5000|')).toMatch(/^200/);
  expect(await client.say('EPRT |2|0:0:0:0:0:0:0:1|5000|')).toMatch(/^200/);
});

test('IPv4 over a dual-stack listener counts as IPv4', async () => {
  const served = await serve({ host: '::' });
  const client = await Raw.login({ ...served, host: '127.0.0.1' });
  expect(await client.say('PASV')).toMatch(/^227 .*\(127,0,0,1,/);
  expect(await client.put('STOR a', 'four')).toMatch(/^226/);
});

test('a client that vanishes takes nothing with it', async () => {
  const served = await serve();
  for (let count = 0; count < 20; count++) {
    const socket = connect(served.port, served.host);
    socket.on('error', () => {});
    socket.write('USER u\r\nPASS p\r\nEPSV\r\nSTOR a\r\n');
    await sleep(2);
    socket.resetAndDestroy();
  }
  await sleep(50);
  expect(served.server.connections).toBe(0);
});

test('hooks start programs, with the event filled in and no shell in between', async () => {
  const log = join(folder(), 'log');
  const script = `let text=''; process.stdin.on('data', (piece) => text += piece).on('end', () =>
    require('node:fs').appendFileSync(${JSON.stringify(log)}, process.argv[1] + '|' + JSON.parse(text).bytes + '\\n'))`;
  const served = await serve({
    hooks: { stored: [process.execPath, '-e', script, '--', '{user}:{path}:{nothing}'], deleted: ['/no/such/program'] },
  });
  const problem = new Promise<{ message: string }>((resolve) => served.server.once('problem', resolve));
  const client = await Raw.login(served);
  await client.put('STOR $(touch x); a', '12345');
  await client.say('DELE $(touch x); a');
  expect((await problem).message).toContain('/no/such/program');
  await expect.poll(() => readdirSync(join(log, '..'))).toContain('log');
  await expect.poll(() => readFileSync(log, 'utf8')).toBe('u:/$(touch x); a:{nothing}|5\n');
});

test('two hundred clients at once lose nothing', async () => {
  const served = await serve();
  const stored: string[] = [];
  served.server.on('stored', ({ path }) => stored.push(path));
  const clients = await Promise.all(Array.from({ length: 200 }, () => Raw.login(served)));
  await Promise.all(
    clients.map(async (client, number) => {
      for (let round = 0; round < 2; round++) {
        const text = `${number} ${round}`;
        expect(await client.put(`STOR ${text}`, text)).toMatch(/^226/);
        expect((await client.fetch(`RETR ${text}`)).data.toString()).toBe(text);
      }
    }),
  );
  expect(stored).toHaveLength(400);
  expect(readdirSync(served.root)).toHaveLength(400);
});
