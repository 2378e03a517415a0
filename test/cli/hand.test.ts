/** The hand tools as a person or a script meets them: arguments, pipes, words, exit codes. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { createProgram } from '../../src/cli/program.ts';
import { eventsOf, FERRY, makeWorld, PASSWORD, type World } from './harness.ts';

const run = promisify(execFile);

let world: World;
beforeAll(async () => {
  vi.stubEnv('FERRY_PASSWORD', PASSWORD);
  world = await makeWorld();
  await world.write({
    'sync.config.json': JSON.stringify({
      servers: { web: { url: `ftp://ann@127.0.0.1:${world.port}` } },
      jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www' } },
    }),
    'site/a.txt': 'hello',
    '../server/www/a.txt': 'on the server',
    '../server/www/b.txt': 'b',
    '../server/www/sub/c.txt': 'c',
    '../server/www/a*b.txt': 'star',
    '../server/www/big.bin': Buffer.alloc(4_000_000, 7),
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

const shell = (command: string) =>
  run('sh', ['-c', command], {
    cwd: world.folder,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: world.folder,
      FERRY: `${process.execPath} ${FERRY}`,
      FERRY_PASSWORD: PASSWORD,
      FERRY_STATE: join(world.folder, '../state'),
    },
  });

describe('ls and stat', () => {
  test('a file, a folder, a server by its name, a pattern', async () => {
    const [file, folder, named, pattern] = await Promise.all([
      world.ferry('ls', '--json', 'web:/www/a.txt'),
      world.ferry('ls', '-1', 'site:'),
      world.ferry('ls', '-1', 'web', '/www/sub'),
      world.ferry('ls', '-1', 'web:/www/?.txt'),
    ]);
    expect(eventsOf(file)).toEqual([expect.objectContaining({ path: 'a.txt', kind: 'file', size: 13 })]);
    expect(folder).toMatchObject({ code: 0, stdout: 'a*b.txt\na.txt\nb.txt\nbig.bin\nsub\n' });
    expect(named).toMatchObject({ code: 0, stdout: 'c.txt\n' });
    expect(pattern).toMatchObject({ code: 0, stdout: 'a.txt\nb.txt\n' });
  });

  test('what a pattern matches is one table', async () => {
    const { stdout } = await world.ferry('ls', 'web:/www/*.*');
    const ends = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.search(/ {2}\d{4}-/));
    expect(ends.length).toBeGreaterThan(2);
    expect(new Set(ends).size).toBe(1);
  });

  test('stat tells what is there, and says what is not', async () => {
    const seen = await world.ferry('stat', '--json', 'site:sub', 'web:/www/none');
    expect(seen.code).toBe(3);
    expect(eventsOf(seen)).toEqual([expect.objectContaining({ path: 'www/sub', kind: 'directory' })]);
    expect(seen.stderr).toContain('www/none: there is no such file on the server');
  });
});

describe('pipes', () => {
  test('cat writes bytes, and a reader that has had enough is no failure', async () => {
    expect((await shell('$FERRY cat web:/www/big.bin | cmp - ../server/www/big.bin')).stdout).toBe('');
    const { stdout } = await shell(
      '{ $FERRY cat web:/www/big.bin; echo "exit $?" >&2; } 2>err | head -c 3 | wc -c; cat err',
    );
    expect(stdout.trim()).toMatch(/^3\s+exit 0$/);
  });

  test('put - takes stdin, get to - is cat', async () => {
    await shell('printf "one two" | $FERRY put - web:/www/piped.txt');
    expect((await shell('$FERRY get web:/www/piped.txt -')).stdout).toBe('one two');
    const refused = await shell('echo x | $FERRY put - web:/www/').catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(refused).toMatchObject({
      code: 2,
      stderr: 'ferry: www is a folder; name the file that stdin is to become\n',
    });
  });
});

describe('get and put', () => {
  test('events as those of a run, and a second time nothing to do', async () => {
    const first = await world.ferry('put', '--json', 'site/a.txt', 'web:/www/new.txt');
    expect(first.code).toBe(0);
    expect(eventsOf(first).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['start', 'capabilities', 'plan', 'action', 'summary']),
    );
    expect(eventsOf(first).at(-1)).toMatchObject({ type: 'summary', job: 'put', exitCode: 0, uploaded: 1 });
    const second = await world.ferry('put', '--json', 'site/a.txt', 'web:/www/new.txt');
    expect(eventsOf(second).at(-1)).toMatchObject({ uploaded: 0, unchanged: 1 });
    const forced = await world.ferry('put', '-f', '--json', 'site/a.txt', 'web:/www/new.txt');
    expect(eventsOf(forced).at(-1)).toMatchObject({ uploaded: 1 });
  });

  test('from home and from the root at once, into this folder, and only once where two are the same', async () => {
    mkdirSync(join(world.folder, 'into'));
    const got = await world.ferry('get', 'site:a.txt', 'web:www/b.txt', 'web:/www/a.txt', 'into');
    expect(got).toMatchObject({ code: 0, stdout: '' });
    expect(await world.files('into')).toEqual({ 'a.txt': 'on the server', 'b.txt': 'b' });
  });

  test('two sources of one name do not become one file', async () => {
    writeFileSync(join(world.serverFolder, 'b.txt'), 'other');
    mkdirSync(join(world.folder, 'twice'));
    const got = await world.ferry('get', 'web:/www/b.txt', 'web:/b.txt', 'twice');
    expect(got.code).toBe(3);
    expect(got.stderr).toContain('b.txt: it would get the same name as www/b.txt');
    expect(await world.files('twice')).toEqual({ 'b.txt': 'b' });
  });

  test('what is in a folder, without the folder', async () => {
    mkdirSync(join(world.folder, 'flat'));
    expect(await world.ferry('get', '-r', 'web:/www/sub/.', 'flat')).toMatchObject({ code: 0 });
    expect(await world.files('flat')).toEqual({ 'c.txt': 'c' });
  });

  test('quietly, only what went wrong is said', async () => {
    const failed = await world.ferry('get', '-q', 'web:/www/none', 'into');
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(failed.stderr).toMatch(/^ferry get: exit 3: .*\n {2}www\/none: there is no such file on the server\n$/);
    expect(await world.ferry('put', '-q', 'site/a.txt', 'web:/www/quiet.txt')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a dry run says what it would do, and does nothing', async () => {
    const dry = await world.ferry('put', '-n', '-r', 'site', 'web:/dry');
    expect(dry.code).toBe(0);
    expect(dry.stderr).toContain('1 to upload (5 B), 1 directory to make');
    expect(await world.ferry('stat', 'web:/dry')).toMatchObject({ code: 3 });
  });

  test('killed with SIGKILL in the middle, the same command goes on', async () => {
    const args = ['get', 'web:/www/big.bin', 'killed.bin'];
    const { child, ended } = world.start(...args, '--limit-rate', '1500k', '--json');
    await new Promise<void>((resolve) => {
      child.stdout!.on('data', (text: string) => {
        const bytes = [...text.matchAll(/"phase":"transfer".*?"bytes":(\d+)/g)].map(([, count]) => Number(count));
        if (bytes.some((count) => count > 1_000_000)) resolve();
      });
    });
    child.kill('SIGKILL');
    await ended;
    const again = await world.ferry(...args, '--json');
    expect(again.code).toBe(0);
    expect(eventsOf(again)).toContainEqual(
      expect.objectContaining({ status: 'done', resumedFrom: expect.any(Number) }),
    );
    expect(readFileSync(join(world.folder, 'killed.bin')).equals(Buffer.alloc(4_000_000, 7))).toBe(true);
    expect(Object.keys(await world.files('.')).filter((name) => name.endsWith('.ferry'))).toEqual([]);
  });
});

describe('small changes', () => {
  test('are told as events, and in words only where asked', async () => {
    const made = await world.ferry('mkdir', '-p', '--json', 'web:/x/y');
    expect(eventsOf(made)).toEqual([
      expect.objectContaining({ type: 'action', action: 'mkdir', path: 'x', status: 'done' }),
      expect.objectContaining({ type: 'action', action: 'mkdir', path: 'x/y', status: 'done' }),
      expect.objectContaining({ type: 'summary', exitCode: 0 }),
    ]);
    expect(await world.ferry('mkdir', 'web:/none/y')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there is no folder none on the server; mkdir -p makes it, too'),
    });
    expect(await world.ferry('mv', 'web:/x/y', 'web:/x/z')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await world.ferry('rm', '-rv', 'web:/x')).stderr).toContain('deleted    x/z/\n');
    expect(await world.ferry('rm', '-f', 'web:/x', 'web:/*.none')).toMatchObject({ code: 0, stderr: '' });
  });

  test('raw shows the answer, and exits with 3 where the server refuses', async () => {
    expect(await world.ferry('raw', 'web:', 'NOOP')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^200 /) });
    const refused = await world.ferry('raw', '--json', 'web:', 'FROB', 'x');
    expect(refused.code).toBe(3);
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: 500, lines: [expect.stringMatching(/^500 /)] });
  });

  test('rm asks a person about a folder that holds something, and takes no for an answer', async () => {
    mkdirSync(join(world.serverFolder, 'held'));
    writeFileSync(join(world.serverFolder, 'held/x'), 'x');
    const command = `${process.execPath} ${FERRY} rm -r web:/held`;
    const ask = (answer: string) =>
      new Promise<string>((resolve) => {
        // A terminal of its own, as script(1) makes one.
        const child = spawn('script', ['-qec', command, '/dev/null'], {
          cwd: world.folder,
          env: { ...process.env, FERRY_PASSWORD: PASSWORD, HOME: world.folder },
        });
        let [said, answered] = ['', false];
        child.stdout.on('data', (chunk) => {
          said += chunk;
          if (said.includes('[y/N] ') && !answered) child.stdin.write(`${answer}\r`);
          answered = said.includes('[y/N] ');
        });
        child.on('close', () => resolve(said));
      });
    const no = await ask('n');
    expect(no).toContain('Remove held/ (1 in it) with all that is in it?');
    expect(no).toContain('nothing was removed');
    expect(await world.files('server:held')).toEqual({ x: 'x' });
    await ask('y');
    await expect(world.files('server:held')).rejects.toThrow('ENOENT');
  });
});

describe('a wrong use ends with 2 and a way on', () => {
  test.each([
    ['a server alone', ['get', 'web'], /web names a server; name a path on it: web:\/path/],
    ['a misspelt server', ['cat', 'wbe:/a'], /did you mean web\?/],
    ['a local file where a place belongs', ['rm', 'a.txt'], /a\.txt is no place on a server: write NAME:\/path/],
    ['no target', ['put', 'site/a.txt'], /ferry put \S*site\/a\.txt NAME:\/folder\//],
    ['a source that is not there', ['put', 'none', 'web:/'], /none does not exist/],
    ['two servers', ['get', 'web:/a', 'ftp://h/b'], /are two servers; name places on one at a time/],
    ['a pattern for nothing', ['cat', 'web:/*.none'], /nothing on the server matches \*\.none/],
    ['no mode', ['chmod', 'u+x', 'web:/a'], /u\+x is no mode/],
    ['no time', ['touch', '-t', 'noon', 'web:/a'], /--time: "noon" is no time such as/],
    ['force and keep', ['put', '-f', '--no-clobber', 'site/a.txt', 'web:/'], /choose one/],
    ['a command that needs data', ['raw', 'web:', 'LIST'], /LIST cannot be sent here: it needs a data connection/],
    ['a line break', ['raw', 'web:', 'NOOP\r\nDELE a'], /FTP cannot carry a line break/],
    ['a step up', ['get', 'web:/a/../b'], /\.\. is no name here/],
    ['no such folder here', ['get', 'web:/www/a.txt', 'none/'], /there is no folder \S*none\/?; make it first/],
  ] as const)('%s', async (_what, args, message) => {
    const lines: string[] = [];
    const program = createProgram({
      args,
      stdout: {
        line: (text) => void lines.push(text),
        bytes: async () => {},
        endLine: () => {},
        closed: new AbortController().signal,
        failure: undefined,
      },
      signal: new AbortController().signal,
      finish: (code) => expect.fail(`ended with ${code}`),
    });
    const config = args[0] === 'raw' ? [] : ['-c', join(world.folder, 'sync.config.json')];
    const [verb, ...rest] = args.map((arg) => (/^(?:site|none)(?:\/|$)/.test(arg) ? join(world.folder, arg) : arg));
    const here = process.cwd();
    process.chdir(world.folder);
    try {
      const failure = await program.parseAsync([verb!, ...config, ...rest], { from: 'user' }).catch(failureOf);
      expect(failure).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
      expect(lines).toEqual([]);
    } finally {
      process.chdir(here);
    }
  });
});

test('push and pull of a single file name the tools for that, and change nothing', async () => {
  const file = `ftp://ann@127.0.0.1:${world.port}/www/a.txt`;
  const folder = `ftp://ann@127.0.0.1:${world.port}/www`;
  const before = await world.files('server:www');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['push', 'site/a.txt', folder], /site\/a\.txt is a file, and ferry push keeps folders .* ferry put \S+ ftp:/],
    [['push', 'site', file], /www\/a\.txt is a file, and ferry push keeps folders in step; name a folder instead/],
    [['pull', file, 'fresh'], /www\/a\.txt is a file, and ferry pull keeps folders .* ferry get ftp:\S+ \S+fresh/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await world.ferry(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  }
  expect(await world.files('server:www')).toEqual(before);
});
