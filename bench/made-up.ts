// A program: Ferry's own server on a tree that exists nowhere. Its directories and files follow from their names, so a
// million of them need no memory here and no disk. Its parent gets the port over the channel that fork() makes.
import { Stats } from 'node:fs';
import { type FileSystem, FtpServer, type NativePath } from '../src/server/index.ts';
import { directoryName, fileName, sparseSize } from './trees.ts';

const [directories = 1, each = 1] = process.argv.slice(2).map(Number);
const time = new Date('2024-01-01T00:00:00Z');
const place = /^\/(?:dir-(\d{5})(?:\/file-(\d{3})\.dat)?)?$/;

function look(path: NativePath): { directory: number | undefined; file: number | undefined } {
  const found = place.exec(path.toString('latin1'));
  const [directory, file] = found ? [found[1], found[2]].map((part) => (part ? Number(part) : undefined)) : [];
  if (found === null || (directory ?? 0) >= directories || (file ?? 0) >= each) throw refusal('ENOENT');
  return { directory, file };
}

function refusal(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: this tree is only looked at`), { code });
}

async function refuse(): Promise<never> {
  throw refusal('EROFS');
}

function stats(mode: number, size: number, ino: number): Stats {
  const found = Object.create(Stats.prototype) as Record<keyof Stats, unknown>;
  const times = { atimeMs: +time, mtimeMs: +time, ctimeMs: +time, birthtimeMs: +time };
  Object.assign(found, {
    dev: 1,
    ino,
    mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    size,
    blocks: 0,
    blksize: 4096,
    rdev: 0,
    ...times,
  });
  for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) Object.defineProperty(found, name, { value: time });
  return found as unknown as Stats;
}

const fileSystem: FileSystem = {
  async lstat(path) {
    const { directory, file } = look(path);
    if (file !== undefined) return stats(0o100644, sparseSize(file), 1e6 + directory! * 1000 + file);
    return stats(0o040755, 4096, directory === undefined ? 1 : 2 + directory);
  },
  async readdir(path) {
    const { directory, file } = look(path);
    if (file !== undefined) throw refusal('ENOTDIR');
    if (directory === undefined) return Array.from({ length: directories }, (_, number) => directoryName(number));
    return Array.from({ length: each }, (_, number) => fileName(number));
  },
  async realpath(path) {
    look(path);
    return path.toString('latin1');
  },
  readlink: refuse,
  open: refuse,
  mkdir: refuse,
  rmdir: refuse,
  unlink: refuse,
  rename: refuse,
  utimes: refuse,
  chmod: refuse,
};

const server = new FtpServer({ users: [{ name: 'tester', password: 'geheim-42', home: '/' }], fileSystem });
const { port } = await server.listen();
process.send!({ port });
// Without its parent it has no work.
process.once('disconnect', () => process.exit(0));
