/** What the client does on every server alike, in passive and active mode, plain and under TLS. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FtpClient } from '../../../src/ftp/client/index.ts';
import { InterruptedError, LostError, ReplyError } from '../../../src/model/index.ts';
import { type AnyServer, start, variants } from '../../servers/every-server.ts';
import { login, noise, Received } from './clients.ts';

describe.each(variants(['none', 'explicit']))('$title', (variant) => {
  let server: AnyServer;
  let client: FtpClient;
  /** The folder on the disk that each test has to itself; the client is in it. */
  let disk: string;
  let round = 0;

  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
  });
  beforeEach(async () => {
    round += 1;
    disk = join(server.root, `round ${round}`);
    mkdirSync(disk);
    client = await login(server);
    await client.cwd(`round ${round}`);
  });

  test('folders are made, entered, left and removed', async () => {
    // Pure-FTPd does not double the quotes in its replies, so nobody can tell where such a name ends.
    const name = variant.name === 'pure-ftpd' ? 'a Grüße name' : 'a "quoted" name';
    const made = await client.mkd(name);
    expect(made.endsWith(name)).toBe(true);
    await client.cwd(name);
    expect(await client.pwd()).toBe(`/round ${round}/${name}`);
    await client.cwd('..');
    expect(await client.pwd()).toBe(`/round ${round}`);
    await client.rmd(name);
    expect(existsSync(join(disk, name))).toBe(false);
    await expect(client.cwd('nowhere')).rejects.toThrow(ReplyError);
  });

  test('files are renamed, measured and deleted', async () => {
    writeFileSync(join(disk, 'Grüße'), 'twelve bytes');
    await client.retrieveLines('NLST', () => {});
    expect(await client.size('Grüße')).toBe(12);
    await client.rename('Grüße', 'b');
    expect(existsSync(join(disk, 'b'))).toBe(true);
    await client.delete('b');
    expect(existsSync(join(disk, 'b'))).toBe(false);
    await expect(client.rename('b', 'c')).rejects.toThrow(/RNFR/);
    await expect(client.delete('b')).rejects.toThrow(ReplyError);
  });

  describe.each([true, false])('passive: %s', (passive) => {
    beforeEach(() => client.setPassive(passive));

    test('bytes go up and come down unchanged, in blocks', async () => {
      const content = noise(300_000);
      const sent: number[] = [];
      const up = await client.storeBinary('STOR file', [content], {
        blockSize: 65_536,
        onBlock: (block) => void sent.push(block.length),
      });
      expect(up.bytes).toBe(300_000);
      expect(sent).toEqual([65_536, 65_536, 65_536, 65_536, 300_000 - 4 * 65_536]);
      expect(readFileSync(join(disk, 'file')).equals(content)).toBe(true);
      const got = new Received();
      const down = await client.retrieveBinary('RETR file', got.take, { blockSize: 1000 });
      expect(down.bytes).toBe(300_000);
      expect(Math.max(...got.pieces.map(({ length }) => length))).toBeLessThanOrEqual(1000);
      expect(got.bytes.equals(content)).toBe(true);
    });

    test('an offset skips what is there already, both ways', async () => {
      writeFileSync(join(disk, 'file'), '0123456789');
      const got = new Received();
      await client.retrieveBinary('RETR file', got.take, { offset: 4 });
      expect(got.bytes.toString()).toBe('456789');
      await client.storeBinary('STOR file', [Buffer.from('abcdef')], { offset: 6 });
      expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('012345abcdef');
      await client.storeBinary('APPE file', [Buffer.from('!')]);
      expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('012345abcdef!');
    });

    test('lines are converted both ways', async () => {
      await client.storeLines('STOR text', ['eins', 'zwei\r\n', 'Grüße', '']);
      // What the server makes of it is its own affair; it gives the same lines back.
      expect(readFileSync(join(disk, 'text'), 'utf8').replaceAll('\r\n', '\n')).toBe('eins\nzwei\nGrüße\n\n');
      const lines: string[] = [];
      await client.retrieveLines('RETR text', (line) => void lines.push(line));
      expect(lines).toEqual(['eins', 'zwei', 'Grüße', '']);
    });

    test('a text goes up and comes down with LF', async () => {
      const content = 'a\n\nb\nlast without an end';
      await client.storeText('STOR text', [Buffer.from(content)]);
      expect(readFileSync(join(disk, 'text'), 'utf8').replaceAll('\r\n', '\n')).toBe(content);
      const got = new Received();
      await client.retrieveText('RETR text', got.take);
      expect(got.bytes.toString()).toBe(content);
      // Binary again, without being asked.
      writeFileSync(join(disk, 'raw'), 'a\nb\r\n');
      const raw = new Received();
      await client.retrieveBinary('RETR raw', raw.take);
      expect(raw.bytes.toString()).toBe('a\nb\r\n');
    });

    test('names and LIST lines of a folder come back', async () => {
      writeFileSync(join(disk, 'Grüße'), '');
      mkdirSync(join(disk, 'sub'));
      writeFileSync(join(disk, 'sub', 'inside'), '');
      // Pure-FTPd lists `.` and `..` as well, and some put the folder before the name.
      const names = (list: string[]) =>
        list.map((name) => name.replace(/^sub\//, '')).filter((name) => !/^\.+$/.test(name));
      expect(names(await client.nlst()).sort()).toEqual(['Grüße', 'sub']);
      expect(names(await client.nlst('sub'))).toEqual(['inside']);
      const lines = await client.dir();
      expect(lines.filter((line) => /(Grüße|sub)$/.test(line))).toHaveLength(2);
      expect((await client.dir('sub')).join()).toContain('inside');
    });

    test('facts of a folder come back, those that were chosen', async () => {
      // vsftpd has no MLSD.
      if (variant.name === 'vsftpd') {
        await expect(client.mlsd()).rejects.toThrow(ReplyError);
        return;
      }
      writeFileSync(join(disk, 'a; name'), '123');
      const all = await client.mlsd();
      const entry = all.find(({ name }) => name === 'a; name');
      expect(entry?.facts.get('size')).toBe('3');
      expect(entry?.facts.get('type')).toBe('file');
      expect(entry?.facts.get('modify')).toMatch(/^\d{14}/);
      const chosen = await client.mlsd('', ['type', 'size']);
      expect([...chosen.find(({ name }) => name === 'a; name')!.facts.keys()].sort()).toEqual(['size', 'type']);
    });

    test('a data connection is handed out with the size announced', async () => {
      writeFileSync(join(disk, 'file'), 'twelve bytes');
      const download = await client.openTransfer('RETR file');
      // Pure-FTPd tells it in kilobytes, pyftpdlib not at all.
      expect(download.size).toBe(['pure-ftpd', 'pyftpdlib'].includes(variant.name) ? undefined : 12);
      expect(await text(download.stream)).toBe('twelve bytes');
      expect((await download.finished()).code).toBe(226);
      const upload = await client.openTransfer('STOR other');
      upload.stream.end('by hand');
      await upload.finished();
      expect(readFileSync(join(disk, 'other'), 'utf8')).toBe('by hand');
      await expect(client.openTransfer('RETR nowhere')).rejects.toThrow(ReplyError);
      expect(await client.size('file')).toBe(12);
    });
  });

  test('a download is aborted and the connection lives on', async () => {
    writeFileSync(join(disk, 'big'), Buffer.alloc(30_000_000));
    let aborted: Promise<unknown> | undefined;
    const download = client.retrieveBinary('RETR big', async () => {
      aborted ??= client.abort();
      aborted.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await expect(download).rejects.toThrow(InterruptedError);
    await aborted;
    expect(await client.size('big')).toBe(30_000_000);
    writeFileSync(join(disk, 'small'), 'small');
    const got = new Received();
    await client.retrieveBinary('RETR small', got.take);
    expect(got.bytes.toString()).toBe('small');
  });

  test('an upload is aborted and the connection lives on', async () => {
    async function* endless() {
      for (;;) {
        yield Buffer.alloc(65_536);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    let blocks = 0;
    let aborted: Promise<unknown> | undefined;
    const upload = client.storeBinary('STOR big', endless(), {
      onBlock: () => {
        blocks += 1;
        if (blocks === 5) aborted = client.abort();
      },
    });
    await expect(upload).rejects.toThrow(InterruptedError);
    await aborted;
    expect(await client.pwd()).toBe(`/round ${round}`);
    await client.storeBinary('STOR big', [Buffer.from('small')]);
    expect(statSync(join(disk, 'big')).size).toBe(5);
  });

  test.runIf(variant.tls !== 'none' && variant.name === 'proftpd')('ccc leaves TLS', async () => {
    await client.ccc();
    expect(client.secure).toEqual({ control: false, data: true });
    await client.storeBinary('STOR file', [Buffer.from('still under TLS')]);
    expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('still under TLS');
    expect(await client.pwd()).toBe(`/round ${round}`);
  });

  test('quit says goodbye', async () => {
    expect((await client.quit()).code).toBe(221);
    expect(client.connected).toBe(false);
    await expect(client.pwd()).rejects.toThrow(LostError);
  });
});
