/** Servers to which names that differ in case are one, as on Windows, or which store them all in lower case. */
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { disk, type FileSystem, FtpServer, type NativePath } from '../../src/server/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';

/** The disk of such a server below its root: each name as it is there, or else as `stored`. */
function folding(root: string, stored: (name: string) => string): FileSystem {
  const at = (path: NativePath): string => {
    const text = path.toString('latin1' as never);
    if (!text.startsWith(`${root}/`)) return text;
    let real = root;
    for (const name of text.slice(root.length + 1).split('/')) {
      let names: string[] = [];
      try {
        names = readdirSync(real);
      } catch {}
      const there = names.find((one) => one.toLowerCase() === name.toLowerCase());
      real = join(real, there ?? stored(name));
    }
    return real;
  };
  return {
    ...disk,
    open: (path, ...rest) => disk.open(at(path), ...rest),
    lstat: (path) => disk.lstat(at(path)),
    realpath: (path) => disk.realpath(at(path)),
    readlink: (path) => disk.readlink(at(path)),
    readdir: (path) => disk.readdir(at(path)),
    mkdir: (path) => disk.mkdir(at(path)),
    rmdir: (path) => disk.rmdir(at(path)),
    unlink: (path) => disk.unlink(at(path)),
    rename: (from, to) => disk.rename(at(from), at(to)),
    utimes: (path, mtime) => disk.utimes(at(path), mtime),
    chmod: (path, mode) => disk.chmod(at(path), mode),
  };
}

async function pairOn(stored: ((name: string) => string) | null, changes: Partial<JobSettings>) {
  const root = emptyFolder();
  draw(root, { site: null });
  const users = [{ name: 'ann', password: 'geheim-42', home: root }];
  const ftp = new FtpServer({ users, fileSystem: stored ? folding(root, stored) : disk });
  onTestFinished(() => ftp.close(0));
  const { host, port } = await ftp.listen();
  const server = { tls: 'none', host, port, user: 'ann', password: 'geheim-42', root } as unknown as AnyServer;
  const [local, state] = [draw(emptyFolder(), { 'Dir/A.txt': 'a', 'B.txt': 'b', 'c.txt': 'c' }), emptyFolder()];
  const run = () => perform(job(server, local, { retries: 0, maxDelete: { percent: 100 }, ...changes }), state);
  return { local, there: join(root, 'site'), run };
}

const contents = (folder: string) => Object.values(read(folder)).sort();

test.each(['tracked', 'all'] as const)(
  'in lower case: --delete %s deletes nothing that it has just sent',
  async (rule) => {
    const { there, run } = await pairOn((name) => name.toLowerCase(), { delete: rule });
    await run();
    for (let again = 0; again < 2; again++) {
      const { summary } = await run();
      expect(contents(there)).toEqual(['a', 'b', 'c']);
      expect(summary.deleted).toBe(0);
    }
  },
);

test.each(['push', 'sync'] as const)(
  'on Windows: a %s of names that only changed their case loses nothing there',
  async (direction) => {
    const { local, there, run } = await pairOn((name) => name, { direction });
    expect((await run()).summary.exitCode).toBe(0);
    renameSync(join(local, 'B.txt'), join(local, 'b.txt'));
    renameSync(join(local, 'Dir'), join(local, 'dir'));
    for (let again = 0; again < 2; again++) {
      const { summary } = await run();
      expect(contents(there)).toEqual(['a', 'b', 'c']);
      expect(contents(local)).toEqual(['a', 'b', 'c']);
      expect(summary.deleted).toBe(0);
    }
  },
);

test.each(['push', 'sync'] as const)(
  'anywhere else: a %s carries names that only changed their case',
  async (direction) => {
    const { local, there, run } = await pairOn(null, { direction });
    expect((await run()).summary.exitCode).toBe(0);
    renameSync(join(local, 'B.txt'), join(local, 'b.txt'));
    renameSync(join(local, 'Dir'), join(local, 'dir'));
    draw(local, { 'b.txt': 'new', 'dir/A.txt': 'newer' });
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 2, deleted: 3 });
    expect(read(there)).toEqual({ 'dir/A.txt': 'newer', 'b.txt': 'new', 'c.txt': 'c' });
  },
);

test.each([{}, { release: 'staged' }] as const)(
  'on Windows: of names that are one there, none is written over another %o',
  async (changes) => {
    const hot = { delete: 'none', allowEmptySource: true, after: { move: null } } as const;
    const { local, there, run } = await pairOn((name) => name, { ...hot, ...changes });
    draw(local, { 'a.bin': 'one', 'A.BIN': 'two', 'A.bin': 'three' });
    const { summary } = await run();
    const left = new Set([...contents(local), ...contents(there)].filter((content) => content !== null));
    expect([...left].sort()).toEqual(['a', 'b', 'c', 'one', 'three', 'two']);
    expect(summary).toMatchObject({ exitCode: 3, failed: 2 });
  },
);
