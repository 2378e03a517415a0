import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { disk, type FileSystem, type OpenFile } from '../../src/server/index.ts';
import { drained, Raw, serve } from './raw.ts';

describe('a file', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 1_500_000])('of %i bytes comes back as it was sent', async (size) => {
    const served = await serve();
    const client = await Raw.login(served);
    const bytes = randomBytes(size);
    expect(await client.put('STOR a', bytes)).toMatch(/^226/);
    expect(readFileSync(join(served.root, 'a')).equals(bytes)).toBe(true);
    const { data, reply } = await client.fetch('RETR a');
    expect(reply).toMatch(/^226/);
    expect(data.equals(bytes)).toBe(true);
  });

  test('that is replaced keeps nothing of its old bytes', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a'), 'a longer text than the new one');
    const client = await Raw.login(served);
    await client.put('STOR a', 'short');
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('short');
  });

  test('is appended to by APPE, and resumed by REST', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.put('STOR a', 'abcdef');
    await client.put('APPE a', 'ghi');
    expect(await client.say('SIZE a')).toBe('213 9');
    expect(await client.say('REST 4')).toMatch(/^350/);
    expect(await client.put('STOR a', 'EFGHI')).toMatch(/^226/);
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('abcdEFGHI');
    await client.say('REST 7');
    expect((await client.fetch('RETR a')).data.toString()).toBe('HI');
    expect((await client.fetch('RETR a')).data.toString()).toBe('abcdEFGHI');
    await client.say('REST 10');
    expect((await client.fetch('RETR a')).reply).toMatch(/^554/);
    await client.say('REST 10');
    expect(await client.put('STOR a', 'x')).toMatch(/^554/);
  });

  test('is sent in part by RANG', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a'), '0123456789');
    const client = await Raw.login(served);
    await client.say('RANG 2 4');
    expect((await client.fetch('RETR a')).data.toString()).toBe('234');
  });

  test.each(['passive', 'active'])(
    'is sent whole to a client that has ended its own side, in %s mode',
    async (mode) => {
      const served = await serve();
      const bytes = randomBytes(20_000_000);
      writeFileSync(join(served.root, 'a'), bytes);
      const client = await Raw.login(served);
      let data: Promise<Buffer>;
      if (mode === 'passive') {
        const socket = await client.passive();
        socket.end();
        data = drained(socket);
      } else {
        const listener = createServer({ allowHalfOpen: true });
        onTestFinished(() => void listener.close());
        await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
        data = new Promise((resolve) => {
          listener.once('connection', (socket) => resolve(drained(socket.end() as Socket)));
        });
        await client.say(`EPRT |1|127.0.0.1|${(listener.address() as { port: number }).port}|`);
      }
      expect(await client.say('RETR a')).toMatch(/^150/);
      expect((await data).equals(bytes)).toBe(true);
      expect(await client.reply()).toMatch(/^226/);
    },
  );

  test('gets a name of its own by STOU', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    const socket = await client.passive();
    const name = /^150 FILE: (\S+)$/.exec(await client.say('STOU'))?.[1];
    socket.end('unique');
    expect(await client.reply()).toMatch(/^226/);
    expect(readFileSync(join(served.root, name!), 'utf8')).toBe('unique');
  });

  test('is converted in ASCII mode, over chunk borders, and comes back the same', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.say('TYPE A');
    const socket = await client.passive();
    await client.say('STOR a');
    for (const piece of ['one\r', '\ntwo\r\n', 'bare\rcr', '\r', '\r', '\nend\r']) {
      socket.write(piece);
      await sleep(10);
    }
    socket.end();
    expect(await client.reply()).toMatch(/^226/);
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('one\ntwo\nbare\rcr\r\nend\r');
    expect((await client.fetch('RETR a')).data.toString()).toBe('one\r\ntwo\r\nbare\rcr\r\r\nend\r');
    expect(await client.say('SIZE a')).toMatch(/^550/);
    expect(await client.say('REST 1')).toMatch(/^501/);
  });

  test('that is a folder, a device or not there is refused before any data', async () => {
    const served = await serve();
    const client = await Raw.login(served);
    await client.say('MKD d');
    expect((await client.fetch('RETR d')).reply).toMatch(/^550/);
    expect((await client.fetch('RETR nothing')).reply).toMatch(/^550/);
    expect(await client.put('STOR d', 'x')).toMatch(/^550/);
    expect(await client.put('STOR no/such/folder', 'x')).toMatch(/^550/);
    expect(await client.put('STOR /', 'x')).toMatch(/^550/);
    expect(await client.say('RETR x')).toMatch(/^425/);
  });
});

describe('a transfer that breaks', () => {
  test('is given up at once when its client ends before it has made the data connection', async () => {
    const served = await serve();
    const leaving = await Raw.login(served);
    await leaving.say('EPSV');
    expect(await leaving.say('STOR a')).toMatch(/^150/);
    leaving.socket.end();
    await sleep(200);
    const client = await Raw.login(served);
    expect(await client.put('STOR a', 'mine now')).toMatch(/^226/);
  });

  test('leaves what had arrived, so that it can be resumed, and says 426', async () => {
    const served = await serve();
    const incomplete: unknown[] = [];
    served.server.on('incompleteStored', (event) => incomplete.push(event));
    const client = await Raw.login(served);
    const socket = await client.passive();
    await client.say('STOR a');
    socket.write(randomBytes(100_000));
    await sleep(50);
    socket.resetAndDestroy();
    expect(await client.reply()).toMatch(/^426/);
    expect(await client.say('SIZE a')).toBe('213 100000');
    expect(incomplete).toMatchObject([{ path: '/a', bytes: 100_000 }]);
    expect(await client.say('NOOP')).toMatch(/^200/);
  });

  test('is answered 426 and 226 when ABOR cuts it', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a'), Buffer.alloc(20_000_000));
    const client = await Raw.login(served);
    const socket = await client.passive();
    expect(await client.say('RETR a')).toMatch(/^150/);
    client.send('\xff\xf4\xff\xf2ABOR\r\nNOOP\r\n');
    expect(await client.codes(3)).toBe('426 226 200');
    socket.destroy();
    expect(await client.say('ABOR')).toMatch(/^225/);
  });

  test('is cut by an ABOR that came in one packet with it', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a'), 'x');
    const client = await Raw.login(served);
    await client.passive();
    client.send('RETR a\r\nABOR\r\nNOOP\r\n');
    expect(await client.codes(4)).toBe('150 426 226 200');
  });

  test('before it began leaves the old file, and makes no new one', async () => {
    const served = await serve({ connectTimeout: 50 });
    writeFileSync(join(served.root, 'old'), 'old bytes');
    const client = await Raw.login(served);
    for (const name of ['old', 'new']) {
      await client.say('EPSV');
      client.send(`STOR ${name}\r\n`);
      expect(await client.codes(2)).toBe('150 425');
    }
    expect(readFileSync(join(served.root, 'old'), 'utf8')).toBe('old bytes');
    expect(readdirSync(served.root)).toEqual(['old']);
  });

  test('is cut when no byte comes for as long as dataTimeout', async () => {
    const served = await serve({ dataTimeout: 60 });
    const client = await Raw.login(served);
    await client.passive();
    await client.say('STOR a');
    expect(await client.reply()).toMatch(/^426/);
  });

  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });

  test('on a full disk says 452, and leaves the session as it was', async () => {
    for (const fail of [() => raise(full), () => Promise.reject(full)]) {
      const client = await Raw.login(await serve({ fileSystem: diskThatWrites(fail) }));
      expect(await client.put('STOR a', 'bytes')).toMatch(/^452 .*space/);
      expect(await client.put('STOR a', randomBytes(3_000_000)).catch(() => client.reply())).toMatch(/^452 .*space/);
      expect(await client.say('NOOP')).toMatch(/^200/);
    }
  });

  test.each([1, 2, 7])('in which write %i alone fails is not said to be complete', async (failing) => {
    for (const fail of [() => raise(full), () => Promise.reject(full)]) {
      let writes = 0;
      const fileSystem = diskThatWrites((file, ...what) => (++writes === failing ? fail() : file.write(...what)));
      const client = await Raw.login(await serve({ fileSystem }));
      expect(await client.put('STOR a', randomBytes(3_000_000)).catch(() => client.reply())).toMatch(/^452/);
    }
  });

  test('keeps every byte in its place on a disk that takes some at once and some later', async () => {
    let writes = 0;
    let under = 0;
    const later = async (file: OpenFile, chunks: readonly Buffer[], position: number) => {
      under++;
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      await file.write(chunks, position);
      under--;
    };
    const fileSystem = diskThatWrites((file, chunks, position) => {
      expect(under).toBe(0);
      return ++writes % 2 === 1 ? later(file, chunks, position) : file.write(chunks, position);
    });
    const served = await serve({ fileSystem });
    const client = await Raw.login(served);
    const bytes = randomBytes(6_000_000);
    expect(await client.put('STOR a', bytes)).toMatch(/^226/);
    expect(under).toBe(0);
    expect(readFileSync(join(served.root, 'a')).equals(bytes)).toBe(true);
    expect(writes).toBeGreaterThan(1);
  });
});

function raise(error: Error): never {
  throw error;
}

function diskThatWrites(
  write: (file: OpenFile, ...parameters: Parameters<OpenFile['write']>) => void | Promise<void>,
): FileSystem {
  return {
    ...disk,
    async open(...parameters) {
      const file = await disk.open(...parameters);
      return { ...bound(file), write: (...what) => write(file, ...what) };
    },
  };
}

function bound(file: OpenFile): OpenFile {
  return {
    stat: () => file.stat(),
    read: (buffer, position) => file.read(buffer, position),
    write: (chunks, position) => file.write(chunks, position),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

describe('temporary uploads', () => {
  test('leave the old file until the new one is complete, and show in no listing', async () => {
    const served = await serve({ temporaryUploads: true });
    writeFileSync(join(served.root, 'a'), 'old');
    const client = await Raw.login(served);
    const other = await Raw.login(served);
    const socket = await client.passive();
    await client.say('STOR a');
    socket.write(Buffer.alloc(300_000));
    await sleep(30);
    expect(readdirSync(served.root)).toHaveLength(2);
    expect(await other.lines('NLST')).toEqual(['a']);
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('old');
    socket.end();
    expect(await client.reply()).toMatch(/^226/);
    expect(readFileSync(join(served.root, 'a'))).toHaveLength(300_000);
    expect(readdirSync(served.root)).toEqual(['a']);
  });

  test('that are cut leave nothing', async () => {
    const served = await serve({ temporaryUploads: true });
    const client = await Raw.login(served);
    const socket = await client.passive();
    await client.say('STOR a');
    socket.write('some');
    await sleep(20);
    socket.resetAndDestroy();
    expect(await client.reply()).toMatch(/^426/);
    expect(readdirSync(served.root)).toEqual([]);
  });

  test('of a client that is killed do not take the name, though its data connection ended cleanly', async () => {
    const served = await serve({ temporaryUploads: true });
    const incomplete = new Promise((resolve) => served.server.once('incompleteStored', resolve));
    const client = await Raw.login(served);
    const socket = await client.passive();
    await client.say('STOR a');
    socket.write('half of it');
    await sleep(20);
    client.socket.end();
    socket.end();
    expect(await incomplete).toMatchObject({ path: '/a' });
    expect(existsSync(join(served.root, 'a'))).toBe(false);
  });
});

test('what a killed server has left of temporary uploads is shown to nobody, and gone after a day', async () => {
  const served = await serve({ temporaryUploads: true });
  const [fresh, old] = ['.upload-0123456789abcdef.part', '.upload-fedcba9876543210.part'];
  for (const name of [fresh, old, '.upload-mine.part']) writeFileSync(join(served.root, name), 'half');
  const before = Date.now() / 1000 - 25 * 3600;
  utimesSync(join(served.root, old), before, before);
  const client = await Raw.login(served);
  expect(await client.lines('NLST')).toEqual(['.upload-mine.part']);
  expect(readdirSync(served.root).sort()).toEqual([fresh, '.upload-mine.part']);
});

test('two uploads of one name: the second is refused while the first runs', async () => {
  const served = await serve();
  const [one, two] = [await Raw.login(served), await Raw.login(served)];
  const socket = await one.passive();
  await one.say('STOR a');
  expect(await two.put('STOR a', 'second')).toMatch(/^450/);
  socket.end('first');
  expect(await one.reply()).toMatch(/^226/);
  expect(await two.put('STOR a', 'second')).toMatch(/^226/);
});

test('the rate limit holds in both directions', async () => {
  const served = await serve({ uploadRate: 200_000, downloadRate: 200_000 });
  const client = await Raw.login(served);
  for (const transfer of [() => client.put('STOR a', Buffer.alloc(100_000)), () => client.fetch('RETR a')]) {
    const started = performance.now();
    await transfer();
    // Without a limit it takes a few ms; with one half a second, less what goes at once.
    expect(performance.now() - started).toBeGreaterThan(200);
    expect(performance.now() - started).toBeLessThan(5000);
  }
});

describe('hashes', () => {
  const bytes = randomBytes(5000);
  const hex = (name: string, from = 0, to = 5000) => createHash(name).update(bytes.subarray(from, to)).digest('hex');

  test('by HASH, with the algorithm chosen by OPTS and the part by RANG', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'a b'), bytes);
    const client = await Raw.login(served);
    expect(await client.say('HASH a b')).toBe(`213 SHA-256 0-5000 ${hex('sha256')} a b`);
    expect(await client.say('OPTS HASH MD5')).toBe('200 MD5');
    expect(await client.say('HASH a b')).toBe(`213 MD5 0-5000 ${hex('md5')} a b`);
    await client.say('RANG 10 99');
    expect(await client.say('HASH a b')).toBe(`213 MD5 10-100 ${hex('md5', 10, 100)} a b`);
    expect(await client.say('OPTS HASH WHAT')).toMatch(/^501/);
  });

  test.each([
    ['XMD5', 'md5'],
    ['XSHA1', 'sha1'],
    ['XSHA256', 'sha256'],
    ['XSHA512', 'sha512'],
  ])('by %s, of the whole and of a part, with and without quotes', async (verb, name) => {
    const served = await serve();
    writeFileSync(join(served.root, 'a b'), bytes);
    const client = await Raw.login(served);
    expect(await client.say(`${verb} a b`)).toBe(`250 ${hex(name).toUpperCase()}`);
    expect(await client.say(`${verb} "a b"`)).toBe(`250 ${hex(name).toUpperCase()}`);
    expect(await client.say(`${verb} a b 5 10`)).toBe(`250 ${hex(name, 5, 10).toUpperCase()}`);
    expect(await client.say(`${verb} none`)).toMatch(/^550/);
  });

  test('by XCRC', async () => {
    const served = await serve();
    writeFileSync(join(served.root, 'check'), '123456789');
    const client = await Raw.login(served);
    expect(await client.say('XCRC check')).toBe('250 CBF43926');
  });
});

describe('active mode', () => {
  async function listener(): Promise<{ port: number; socket: Promise<Socket>; close: () => void }> {
    let take: (socket: Socket) => void = () => {};
    const socket = new Promise<Socket>((resolve) => {
      take = resolve;
    });
    const server = createServer((arrived) => take(arrived));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return { port: (server.address() as { port: number }).port, socket, close: () => server.close() };
  }

  test.each(['PORT', 'EPRT'])('with %s', async (verb) => {
    const served = await serve();
    const client = await Raw.login(served);
    const { port, socket, close } = await listener();
    const argument = verb === 'PORT' ? `127,0,0,1,${port >> 8},${port & 255}` : `|1|127.0.0.1|${port}|`;
    expect(await client.say(`${verb} ${argument}`)).toMatch(/^200/);
    expect(await client.say('STOR a')).toMatch(/^150/);
    (await socket).end('active');
    expect(await client.reply()).toMatch(/^226/);
    expect(readFileSync(join(served.root, 'a'), 'utf8')).toBe('active');
    close();
  });

  test('never to another host, nor to a system port', async () => {
    const client = await Raw.login(await serve());
    expect(await client.say('PORT 127,0,0,2,200,1')).toMatch(/^504/);
    expect(await client.say('PORT 127,0,0,1,0,25')).toMatch(/^504/);
    expect(await client.say('EPRT |1|10.0.0.1|5000|')).toMatch(/^504/);
    expect(await client.say('EPRT |3|127.0.0.1|5000|')).toMatch(/^522/);
    expect(await client.say('PORT 1,2,3')).toMatch(/^501/);
    expect(await client.say('EPRT ||||')).toMatch(/^5/);
  });
});

test('a link that leads out of the home is neither read nor written through', async () => {
  const served = await serve();
  const outside = await serve();
  writeFileSync(join(outside.root, 'secret'), 'secret');
  symlinkSync(join(outside.root, 'secret'), join(served.root, 'file'));
  symlinkSync(outside.root, join(served.root, 'folder'));
  symlinkSync(join(outside.root, 'new'), join(served.root, 'dangling'));
  symlinkSync('../../../../../../etc', join(served.root, 'etc'));
  const client = await Raw.login(served);
  for (const command of [
    'RETR file',
    'RETR folder/secret',
    'LIST folder',
    'MLSD folder',
    'RETR etc/passwd',
    'NLST etc',
  ]) {
    expect((await client.fetch(command)).reply, command).toMatch(/^550/);
  }
  for (const name of ['file', 'folder/new', 'dangling'])
    expect(await client.put(`STOR ${name}`, 'x'), name).toMatch(/^550/);
  for (const command of [
    'CWD folder',
    'SIZE file',
    'MDTM file',
    'HASH file',
    'MKD folder/d',
    'RMD folder',
    'DELE folder/secret',
  ]) {
    expect(await client.say(command), command).toMatch(/^550/);
  }
  expect(await client.say('MFMT 20200101000000 file')).toMatch(/^550/);
  expect(await client.say('SITE CHMOD 777 file')).toMatch(/^550/);
  await client.say('RNFR folder/secret');
  expect(await client.say('RNTO stolen')).toMatch(/^503/);
  expect(await client.say('STAT folder')).toMatch(/^550/);
  expect(readdirSync(outside.root)).toEqual(['secret']);
  expect(readFileSync(join(outside.root, 'secret'), 'utf8')).toBe('secret');
});
