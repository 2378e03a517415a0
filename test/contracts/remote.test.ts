/** What every remote must do, whoever's server it is: the guarantees of the port in `model/remote.ts`. */
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import {
  type ByteSource,
  type Lane,
  type RelPath,
  type Remote,
  ReplyError,
  ROOT,
  toRelPath,
} from '../../src/model/index.ts';
import { clientOptions } from '../builders/connect.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

function bytes(content: string | Uint8Array): ByteSource {
  const buffer = Buffer.from(content);
  return {
    async *chunks(offset) {
      for (let at = offset; at < buffer.length; at += 65_536) yield buffer.subarray(at, at + 65_536);
    },
  };
}

class Collected {
  private readonly pieces: Buffer[] = [];
  write(chunk: Uint8Array): void {
    this.pieces.push(Buffer.from(chunk));
  }
  get buffer(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

const p = toRelPath;

const CASES = variants(['none', 'explicit']).flatMap((variant) =>
  (['passive', 'active'] as const).map((mode) => ({ ...variant, mode, title: `${variant.title}, ${mode}` })),
);

describe.each(CASES)('$title', (variant) => {
  let server: AnyServer;
  let remote: Remote;
  let round = 0;
  /** The folder on the disk that the remote sees as its root. */
  let disk: string;

  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
  });

  beforeEach(async () => {
    round++;
    disk = join(server.root, `round ${round}`);
    mkdirSync(disk);
    remote = connectFtp(clientOptions(server, `/round ${round}`, { mode: variant.mode }));
    await remote.open();
    return () => remote.close();
  });

  async function withLane<T>(use: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await remote.lane();
    try {
      return await use(lane);
    } finally {
      lane.release();
    }
  }

  test('an empty directory lists as empty and complete', async () => {
    const listing = await remote.list(ROOT);
    expect(listing).toMatchObject({ entries: [], problems: [] });
    expect(listing.incomplete).toBeUndefined();
  });

  test('a missing directory is refused, never empty', async () => {
    await expect(remote.list(p('nowhere'))).rejects.toThrow(ReplyError);
  });

  test('files, directories and hidden names are listed with size and kind', async () => {
    mkdirSync(join(disk, 'sub'));
    writeFileSync(join(disk, 'a file with  spaces '), 'twelve bytes');
    writeFileSync(join(disk, '.hidden'), '');
    writeFileSync(join(disk, 'Grüße-日本語'), 'x');
    const listing = await remote.list(ROOT);
    expect(listing.incomplete).toBeUndefined();
    const seen = Object.fromEntries(listing.entries.map(({ path, kind, size }) => [path, [kind, size]]));
    expect(seen['a file with  spaces ']).toEqual(['file', 12]);
    expect(seen['.hidden']).toEqual(['file', 0]);
    expect(seen['Grüße-日本語']).toEqual(['file', 1]);
    expect(seen.sub?.[0]).toBe('directory');
    expect(listing.entries).toHaveLength(4);
  });

  test('odd directory names can be listed', async () => {
    for (const name of ['-rf', '[x]', 'a b', "it's", '*', 'é', '#1', '~tilde', '$HOME', '{a,b}']) {
      mkdirSync(join(disk, name));
      writeFileSync(join(disk, name, 'inside'), name);
      const listing = await remote.list(p(name));
      expect([name, listing.entries.map(({ path }) => path)]).toEqual([name, [`${name}/inside`]]);
    }
  });

  test('a link is never taken for a file', async () => {
    writeFileSync(join(disk, 'target'), 'x');
    symlinkSync('target', join(disk, 'link'));
    const listing = await remote.list(ROOT);
    const link = listing.entries.find(({ path }) => path === 'link');
    // pyftpdlib follows links before it prints them, so nobody can tell.
    if (variant.name === 'pyftpdlib') expect(link?.kind).toBe('file');
    else expect(link?.kind).toBe('link');
  });

  test('a link to a folder above is no way round for ever', async () => {
    mkdirSync(join(disk, 'round'));
    writeFileSync(join(disk, 'round/file'), 'x');
    symlinkSync('..', join(disk, 'round/up'));
    const entered: string[] = [];
    const pending: RelPath[] = [ROOT];
    for (let at = pending.pop(); at !== undefined && entered.length < 100; at = pending.pop()) {
      const { entries, incomplete } = await remote.list(at);
      if (incomplete === undefined) entered.push(at);
      pending.push(...entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path));
    }
    expect(entered.sort()).toEqual(['', 'round']);
  });

  test('what is written is there, byte for byte, and inspect says its size', async () => {
    const content = Buffer.alloc(300_000, 'Ferry\r\n\0\xff', 'latin1');
    await withLane(async (lane) => {
      expect(await lane.write(p('new'), bytes(content))).toBe(content.length);
      expect((await lane.inspect(p('new'))).size).toBe(content.length);
    });
    expect(readFileSync(join(disk, 'new')).equals(content)).toBe(true);
  });

  test('an empty file can be written and read', async () => {
    await withLane(async (lane) => {
      await lane.write(p('empty'), bytes(''));
      const into = new Collected();
      expect(await lane.read(p('empty'), into)).toBe(0);
    });
    expect(statSync(join(disk, 'empty')).size).toBe(0);
  });

  test('a write goes on from an offset', async () => {
    const content = Buffer.from('0123456789'.repeat(20_000));
    await withLane(async (lane) => {
      await lane.write(p('f'), bytes(content.subarray(0, 70_001)));
      expect(await lane.write(p('f'), bytes(content), { offset: 70_001 })).toBe(content.length - 70_001);
    });
    expect(readFileSync(join(disk, 'f')).equals(content)).toBe(true);
  });

  test('a read goes on from an offset, and stops after a length', async () => {
    const content = Buffer.from('0123456789'.repeat(50_000));
    writeFileSync(join(disk, 'f'), content);
    await withLane(async (lane) => {
      const rest = new Collected();
      await lane.read(p('f'), rest, { offset: 123_456 });
      expect(rest.buffer.equals(content.subarray(123_456))).toBe(true);
      const piece = new Collected();
      await lane.read(p('f'), piece, { offset: 1000, length: 50 });
      expect(piece.buffer.subarray(0, 50).equals(content.subarray(1000, 1050))).toBe(true);
    });
    // The connections are still good for something.
    await withLane(async (lane) => expect((await lane.inspect(p('f'))).size).toBe(content.length));
  });

  test('a modification time can be set and is listed', async () => {
    const mtime = Date.UTC(2021, 5, 7, 8, 9, 10);
    await withLane(async (lane) => {
      await lane.write(p('f'), bytes('x'));
      expect(await lane.setModified(p('f'), mtime)).toBe(true);
      expect((await lane.inspect(p('f'))).mtime).toBe(mtime);
    });
    expect(Math.round(statSync(join(disk, 'f')).mtimeMs)).toBe(mtime);
    const [entry] = (await remote.list(ROOT)).entries;
    expect(Math.abs(entry!.mtime! - mtime)).toBeLessThan(entry!.precision);
  });

  test('commands issued together are carried out in order', async () => {
    await withLane(async (lane) => {
      await lane.write(p('tmp'), bytes('new'));
      writeFileSync(join(disk, 'final'), 'old');
      const [, inspected] = await Promise.all([
        lane.setModified(p('tmp'), Date.UTC(2020, 1, 1)),
        lane.inspect(p('tmp')),
        lane.rename(p('tmp'), p('final')),
        lane.makeDirectory(p('d')),
        lane.makeDirectory(p('d/e')),
        lane.write(p('d/e/f'), bytes('deep')),
      ]);
      expect(inspected).toMatchObject({ size: 3, mtime: Date.UTC(2020, 1, 1) });
    });
    expect(readFileSync(join(disk, 'final'), 'utf8')).toBe('new');
    expect(readFileSync(join(disk, 'd/e/f'), 'utf8')).toBe('deep');
  });

  test('what is refused says so and leaves the connection alive', async () => {
    await withLane(async (lane) => {
      await expect(lane.inspect(p('nothing'))).rejects.toThrow(ReplyError);
      await expect(lane.read(p('nothing'), new Collected())).rejects.toThrow(ReplyError);
      await expect(lane.write(p('no/such/folder'), bytes('x'))).rejects.toThrow(ReplyError);
      await expect(lane.rename(p('nothing'), p('else'))).rejects.toThrow(ReplyError);
      await expect(lane.remove(p('nothing'))).rejects.toThrow(ReplyError);
      expect(lane.alive).toBe(true);
      await lane.write(p('after'), bytes('still works'));
    });
    expect(readFileSync(join(disk, 'after'), 'utf8')).toBe('still works');
  });

  test('a directory that is already there is no error, one in the place of a file is', async () => {
    writeFileSync(join(disk, 'file'), 'x');
    mkdirSync(join(disk, 'there'));
    await withLane(async (lane) => {
      await lane.makeDirectory(p('there'));
      await expect(lane.makeDirectory(p('file'))).rejects.toThrow(ReplyError);
    });
  });

  test('only an empty directory is removed', async () => {
    mkdirSync(join(disk, 'full'));
    mkdirSync(join(disk, 'empty'));
    writeFileSync(join(disk, 'full/f'), 'x');
    await withLane(async (lane) => {
      await expect(lane.removeDirectory(p('full'))).rejects.toThrow(ReplyError);
      await lane.removeDirectory(p('empty'));
      await lane.remove(p('full/f'));
      await lane.removeDirectory(p('full'));
    });
    expect((await remote.list(ROOT)).entries).toEqual([]);
  });

  test('paths are sighted: present, absent, in directories that are and are not there', async () => {
    mkdirSync(join(disk, 'd'));
    writeFileSync(join(disk, 'd/f'), 'four');
    utimesSync(join(disk, 'd/f'), 1_600_000_000, 1_600_000_000);
    const sightings = await remote.sight([p('d/f'), p('d/g'), p('nowhere/g'), p('d')]);
    expect(sightings.map(({ path, found }) => [path, found])).toEqual([
      ['d/f', 'present'],
      ['d/g', 'absent'],
      ['nowhere/g', 'absent'],
      ['d', 'present'],
    ]);
    const [first, , , last] = sightings;
    expect(first).toMatchObject({ entry: { kind: 'file', size: 4, mtime: 1_600_000_000_000 } });
    expect(last).toMatchObject({ entry: { kind: 'directory' } });
  });

  test('a hash by the server is the hash of the content, or there is none', async () => {
    writeFileSync(join(disk, 'f'), 'hash me');
    const sum = await remote.hash(p('f'));
    const { hash } = remote.capabilities;
    if (variant.name === 'ours' || variant.name === 'proftpd') {
      expect(hash?.algorithm).toBe('sha256');
      expect(sum).toBe('eb201af5aaf0d60629d3d2a61e466cfc0fedb517add831ecac5235e1daa963d6');
    } else {
      expect(hash).toBeNull();
      expect(sum).toBeNull();
    }
  });

  test('twenty lanes at once take turns on few connections', async () => {
    // pyftpdlib 1.5.7 loses one of several data connections that it makes at the same moment: its own log shows the
    // PORT that it never answers. One at a time it can.
    const connections = variant.name === 'pyftpdlib' && variant.mode === 'active' ? 1 : 4;
    const few = connectFtp(clientOptions(server, `/round ${round}`, { mode: variant.mode, connections }));
    await few.open();
    const withFew = async (name: RelPath) => {
      const lane = await few.lane();
      await lane.write(name, bytes(`content of ${name}`)).finally(() => lane.release());
    };
    const names = Array.from({ length: 20 }, (_, n) => p(`file ${n}`));
    await Promise.all(names.map(withFew)).finally(() => few.close());
    for (const name of names) expect(readFileSync(join(disk, name), 'utf8')).toBe(`content of ${name}`);
    expect(few.counters.connections).toBeLessThanOrEqual(connections);
  });

  test('an aborted write leaves a connection that can be replaced', async () => {
    const abort = new AbortController();
    const endless: ByteSource = {
      async *chunks() {
        for (;;) {
          yield Buffer.alloc(65_536);
          await new Promise((done) => setTimeout(done, 1));
        }
      },
    };
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(withLane((lane) => lane.write(p('f'), endless, { signal: abort.signal }))).rejects.toThrow();
    await withLane((lane) => lane.write(p('g'), bytes('x')));
    expect(readFileSync(join(disk, 'g'), 'utf8')).toBe('x');
  });

  test('missing parts of the root are made', async () => {
    const deep = connectFtp(clientOptions(server, `/round ${round}/new/deep root`, { mode: variant.mode }));
    await deep.open();
    try {
      await deep.makeRoot();
      expect((await deep.list(ROOT)).entries).toEqual([]);
      expect(statSync(join(disk, 'new/deep root')).isDirectory()).toBe(true);
    } finally {
      await deep.close();
    }
  });
});
