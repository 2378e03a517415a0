/** Servers that do not speak UTF-8: their names arrive, go back byte for byte, and what cannot be written is said. */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { type Remote, ROOT, toRelPath } from '../../src/model/index.ts';
import { FtpServer, type ServerOptions } from '../../src/server/index.ts';
import { clientOptions, job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';
import { scripted } from './scripted.ts';

const OLD = new Date('2020-02-02T02:02:02Z');

/** Our server, which keeps names byte for byte, with the folder `site` in it. */
async function serve(options: ServerOptions = {}): Promise<AnyServer> {
  const root = emptyFolder();
  mkdirSync(`${root}/site`);
  const server = new FtpServer({ users: [{ name: 'u', password: 'p', home: root }], ...options });
  const { host, port } = await server.listen();
  onTestFinished(() => server.close(200));
  return {
    name: 'ours',
    host,
    port,
    user: 'u',
    password: 'p',
    root,
    tls: 'none',
    ca: '',
    log: () => '',
    stop: async () => {},
  };
}

/** A path on the server's disk whose last part is written in its charset. */
const at = (server: AnyServer, path: string, charset: string): Buffer =>
  Buffer.concat([Buffer.from(`${server.root}/site/`), iconv.encode(path, charset)]);

/** The names on the server's disk, byte for byte, as text of the charset. */
function onDisk(server: AnyServer, charset: string, below = ''): string[] {
  const folder = at(server, below, charset);
  return readdirSync(folder, { encoding: 'buffer' })
    .map((name) => iconv.decode(name, charset))
    .sort();
}

function put(server: AnyServer, path: string, charset: string, content: string): void {
  writeFileSync(at(server, path, charset), content);
  utimesSync(at(server, path, charset), OLD, OLD);
}

const source = (content: string) => ({
  async *chunks() {
    yield Buffer.from(content);
  },
});

async function contentOf(remote: Remote, path: string): Promise<string> {
  const lane = await remote.lane();
  const pieces: Buffer[] = [];
  try {
    await lane.read(toRelPath(path), { write: (chunk) => void pieces.push(Buffer.from(chunk)) });
  } finally {
    lane.release();
  }
  return Buffer.concat(pieces).toString();
}

/** Each with a name for a directory and three for files; what is special about them is told by their bytes. */
const CHARSETS: [charset: string, directory: string, files: [string, string, string]][] = [
  // 乗 is 81 5C: a backslash at the end.
  ['gbk', '目录', ['中文.txt', '乗', '空 格 名']],
  ['gb18030', '目录', ['中文.txt', '乗', '😀']],
  // 功 is A5 5C, 育 is A8 7C.
  ['big5', '資料夾', ['中文.txt', '成功', '教育']],
  // ソ is 83 5C, 表 is 95 5C, ァ is 83 40.
  ['shift_jis', '表ソ', ['ソース.txt', '予定表', 'ァ~半角ｱｲｳ']],
  ['euc-jp', '表', ['日本語.txt', 'ソ', 'ひらがな']],
  ['euc-kr', '폴더', ['한글 파일.txt', '가', '힣 b']],
  // ÿ is FF, and so is я: Telnet's escape.
  ['latin1', 'ÿÿ', ['é à ü.txt', 'ÿ', 'aÿÿÿb']],
  ['windows-1252', 'Ÿÿ', ['€uro.txt', 'ÿ', '“q”']],
  ['windows-1251', 'яя', ['яблоко.txt', 'я', 'Моя семья']],
  ['koi8-r', 'папка', ['яблоко.txt', 'Ъ', 'ЪЪ']],
];

const SERVERS: [what: string, options: ServerOptions][] = [
  ['MLSD', { withoutFeatures: ['UTF8'] }],
  ['LIST', { withoutFeatures: ['UTF8', 'MLSD', 'MFMT'] }],
];

describe.each(SERVERS)('%s', (_, options) => {
  describe.each(CHARSETS)('%s', (charset, directory, files) => {
    async function connect(server: AnyServer): Promise<Remote> {
      const remote = connectFtp(clientOptions(server, '/site', { encoding: charset, connections: 2 }));
      onTestFinished(() => remote.close());
      await remote.open();
      return remote;
    }

    test('names are listed, read, written, renamed, deleted and made', async () => {
      const server = await serve(options);
      for (const name of files) put(server, name, charset, `content of ${name}`);
      mkdirSync(at(server, directory, charset));
      put(server, `${directory}/${files[0]}`, charset, 'below');
      const remote = await connect(server);

      const listing = await remote.list(ROOT);
      expect(listing.problems).toEqual([]);
      expect(listing.incomplete).toBeUndefined();
      expect(listing.entries.map(({ path }) => path).sort()).toEqual([directory, ...files].sort());
      const below = await remote.list(toRelPath(directory));
      expect(below.entries.map(({ path }) => path)).toEqual([`${directory}/${files[0]}`]);
      for (const name of files) expect(await contentOf(remote, name)).toBe(`content of ${name}`);

      const lane = await remote.lane();
      for (const name of files) {
        await lane.write(toRelPath(`${directory}/${name}`), source(`new ${name}`));
        expect(await lane.inspect(toRelPath(`${directory}/${name}`))).toMatchObject({
          size: Buffer.byteLength(`new ${name}`),
        });
        await lane.rename(toRelPath(name), toRelPath(`${name}-${name}`));
      }
      expect(onDisk(server, charset)).toEqual([directory, ...files.map((name) => `${name}-${name}`)].sort());
      expect(onDisk(server, charset, directory)).toEqual([...files].sort());
      for (const name of files) {
        expect(readFileSync(at(server, `${directory}/${name}`, charset), 'utf8')).toBe(`new ${name}`);
        await lane.remove(toRelPath(`${directory}/${name}`));
        await lane.remove(toRelPath(`${name}-${name}`));
      }
      await lane.removeDirectory(toRelPath(directory));
      expect(onDisk(server, charset)).toEqual([]);
      for (const name of [directory, ...files]) await lane.makeDirectory(toRelPath(name));
      // What is there already is no error.
      await lane.makeDirectory(toRelPath(directory));
      expect(onDisk(server, charset)).toEqual([directory, ...files].sort());
      const sightings = await remote.sight([toRelPath(`${directory}/${files[1]}`), toRelPath(directory)]);
      expect(sightings.map(({ found }) => found)).toEqual(['absent', 'present']);
      lane.release();
    });

    test('a tree goes up, is known again, follows its source, and comes down', async () => {
      const server = await serve(options);
      const state = emptyFolder();
      const local = emptyFolder();
      const back = emptyFolder();
      const changes = (direction: 'push' | 'pull', folder: string): JobSettings => {
        const made = job(server, folder, { direction });
        return { ...made, server: { ...made.server, encoding: charset } };
      };
      mkdirSync(`${local}/${directory}`);
      for (const name of files) {
        writeFileSync(`${local}/${name}`, `content of ${name}`);
        writeFileSync(`${local}/${directory}/${name}`, `below ${name}`);
      }
      const up = await perform(changes('push', local), state);
      expect(up.problems).toEqual([]);
      expect(up.summary).toMatchObject({ exitCode: 0, uploaded: 6 });
      expect(onDisk(server, charset)).toEqual([directory, ...files].sort());
      expect(onDisk(server, charset, directory)).toEqual([...files].sort());
      const again = await perform(changes('push', local), state);
      expect(again.summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 6 });

      writeFileSync(`${local}/${files[1]}`, 'edited, and longer than before: the same name');
      const edited = await perform(changes('push', local), state);
      expect(edited.done).toEqual([`upload ${files[1]}`]);
      const down = await perform(changes('pull', back), state);
      expect(down.problems).toEqual([]);
      expect(down.summary).toMatchObject({ exitCode: 0, downloaded: 6 });
      expect(readdirSync(back).sort()).toEqual([directory, ...files].sort());
      expect(readFileSync(`${back}/${files[1]}`, 'utf8')).toMatch(/^edited/);
      expect(readFileSync(`${back}/${directory}/${files[0]}`, 'utf8')).toBe(`below ${files[0]}`);
    });
  });
});

/** A job between a local folder and the server, in that charset; everything may be deleted. */
function jobIn(server: AnyServer, local: string, charset: string, changes: Partial<JobSettings>): JobSettings {
  const made = job(server, local, { delete: 'all', maxDelete: { percent: 100 }, ...changes });
  return { ...made, server: { ...made.server, encoding: charset } };
}

describe('a name that the charset cannot write', () => {
  test.each(['push', 'sync'] as const)('%s: is a problem of its own, and the others go on', async (direction) => {
    const server = await serve({ withoutFeatures: ['UTF8'] });
    const local = emptyFolder();
    mkdirSync(`${local}/目录`);
    mkdirSync(`${local}/😀`);
    for (const name of ['中文', '😀.txt', '目录/한글😀', '目录/文', '😀/中']) writeFileSync(`${local}/${name}`, name);
    const state = emptyFolder();
    for (const round of ['first', 'second']) {
      const { summary, problems } = await perform(jobIn(server, local, 'gbk', { direction }), state);
      expect(summary, round).toMatchObject({ exitCode: 3 });
      for (const path of ['😀.txt', '目录/한글😀', '😀']) {
        expect(problems.find((one) => one.startsWith(`${path}`)) ?? '', path).toMatch(/cannot be written in gbk/);
      }
      expect(onDisk(server, 'gbk')).toEqual(['中文', '目录'].sort());
      expect(onDisk(server, 'gbk', '目录')).toEqual(['文']);
      for (const name of ['中文', '😀.txt', '目录/한글😀', '目录/文', '😀/中']) {
        expect(readFileSync(`${local}/${name}`, 'utf8')).toBe(name);
      }
    }
  });

  test('pull: a local file of such a name is never deleted', async () => {
    const server = await serve({ withoutFeatures: ['UTF8'] });
    put(server, '中文', 'gbk', 'there');
    const local = emptyFolder();
    mkdirSync(`${local}/😀`);
    for (const name of ['😀.txt', 'too much', '😀/中']) writeFileSync(`${local}/${name}`, name);
    const { summary, problems, events } = await perform(
      jobIn(server, local, 'gbk', { direction: 'pull' }),
      emptyFolder(),
    );
    expect(summary).toMatchObject({ exitCode: 3, downloaded: 1 });
    expect(problems.find((one) => one.startsWith('😀.txt')) ?? '').toMatch(/cannot be written in gbk/);
    expect(readdirSync(local).sort()).toEqual(expect.arrayContaining(['中文', '😀', '😀.txt']));
    expect(existsSync(`${local}/😀/中`)).toBe(true);
    const codes = events.flatMap((event) => (event.type === 'problem' ? [event.code] : []));
    expect(codes).toEqual(['name', 'name']);
    expect(summary.seconds).toBeLessThan(4);
  });
});

describe('names that are no UTF-8 where UTF-8 is spoken', () => {
  test.each(SERVERS)('%s: problems, and nothing near them is deleted', async (_, options) => {
    const server = await serve(options);
    mkdirSync(at(server, 'near', 'gbk'));
    mkdirSync(at(server, 'far', 'gbk'));
    put(server, 'near/中文', 'gbk', 'in gbk');
    mkdirSync(at(server, 'near/gone', 'gbk'));
    put(server, 'near/gone/中文', 'gbk', 'in gbk');
    put(server, 'near/gone/left over', 'gbk', 'x');
    put(server, 'far/left over', 'gbk', 'x');
    const local = emptyFolder();
    mkdirSync(`${local}/near`);
    mkdirSync(`${local}/far`);
    writeFileSync(`${local}/near/new`, 'new');
    const up = await perform(jobIn(server, local, 'utf-8', { direction: 'push' }), emptyFolder());
    expect(up.summary.exitCode).toBe(3);
    expect(up.problems.join()).toMatch(/near.*is not valid utf-?8: set encoding/);
    // What can be read and is surely not in the source goes; the rest, and so its directory, stays.
    expect(onDisk(server, 'gbk', 'near')).toEqual(['gone', 'new', '中文']);
    expect(onDisk(server, 'gbk', 'near/gone')).toEqual(['中文']);
    expect(onDisk(server, 'gbk', 'far')).toEqual([]);

    // Locally it may be there already, under the name that it should have.
    writeFileSync(`${local}/near/中文`, 'in gbk');
    writeFileSync(`${local}/near/only here`, 'y');
    writeFileSync(`${local}/far/only here`, 'y');
    const down = await perform(jobIn(server, local, 'utf-8', { direction: 'pull' }), emptyFolder());
    expect(down.summary.exitCode).toBe(3);
    expect(readdirSync(`${local}/near`).sort()).toEqual(['gone', 'new', 'only here', '中文']);
    expect(readdirSync(`${local}/far`)).toEqual([]);
  });
});

describe('what is said to the server', () => {
  test.each([
    ['gbk', '用户', '密码', '\xd3\xc3\xbb\xa7', '\xc3\xdc\xc2\xeb'],
    ['windows-1251', 'я', 'яя', '\xff\xff', '\xff\xff\xff\xff'],
    ['utf-8', 'ü', 'é', '\xc3\xbc', '\xc3\xa9'],
  ])('%s: user and password are encoded as names are', async (charset, user, password, userBytes, passwordBytes) => {
    await using server = await scripted();
    const remote = connectFtp(server.options({ encoding: charset, user, password: async () => password }));
    await remote.open();
    expect(server.commands.slice(0, 2)).toEqual([`USER ${userBytes}`, `PASS ${passwordBytes}`]);
    await remote.close();
  });

  test('OPTS UTF8 is left alone where another encoding is set: the server speaks as it does by itself', async () => {
    await using server = await scripted();
    const remote = connectFtp(server.options({ encoding: 'gbk' }));
    await remote.open();
    expect(server.commands.filter((one) => one.startsWith('OPTS UTF8'))).toEqual([]);
    await remote.close();
    const other = connectFtp(server.options({ encoding: 'utf-8' }));
    await other.open();
    expect(server.commands.filter((one) => one.startsWith('OPTS UTF8'))).toEqual(['OPTS UTF8 ON']);
    await other.close();
  });
});

describe('composed and decomposed letters', () => {
  const NAMES = ['é.txt', 'Ünïcödé', '한글', 'が'];
  const drawn = (form: 'NFC' | 'NFD') => NAMES.map((name) => name.normalize(form)).sort();

  describe.each<['NFC' | 'NFD', 'NFC' | 'NFD']>([
    ['NFC', 'NFD'],
    ['NFD', 'NFC'],
  ])('%s here and %s there', (here, there) => {
    test.each(['push', 'pull', 'sync'] as const)('%s: they are the same files', async (direction) => {
      const server = await serve();
      const local = emptyFolder();
      const state = emptyFolder();
      mkdirSync(at(server, 'Ü'.normalize(there), 'utf8'));
      mkdirSync(`${local}/${'Ü'.normalize(here)}`);
      for (const name of NAMES) {
        for (const path of [name, `Ü/${name}`]) {
          put(server, path.normalize(there), 'utf8', name);
          writeFileSync(`${local}/${path.normalize(here)}`, name);
          utimesSync(`${local}/${path.normalize(here)}`, OLD, OLD);
        }
      }
      const settings = jobIn(server, local, 'utf-8', { direction });
      const same = await perform(settings, state);
      expect(same.problems).toEqual([]);
      expect(same.summary).toMatchObject({ exitCode: 0, unchanged: 8, uploaded: 0, downloaded: 0, deleted: 0 });

      // An edit goes over the file that is there, under the name that it has there.
      const [from, to] = direction === 'pull' ? [there, here] : [here, there];
      const edited = 'é.txt'.normalize(from);
      if (direction === 'pull') writeFileSync(at(server, `Ü/${edited}`.normalize(there), 'utf8'), 'edited!');
      else writeFileSync(`${local}/${`Ü/${edited}`.normalize(here)}`, 'edited!');
      const after = await perform(settings, state);
      expect(after.summary).toMatchObject({ exitCode: 0, deleted: 0 });
      expect(onDisk(server, 'utf8')).toEqual([...drawn(there), 'Ü'.normalize(there)].sort());
      expect(readdirSync(local).sort()).toEqual([...drawn(here), 'Ü'.normalize(here)].sort());
      const target = `Ü/${'é.txt'}`.normalize(to);
      const path = direction === 'pull' ? `${local}/${target}` : at(server, target, 'utf8');
      expect(readFileSync(path, 'utf8')).toBe('edited!');
      expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, unchanged: 8 });
    });
  });
});

test.each(variants(['none']).filter(({ name }) => name === 'pyftpdlib'))(
  '$title: a server that replaces what is no UTF-8 is not written to in another charset',
  async (variant) => {
    const server = await start(variant);
    onTestFinished(() => server.stop());
    mkdirSync(`${server.root}/site`, { recursive: true });
    // Both would be stored as four question marks, the second over the first.
    const local = draw(emptyFolder(), { 中文: 'one', 文中: 'two' });
    const running = perform(jobIn(server, local, 'gbk', { direction: 'push' }), emptyFolder());
    await expect(running.then(({ summary }) => summary.message)).resolves.toMatch(/names in gbk would be lost/);
    expect(readdirSync(`${server.root}/site`)).toEqual([]);
    const right = await perform(jobIn(server, local, 'utf-8', { direction: 'push' }), emptyFolder());
    expect(right.summary).toMatchObject({ exitCode: 0, uploaded: 2 });
  },
);

// Pure-FTPd forbids names with the byte of a backslash.
const BYTE_FOR_BYTE = variants(['none']).filter(({ name }) => name !== 'pyftpdlib');

describe.each(BYTE_FOR_BYTE)('$title', (variant) => {
  test.each([
    ['gbk', ['中文.txt', '一', '目录/空 格']],
    ['windows-1251', ['яблоко.txt', 'я', 'яя/я я']],
  ])('%s goes up, is known again and comes down', async (charset, files) => {
    const server = await start(variant);
    onTestFinished(() => server.stop());
    mkdirSync(`${server.root}/site`, { recursive: true });
    const [local, back, state] = [emptyFolder(), emptyFolder(), emptyFolder()];
    const tree = Object.fromEntries(files.map((name) => [name, `content of ${name}`]));
    draw(local, tree);
    const up = await perform(jobIn(server, local, charset, { direction: 'push' }), state);
    expect(up.problems).toEqual([]);
    expect(up.summary).toMatchObject({ exitCode: 0, uploaded: 3 });
    const again = await perform(jobIn(server, local, charset, { direction: 'push' }), state);
    expect(again.summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0 });
    const down = await perform(jobIn(server, back, charset, { direction: 'pull' }), state);
    expect(down.problems).toEqual([]);
    expect(read(back)).toEqual(tree);
    expect(onDisk(server, charset)).toEqual([...new Set(files.map((name) => name.split('/')[0]!))].sort());
  });
});
