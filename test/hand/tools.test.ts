/** The hand tools on every server there is: what they copy, remove, rename and touch, and what they leave. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import {
  type CopyRequest,
  type CopyRules,
  changeMode,
  copy,
  expand,
  fill,
  lookAt,
  makeFolders,
  move,
  onLane,
  planGet,
  planPut,
  pour,
  remove,
  removeFolders,
  touch,
  type Work,
} from '../../src/hand/index.ts';
import { type Problem, type Remote, type RunEventBody, toRelPath } from '../../src/model/index.ts';
import { claim } from '../../src/state/index.ts';
import { clientOptions } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const TIME = new Date('2024-02-03T04:05:06Z');

describe.each(variants(['none']))('$title', (variant) => {
  let server: AnyServer;
  let remote: Remote;
  let round = 0;
  let disk: string;
  let here: string;
  let events: RunEventBody[];
  let problems: Problem[];
  let work: Work;

  beforeAll(async () => {
    vi.stubEnv('FERRY_STATE', join(process.env.TMPDIR ?? '/tmp', `ferry-hand-${process.pid}`));
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(process.env.FERRY_STATE!, { recursive: true, force: true });
    vi.unstubAllEnvs();
  });
  beforeEach(async () => {
    disk = join(server.root, `round ${++round}`);
    mkdirSync(disk);
    here = emptyFolder();
    remote = connectFtp(clientOptions(server, `/round ${round}`));
    await remote.open();
    [events, problems] = [[], []];
    const tell = (event: RunEventBody) => void events.push(event);
    const problem = (one: Problem) => void problems.push(one);
    work = { remote, realm: `ftp://${server.port}`, signal: new AbortController().signal, tell, problem };
    return () => remote.close();
  });

  const at = toRelPath;
  const match = (...paths: string[]) => paths.map((path) => ({ path: at(path) }));
  const said = () => problems.map(({ path, message }) => `${path}: ${message}`);
  const run = (verb: 'get' | 'put', prepare: CopyRequest['prepare'], changes: Partial<CopyRequest> = {}) =>
    copy({
      verb,
      local: here,
      remoteUrl: `ftp://${server.host}:${server.port}/`,
      server: { host: server.host },
      connect: async () => remote,
      prepare: (given) => {
        const problem = (one: Problem) => {
          problems.push(one);
          given.problem(one);
        };
        return prepare({ ...given, problem });
      },
      tell: work.tell,
      signal: work.signal,
      attempts: 3,
      limitRate: null,
      preserve: false,
      text: false,
      dryRun: false,
      ...changes,
    });
  const get = async (pattern: string, target: string, rules: CopyRules = {}, changes: Partial<CopyRequest> = {}) =>
    run(
      'get',
      async (given) => planGet(given, await expand(given, pattern.split('/')), join(here, target), rules),
      changes,
    );
  const put = async (names: string[], target: string, rules: CopyRules = {}, changes: Partial<CopyRequest> = {}) =>
    run(
      'put',
      (given) => {
        const path = { path: at(target.replace(/\/$/, '')), folder: target.endsWith('/') };
        return planPut(
          given,
          names.map((name) => join(here, name)),
          path,
          rules,
        );
      },
      changes,
    );

  test('a tree goes there and back, times and all, and a second time nothing moves', async () => {
    draw(here, { 'tree/a.txt': 'a', 'tree/sub/b ü.txt': 'bb', 'tree/sub/empty': '', 'tree/none': null });
    utimesSync(join(here, 'tree/a.txt'), TIME, TIME);
    expect(await put(['tree'], '', { recursive: true })).toMatchObject({ exitCode: 0, uploaded: 3 });
    expect(read(join(disk, 'tree'))).toEqual(read(join(here, 'tree')));
    expect(statSync(join(disk, 'tree/a.txt')).mtime).toEqual(TIME);
    expect(await put(['tree'], '', { recursive: true })).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 3 });

    mkdirSync(join(here, 'back'));
    expect(await get('tree', 'back', { recursive: true })).toMatchObject({ exitCode: 0, downloaded: 3 });
    expect(read(join(here, 'back/tree'))).toEqual(read(join(here, 'tree')));
    expect(statSync(join(here, 'back/tree/a.txt')).mtime).toEqual(TIME);
    expect(await get('tree', 'back', { recursive: true })).toMatchObject({ downloaded: 0, unchanged: 3 });
    expect(said()).toEqual([]);
  });

  test('an edit of the same size is sent, and with keep it is not', async () => {
    draw(here, { 'a.txt': 'old' });
    utimesSync(join(here, 'a.txt'), TIME, TIME);
    await put(['a.txt'], 'x.txt');
    draw(here, { 'a.txt': 'new' });
    expect(await put(['a.txt'], 'x.txt', { existing: 'keep' })).toMatchObject({ uploaded: 0, unchanged: 1 });
    expect(readFileSync(join(disk, 'x.txt'), 'utf8')).toBe('old');
    expect(await put(['a.txt'], 'x.txt')).toMatchObject({ uploaded: 1 });
    expect(readFileSync(join(disk, 'x.txt'), 'utf8')).toBe('new');
    expect(readdirSync(disk)).toEqual(['x.txt']);
  });

  test('patterns match names on the server, and a name like a pattern is reached', async () => {
    draw(disk, { 'a.txt': 'a', 'b.txt': 'b', 'a*.txt': 'star', '[1].txt': 'one', 'd/c.txt': 'c', '.h.txt': 'h' });
    const names = async (pattern: string) => (await expand(work, pattern.split('/'))).map(({ path }) => path);
    expect(await names('?.txt')).toEqual(['a.txt', 'b.txt']);
    expect(await names('*.txt')).toEqual(['[1].txt', 'a*.txt', 'a.txt', 'b.txt']);
    expect(await names('*/c.*')).toEqual(['d/c.txt']);
    expect(await names('[d]/c.txt')).toEqual(['d/c.txt']);
    expect(await names('a\\*.txt')).toEqual(['a*.txt']);
    expect(await names('[1].txt')).toEqual(['[1].txt']);
    await expect(names('*.none')).rejects.toThrow('nothing on the server matches *.none');
    expect(await get('a\\*.txt', 'got')).toMatchObject({ exitCode: 0, downloaded: 1 });
    expect(read(here)).toEqual({ got: 'star' });
  });

  test('as cp names things: into a folder, under a name, never a folder over a file', async () => {
    draw(disk, { 'a.txt': 'a', 'd/b.txt': 'b', 'd/c.txt': 'c' });
    draw(here, { into: null, file: 'f' });
    await get('a.txt', 'into');
    await get('a.txt', 'new.txt');
    await get('d', 'copy', { recursive: true });
    expect(read(here)).toEqual({ 'copy/b.txt': 'b', 'copy/c.txt': 'c', file: 'f', 'into/a.txt': 'a', 'new.txt': 'a' });
    await expect(get('d/*', 'missing')).rejects.toThrow(/there is no folder .*missing; make it first/);
    await expect(get('d/*', 'file')).rejects.toThrow(/file is no folder/);
    await expect(get('d', 'file', { recursive: true })).rejects.toThrow(/is a file, and the source is a folder/);
    expect(await get('d', 'into')).toMatchObject({ exitCode: 3, downloaded: 0 });
    expect(said()).toEqual(['d: it is a folder, which -r copies with all that is in it']);
    await expect(put(['file'], 'no/such')).rejects.toThrow(/there is no folder no on the server; ferry mkdir -p/);
    await expect(put(['file', 'new.txt'], 'a.txt')).rejects.toThrow(/a\.txt on the server is no folder/);
    expect(readFileSync(join(disk, 'a.txt'), 'utf8')).toBe('a');
  });

  test('text becomes that of the other side, both ways', async () => {
    writeFileSync(join(here, 't.txt'), 'one\ntwo\r\nthree');
    expect(await put(['t.txt'], 't.txt', { text: true }, { text: true })).toMatchObject({ exitCode: 0, uploaded: 1 });
    const held = readFileSync(join(disk, 't.txt'), 'latin1');
    expect(['one\ntwo\nthree', 'one\r\ntwo\r\nthree', 'one\ntwo\r\nthree']).toContain(held);
    expect(await get('t.txt', 'u.txt', { text: true }, { text: true })).toMatchObject({ exitCode: 0, downloaded: 1 });
    expect(readFileSync(join(here, 'u.txt'), 'latin1')).toBe('one\ntwo\nthree');
    // What comes after it is binary again.
    writeFileSync(join(here, 'b.bin'), 'x\r\ny\n');
    await put(['b.bin'], 'b.bin');
    expect(readFileSync(join(disk, 'b.bin'), 'latin1')).toBe('x\r\ny\n');
  });

  test('a folder is removed with all that is in it, and a link as a link', async () => {
    draw(disk, { 'keep/precious.txt': 'p', 'gone/a.txt': 'a', 'gone/sub/b.txt': 'b', 'gone/none': null });
    symlinkSync('../keep', join(disk, 'gone/link'));
    symlinkSync('../../keep', join(disk, 'gone/sub/link'));
    const removed: string[] = [];
    await remove(work, match('gone'), { removed: (path) => removed.push(path) });
    expect(said()).toEqual([expect.stringMatching(/^gone: it is a folder, which rm -r removes/)]);
    await remove(work, match('gone'), { recursive: true, dryRun: true, removed: () => {} });
    expect(existsSync(join(disk, 'gone/sub/b.txt'))).toBe(true);
    await remove(work, match('gone'), { recursive: true, removed: (path) => removed.push(path) });
    expect(read(disk)).toEqual({ 'keep/precious.txt': 'p' });
    expect(removed).toEqual(expect.arrayContaining(['gone', 'gone/a.txt', 'gone/sub/b.txt', 'gone/sub']));
    await remove(work, match('none'), { force: true, removed: () => {} });
    await remove(work, match('none', ''), { removed: () => {} });
    expect(said().slice(1)).toEqual([
      'none: there is no such file on the server',
      ': this is the top of what can be seen here; it is never removed',
    ]);
  });

  test('names change, and nothing is replaced without being told so', async () => {
    draw(disk, { 'a.txt': 'a', 'b.txt': 'b', 'd/c.txt': 'c' });
    const moved: string[] = [];
    const rules = { moved: (from: string, to: string) => void moved.push(`${from} ${to}`) };
    const target = (path: string, folder = false) => ({ path: at(path), folder });
    await move(work, match('a.txt'), target('b.txt'), rules);
    await move(work, match('a.txt'), target('a.txt'), rules);
    await move(work, match('d'), target('d/e'), rules);
    expect(said()).toEqual([
      'a.txt: there is a file b.txt already; --force replaces it',
      'a.txt: the new name is the one that it has',
      'd: a folder cannot be moved into itself',
    ]);
    await expect(move(work, match('a.txt'), target('x', true), rules)).rejects.toThrow(/there is no folder x/);
    expect(read(disk)).toEqual({ 'a.txt': 'a', 'b.txt': 'b', 'd/c.txt': 'c' });
    await move(work, match('a.txt'), target('b.txt'), { ...rules, force: true });
    await move(work, match('b.txt'), target('d'), rules);
    await move(work, match('d'), target('e'), rules);
    expect(read(disk)).toEqual({ 'e/b.txt': 'a', 'e/c.txt': 'c' });
    expect(moved).toEqual(['a.txt b.txt', 'b.txt d/b.txt', 'd e']);
  });

  test('folders are made, with those above if wanted, and go when they are empty', async () => {
    const made: string[] = [];
    const rules = { parents: false, made: (path: string) => void made.push(path) };
    await makeFolders(work, match('x/y'), rules).catch(() => {});
    expect(said()).toHaveLength(1);
    await makeFolders(work, match('x/y', 'x'), { ...rules, parents: true });
    await makeFolders(work, match('x'), rules);
    expect(said().slice(1)).toEqual(['x: it is there already']);
    expect(made).toEqual(['x', 'x/y']);
    await removeFolders(work, match('x'), () => {});
    expect(said()[2]).toMatch(/^x: the server answered RMD/);
    await removeFolders(work, match('x/y', 'x'), () => {});
    expect(readdirSync(disk)).toEqual([]);
  });

  test('touch sets a time and makes an empty file; chmod sets permissions', async () => {
    draw(disk, { 'a.txt': 'a' });
    await touch(work, match('a.txt', 'b.txt'), { mtime: TIME.getTime(), create: true, touched: () => {} });
    await touch(work, match('c.txt'), { mtime: TIME.getTime(), create: false, touched: () => {} });
    expect(read(disk)).toEqual({ 'a.txt': 'a', 'b.txt': '' });
    expect(statSync(join(disk, 'a.txt')).mtime).toEqual(TIME);
    await changeMode(work, match('a.txt'), { mode: 0o640, changed: () => {} });
    expect(said()).toEqual([]);
    expect(statSync(join(disk, 'a.txt')).mode & 0o777).toBe(0o640);
  });

  test('one path is looked at: a file, a folder, nothing', async () => {
    draw(disk, { 'd/a.txt': 'abc' });
    expect(await lookAt(remote, at('d/a.txt'), work.signal)).toMatchObject({ kind: 'file', size: 3 });
    expect(await lookAt(remote, at('d'), work.signal)).toMatchObject({ kind: 'directory' });
    expect(await lookAt(remote, at(''), work.signal)).toMatchObject({ kind: 'directory' });
    expect(await lookAt(remote, at('d/none'), work.signal)).toBeNull();
  });

  test('content flows through pipes, and what was there stays until the new one is whole', async () => {
    async function* source() {
      yield Buffer.from('first ');
      expect(readFileSync(join(disk, 'p.txt'), 'utf8')).toBe('old');
      yield Buffer.from('second');
    }
    draw(disk, { 'p.txt': 'old' });
    expect(await fill(work, at('p.txt'), source(), { text: false, keep: true })).toBeNull();
    expect(await fill(work, at('p.txt'), source(), { text: false, keep: false })).toBe(12);
    expect(read(disk)).toEqual({ 'p.txt': 'first second' });
    // pyftpdlib does not notice for ten seconds.
    if (variant.name === 'pyftpdlib') return;
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('the pipe broke');
    }
    await expect(fill(work, at('p.txt'), broken(), { text: false, keep: false })).rejects.toThrow('the pipe broke');
    expect(read(disk)).toEqual({ 'p.txt': 'first second' });
    let poured = '';
    const sink = { write: (chunk: Uint8Array) => void (poured += Buffer.from(chunk).toString()) };
    await pour(work, at('p.txt'), sink, { text: false, attempts: 1 });
    expect(poured).toBe('first second');
  });

  test('a replacement that a killed command left half-way is put right by the next one', async () => {
    draw(disk, { '.a.txt.12345678.old.ferry': 'old', 'b.txt': 'b' });
    const base = process.env.FERRY_STATE!;
    const one = await claim(base, work.realm, ['/a.txt']);
    await one.keep([
      { path: at('a.txt'), aside: at('.a.txt.12345678.old.ferry'), temporary: at('.a.txt.12345678.ferry') },
    ]);
    for (const file of readdirSync(join(base, 'claims'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.json')) continue;
      const told = readFileSync(join(base, 'claims', file), 'utf8');
      writeFileSync(join(base, 'claims', file), told.replace(/"pid":\d+/, `"pid":${2 ** 22 + 1}`));
    }
    async function* source() {
      yield Buffer.from('new');
    }
    await fill(work, at('c.txt'), source(), { text: false, keep: false });
    expect(read(disk)).toEqual({ 'a.txt': 'old', 'b.txt': 'b', 'c.txt': 'new' });
  });

  test('any command is answered, but one that would spoil the connection', async () => {
    expect(await onLane(work, (lane) => lane.order('NOOP'))).toMatchObject({ code: 200 });
    expect((await onLane(work, (lane) => lane.order('FROB'))).code).toBeGreaterThanOrEqual(500);
    for (const command of ['TYPE A', 'LIST', 'quit', 'AUTH TLS', '']) {
      await expect(onLane(work, (lane) => lane.order(command))).rejects.toMatchObject({ code: 'usage' });
    }
    await expect(onLane(work, (lane) => lane.order('NOOP\r\nQUIT'))).rejects.toMatchObject({ code: 'name' });
  });

  test('a copy that was cut off goes on where it was, in both directions', async () => {
    const content = Buffer.alloc(5 * 1024 * 1024, 'ferry ');
    writeFileSync(join(here, 'big'), content);
    const cut = async (way: (changes: Partial<CopyRequest>) => Promise<unknown>) => {
      const stop = new AbortController();
      const tell = (event: RunEventBody) => {
        events.push(event);
        if (event.type === 'progress' && event.bytes > 2_500_000) stop.abort(new Error('cut'));
      };
      await way({ signal: stop.signal, tell, limitRate: 8_000_000 });
      expect(stop.signal.aborted).toBe(true);
    };
    await cut((changes) => put(['big'], 'big', {}, changes));
    expect(existsSync(join(disk, 'big'))).toBe(false);
    events = [];
    expect(await put(['big'], 'big')).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'action', status: 'done', resumedFrom: expect.any(Number) }),
    );
    expect(readFileSync(join(disk, 'big')).equals(content)).toBe(true);
    await cut((changes) => get('big', 'back', {}, changes));
    expect(existsSync(join(here, 'back'))).toBe(false);
    events = [];
    expect(await get('big', 'back')).toMatchObject({ exitCode: 0, downloaded: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'action', status: 'done', resumedFrom: expect.any(Number) }),
    );
    expect(readFileSync(join(here, 'back')).equals(content)).toBe(true);
    expect(readdirSync(disk)).toEqual(['big']);
  });
});
