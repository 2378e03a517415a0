/** The shell: how lines are read, as a script, at a terminal, and over a connection that does not last. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ShellBench } from '../../src/cli/shell/bench.ts';
import { Completer } from '../../src/cli/shell/completer.ts';
import { keepLine, loadHistory } from '../../src/cli/shell/history.ts';
import { escaped, wordsOf } from '../../src/cli/shell/words.ts';
import type { WrittenPlace } from '../../src/config/index.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { literalName } from '../../src/hand/index.ts';
import type { Remote } from '../../src/model/index.ts';
import { FtpServer } from '../../src/server/index.ts';
import { clientOptions } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { type Ended, FERRY, makeWorld, PASSWORD, until, type World } from './harness.ts';

describe('a line is cut into words', () => {
  test.each([
    ['get a b', ['get', 'a', 'b']],
    ['  get\t a  ', ['get', 'a']],
    ["get 'a b' c", ['get', 'a b', 'c']],
    ['get "a \\"b\\" \\c"', ['get', 'a "b" \\\\c']],
    ['get a\\ b', ['get', 'a b']],
    ['get *.txt', ['get', '*.txt']],
    ["get '*.txt' \\*.txt a'*'", ['get', '\\*.txt', '\\*.txt', 'a\\*']],
    ["get ''", ['get', '']],
    ['# get a', []],
    ['get a#b #c', ['get', 'a#b', '#c']],
    ['', []],
  ])('%s', (line, words) => {
    expect(wordsOf(line).map(({ pattern }) => pattern)).toEqual(words);
  });

  test('a quote that nothing closes is told', () => {
    expect(() => wordsOf("get 'a")).toThrow("the quote ' is not closed");
  });

  test('every name can be typed', () => {
    const name = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '*', '[', '?', '#', 'ü'), minLength: 1 });
    fc.assert(
      fc.property(name, (one) => {
        expect(wordsOf(`get ${escaped(one)} x`).map(({ pattern }) => literalName(pattern))).toEqual(['get', one, 'x']);
      }),
    );
  });
});

test('history keeps what was typed, but for passwords and what begins with a blank', async () => {
  const file = join(emptyFolder(), 'deep', 'history');
  for (const line of ['ls', '', ' secret', 'raw SITE PSWD old new', 'raw SITE HELP', 'cd a'])
    await keepLine(file, line);
  expect(await loadHistory(file)).toEqual(['cd a', 'raw SITE HELP', 'ls']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await loadHistory(join(file, 'none'))).toEqual([]);
});

describe('on a connection', () => {
  let server: FtpServer;
  let remote: Remote;
  let bench: ShellBench;
  const notes: string[] = [];
  const signal = new AbortController().signal;

  async function stand(options: { idleTimeout?: number } = {}): Promise<void> {
    const root = draw(emptyFolder(), {
      'docs/a b.txt': '',
      'docs/a*c.txt': '',
      'docs/sub/x': '',
      'docs/it\x1b[2Jx': '',
      top: '',
    });
    server = new FtpServer({ users: [{ name: 'tester', password: 'p', home: root }], ...options });
    const { host, port } = await server.listen();
    const any = { host, port, user: 'tester', password: 'p', tls: 'none', ca: '', root, name: 'ours' } as const;
    remote = connectFtp(clientOptions({ ...any, log: () => '', stop: async () => {} }, '/'));
    await remote.open();
    const settings = { remote: '/' } as WrittenPlace['settings'];
    const place: WrittenPlace = { settings, segments: [], folder: true, contents: false };
    bench = new ShellBench(remote, place, [], (note) => notes.push(note));
    onTestFinished(async () => {
      await remote.close();
      await server.close(0);
    });
  }

  test('names are below the folder that was entered, .. leads up by name', async () => {
    await stand();
    await bench.enter('docs', signal);
    const at = (text: string) => bench.resolve(text).segments.join('|');
    expect([at('x'), at('..'), at('../y'), at('/z'), at('~/h'), at('sub/../x'), at('../../..')]).toEqual([
      'docs|x',
      '',
      'y',
      'z',
      'h',
      'docs|x',
      '',
    ]);
    await bench.enter('-', signal);
    expect(bench.folder).toBe('/');
    await expect(bench.enter('none', signal)).rejects.toThrow('none is not on the server');
    await expect(bench.enter('top', signal)).rejects.toThrow('top is no folder');
    expect(() => bench.resolve('a\nb')).toThrow(/line break/);
  });

  test('Tab offers commands, then names as they have to be typed', async () => {
    await stand();
    const completer = new Completer(bench);
    const tab = async (line: string) => completer.complete(line, signal);
    expect(await tab('mk')).toEqual([['mkdir '], 'mk']);
    expect(await tab('cd ')).toEqual([['docs/'], '']);
    expect(await tab('cat docs/a')).toEqual([['docs/a\\ b.txt ', 'docs/a\\*c.txt '], 'docs/a']);
    expect(await tab("cat 'docs/a ")).toEqual([["'docs/a b.txt' "], "'docs/a "]);
    expect(await tab('cat docs/a\\ ')).toEqual([['docs/a\\ b.txt '], 'docs/a\\ ']);
    // What a terminal would obey is not offered.
    expect(await tab('cat docs/it')).toEqual([[], 'docs/it']);
    expect(await tab('get -')).toEqual([[], '-']);
    await expect(tab('rm none/')).rejects.toThrow(/550/);
  });

  test('a connection that the server has closed is made anew, and that is said', async () => {
    await stand({ idleTimeout: 300 });
    const before = remote.counters.connections;
    await until(() => server.connections === 0, 'the server has closed it');
    await bench.connect(undefined, undefined, signal);
    expect(remote.counters.connections).toBeGreaterThan(before);
    expect(notes).toEqual(['the server had closed the connection; connected anew']);
    expect((await remote.list('docs' as never)).entries).toHaveLength(4);
  });
});

describe('as a person and a script meet it', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
    await world.write({
      'sync.config.json': JSON.stringify({ servers: { web: { url: `ftp://ann@127.0.0.1:${world.port}` } } }),
      'up.txt': 'up',
      '../server/www/a.txt': 'content\n',
      '../server/www/unended': 'the last line',
      '../server/www/big.bin': Buffer.alloc(3_000_000, 1),
    });
  });
  afterAll(() => world.close());

  const environment = () => ({
    PATH: process.env.PATH,
    HOME: world.folder,
    TERM: 'xterm',
    FERRY_PASSWORD: PASSWORD,
    FERRY_STATE: join(world.folder, '../state'),
  });
  const script = (text: string, ...args: string[]) =>
    new Promise<Ended>((resolve) => {
      const child = spawn(process.execPath, [FERRY, 'shell', 'web', ...args], {
        cwd: world.folder,
        env: environment(),
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk) => (stdout += chunk));
      child.stderr.on('data', (chunk) => (stderr += chunk));
      child.on('close', (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(text);
    });

  test('a script works through its lines, and stops at the first that fails', async () => {
    const good = await script(
      '# a comment\ncd www\nput u*.txt\nmv up.txt "new name.txt"\nls -1\ncat a.txt\nrm new*\npwd\n',
    );
    expect(good).toMatchObject({ code: 0, stdout: 'a.txt\nbig.bin\nnew name.txt\nunended\ncontent\n/www\n' });
    const bad = await script('pwd\nrm none\npwd\n');
    expect(bad).toMatchObject({ code: 3, stdout: '/\n' });
    expect(bad.stderr).toContain('none: there is no such file on the server');
    expect(bad.stderr).toMatch(/ferry: stopped at line 2: rm none\n$/);
    const usage = await script('lsx\n');
    expect(usage).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no command lsx; did you mean ls?'),
    });
  });

  test('at a terminal: Tab, an error that does not end it, Ctrl-C that ends a command only, history', async () => {
    const command = `${process.execPath} ${FERRY} shell web`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: world.folder, env: environment() });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    const ended = new Promise((resolve) => child.on('close', resolve));
    const seen = (text: string, from = 0) => until(() => said.includes(text, from), `${text} in:\n${said}`);
    const type = async (keys: string, wanted: string) => {
      const from = said.length;
      child.stdin.write(keys);
      await seen(wanted, from);
    };
    await seen('web:/> ');
    await type('cd w\t', 'www/');
    await type('\r', 'web:/www> ');
    await type('cat none\r', 'none: the server answered');
    // The prompt would be written over it.
    await type('cat unended\r', 'the last line\r\n');
    await type('get big.bin slow.bin --no-progress --limit-rate 100k\r', 'Plan: 1 to download');
    const before = said.length;
    await type('\x03', 'web:/www> ');
    expect(said.slice(before).match(/stopped by SIGINT/g)).toHaveLength(1);
    await type('pwd\r', '/www\r\n');
    child.stdin.write('\x04');
    await ended;
    expect(child.exitCode).toBe(0);
    const history = readFileSync(join(world.folder, '../state/shell_history'), 'utf8');
    expect(history.split('\n').slice(0, 2)).toEqual(['cd www/', 'cat none']);
  });
});
