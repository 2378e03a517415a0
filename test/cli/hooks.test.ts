/** Hooks of a job: when they run, what they are told, and what their failure means. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventsOf, makeWorld, PASSWORD, until, type World } from './harness.ts';

// Many processes each, on a machine that may have others to run.
vi.setConfig({ testTimeout: 90_000 });

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  await world.write({ 'site/a.txt': 'a', 'site/b.txt': 'bb', 'record.mjs': RECORD });
});
afterEach(() => world.close());

/** Keeps what a hook was told, in the order of the runs; then ends as its argument says. */
const RECORD = `
  import { appendFileSync, readFileSync } from 'node:fs';
  const input = readFileSync(0, 'utf8');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('FERRY_')));
  const told = { hook: env.FERRY_HOOK, env, input: JSON.parse(input), lines: input.split('\\n').length - 1, cwd: process.cwd() };
  appendFileSync('told.jsonl', JSON.stringify(told) + '\\n');
  const [end = '0', ...words] = process.argv.slice(2);
  for (const word of words) console.log(word);
  process.exit(Number(end));
`;

const record = (end = 0, ...words: readonly string[]) => [process.execPath, 'record.mjs', String(end), ...words];

interface Told {
  readonly hook: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: Readonly<Record<string, unknown>>;
  readonly lines: number;
  readonly cwd: string;
}

async function told(): Promise<Told[]> {
  const text = await readFile(join(world.folder, 'told.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
}

const ran = async () => (await told()).map(({ hook }) => hook);

async function configure(hooks: object, job: object = {}): Promise<void> {
  const server = { url: `ftp://ann@127.0.0.1:${world.port}`, password: { env: 'FERRY_PASSWORD' } };
  await world.write({
    'sync.config.json': JSON.stringify({
      servers: { web: server },
      jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www', hooks, ...job } },
    }),
  });
}

describe('a run that goes well', () => {
  test('before and after, with what the run is and what came of it', async () => {
    await configure({ before: record(), after: [record(), record()], failed: record() });
    expect(await world.ferry('push', 'site')).toMatchObject({ code: 0, stdout: '' });
    const [before, after, ...more] = await told();
    expect(before?.env).toEqual({
      FERRY_HOOK: 'before',
      FERRY_JOB: 'site',
      FERRY_DIRECTION: 'push',
      FERRY_LOCAL: join(world.folder, 'site'),
      FERRY_REMOTE: world.url,
      FERRY_STATE: expect.any(String),
      FERRY_PASSWORD: PASSWORD,
    });
    expect(before?.input).toEqual({
      hook: 'before',
      job: 'site',
      direction: 'push',
      local: join(world.folder, 'site'),
      remote: world.url,
    });
    expect(after?.env).toMatchObject({
      FERRY_HOOK: 'after',
      FERRY_EXIT_CODE: '0',
      FERRY_MESSAGE: '',
      FERRY_UPLOADED: '2',
      FERRY_BYTES_SENT: '3',
      FERRY_UNCHANGED: '0',
    });
    expect(after?.input).toMatchObject({ hook: 'after', job: 'site', exitCode: 0, uploaded: 2, bytesSent: 3 });
    expect(after).toMatchObject({ lines: 1, cwd: world.folder });
    expect(more.map(({ hook }) => hook)).toEqual(['after']);
  });

  test('the source may be what "before" makes', async () => {
    const make = `require('fs').mkdirSync('made'); require('fs').writeFileSync('made/new.txt', 'new')`;
    await configure({ before: [process.execPath, '-e', make] }, { local: 'made' });
    expect(await world.ferry('push', 'site')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual({ 'new.txt': 'new' });
  });

  test('a dry run, a plan, a comparison, and --no-hooks run none', async () => {
    await configure({ before: record(), after: record(), failed: record() });
    expect((await world.ferry('push', 'site', '-n')).code).toBe(0);
    expect((await world.ferry('plan', 'site', '-o', 'the.plan')).code).toBe(0);
    expect((await world.ferry('verify', 'site')).code).toBe(8);
    expect((await world.ferry('push', 'site', '--no-hooks')).code).toBe(0);
    expect(await ran()).toEqual([]);
    await world.write({ 'site/c.txt': 'c' });
    await world.ferry('plan', 'site', '-o', 'the.plan');
    expect((await world.ferry('apply', 'the.plan')).code).toBe(0);
    expect(await ran()).toEqual(['before', 'after']);
  });
});

describe('what hooks say', () => {
  test('goes to stderr, without secrets, and names who said it', async () => {
    await configure({ before: record(0, 'mounted', `with ${PASSWORD}`) });
    const { code, stdout, stderr } = await world.ferry('push', 'site');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^before: mounted\nbefore: with \*\*\*$/m);
  });

  test('under -q nothing, unless one fails: then all of it', async () => {
    await configure({ before: record(0, 'one', 'two') });
    expect(await world.ferry('push', 'site', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    await configure({ before: record(7, 'one', 'two') });
    const { code, stderr } = await world.ferry('push', 'site', '-q');
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^ferry push site: exit 4: the "before" hook .* ended with 7 \(it said: two\); nothing was done\n {2}before: one\n {2}before: two\n {2}\(.*\)\n$/,
    );
  });

  test('with --json it is beside the events, which tell of the hooks', async () => {
    await configure({ before: record(0, 'mounted'), after: record(1) });
    const ended = await world.ferry('push', 'site', '--json');
    expect(ended).toMatchObject({ code: 3, stderr: 'before: mounted\n' });
    const events = eventsOf(ended);
    expect(events.filter(({ type }) => type === 'hook')).toMatchObject([
      { hook: 'before', program: process.execPath, status: 'started' },
      { hook: 'before', status: 'done' },
      { hook: 'after', status: 'started' },
      { hook: 'after', status: 'failed', message: expect.stringMatching(/ended with 1$/) },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'summary', exitCode: 3, uploaded: 2, failed: 0 });
  });
});

describe('one that fails', () => {
  test('before: nothing is done, not even a connection is made', async () => {
    const commands: string[] = [];
    world.server.on('command', ({ verb }) => void commands.push(verb));
    await configure({ before: [record(0), record(9, 'no disk'), record(0)], after: record(), failed: record() });
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(4);
    expect(stderr).toMatch(/Exit 4: the "before" hook .* ended with 9 \(it said: no disk\); nothing was done\n$/);
    expect(commands).toEqual([]);
    expect(await ran()).toEqual(['before', 'before', 'failed']);
    const failed = (await told()).at(-1);
    expect(failed?.env).toMatchObject({
      FERRY_EXIT_CODE: '4',
      FERRY_MESSAGE: expect.stringMatching(/ended with 9 .*nothing was done$/),
    });
  });

  test('after: the files are there, the exit code is 3, and "failed" hears of it', async () => {
    await configure({ after: record(1), failed: record() });
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(3);
    expect(stderr).toMatch(/Exit 3: both sides agree, but the "after" hook .* ended with 1\n$/);
    expect(await world.files('server:www')).toEqual(await world.files('site'));
    expect(await ran()).toEqual(['after', 'failed']);
    expect((await told())[1]?.input).toMatchObject({ hook: 'failed', exitCode: 3, uploaded: 2 });
  });

  test('failed: the exit code stays that of the run', async () => {
    await configure({ failed: record(1) });
    const { code, stderr } = await world.ferryWith({ FERRY_PASSWORD: 'wrong' }, 'push', 'site');
    expect(code).toBe(5);
    expect(stderr).toMatch(/warning: the "failed" hook .* ended with 1/);
    expect((await told())[0]?.env).toMatchObject({ FERRY_EXIT_CODE: '5' });
  });

  test('one that is not there: the message says where it was looked for', async () => {
    await configure({ before: ['no-such-program-4711'] });
    const { code, stderr } = await world.ferryWith({ PATH: '/usr/bin:/bin' }, 'push', 'site');
    expect(code).toBe(4);
    expect(stderr).toMatch(/"before" hook no-such-program-4711 could not be found; PATH is \/usr\/bin:\/bin/);
  });

  test('a mistake in the configuration is named', async () => {
    await configure({ before: 'mount /backup' });
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(2);
    expect(stderr).toMatch(/jobs\.site\.hooks\.before \(line 1\): .*\["\/usr\/local\/bin\/notify", "done"\]/);
  });
});

describe('the heartbeat', () => {
  let heard: string[];
  let monitor: Server;
  let url: string;
  beforeEach(async () => {
    heard = [];
    monitor = createServer(({ url }, response) => {
      heard.push(String(url));
      response.end();
    });
    await new Promise<void>((resolve) => monitor.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(monitor.address() as AddressInfo).port}/ping/4711`;
  });
  afterEach(() => {
    monitor.closeAllConnections();
    monitor.close();
  });

  test('is told of a run that went well, and of no other one', async () => {
    await configure({}, { heartbeat: url });
    expect((await world.ferryWith({ FERRY_PASSWORD: 'wrong' }, 'push', 'site')).code).toBe(5);
    expect((await world.ferry('push', 'site', '-n')).code).toBe(0);
    expect((await world.ferry('push', 'site', '--no-hooks')).code).toBe(0);
    expect(heard).toEqual([]);
    expect(await world.ferry('push', 'site', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(heard).toEqual(['/ping/4711']);
    await configure({ after: record(1) }, { heartbeat: url });
    expect((await world.ferry('push', 'site')).code).toBe(3);
    expect(heard).toEqual(['/ping/4711']);
  });

  test('that nobody hears it is a warning, which does not give the address away', async () => {
    await configure({}, { heartbeat: url.replace('ping/4711', 'secret') });
    monitor.removeAllListeners('request').on('request', (_, response) => response.writeHead(404).end());
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: the heartbeat http:\/\/127\.0\.0\.1:\d+ answered 404\n/);
    expect(stderr).not.toContain('secret');
  });

  test('may be a program', async () => {
    await configure({}, { heartbeat: record(1) });
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: the heartbeat .* ended with 1\n/);
    expect((await told()).map(({ hook, env }) => [hook, env.FERRY_EXIT_CODE])).toEqual([['heartbeat', '0']]);
  });

  test.each([
    ['ftp://example.com/', /an http:\/\/ or https:\/\/ url/],
    ['https://me:pass@example.com/', /use a program/],
  ])('%s cannot be one', async (heartbeat, why) => {
    await configure({}, { heartbeat });
    const { code, stderr } = await world.ferry('push', 'site');
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });
});

describe.skipIf(process.platform === 'win32')('a run that is stopped', () => {
  const WAITING = `require('fs').writeFileSync('waiting', String(process.pid)); setInterval(() => {}, 1000)`;
  const waiting = async () => Number((await world.files('.')).waiting ?? 0);

  test('ends the hook that is under way, and tells "failed"', async () => {
    await configure({ before: [process.execPath, '-e', WAITING], failed: record() });
    const { child, ended } = world.start('push', 'site');
    await until(async () => (await waiting()) > 0, 'the hook runs');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    const pid = await waiting();
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect((await told()).map(({ env }) => env.FERRY_EXIT_CODE)).toEqual(['143']);
  });

  test('at once: the hook goes with it', async () => {
    await configure({ before: [process.execPath, '-e', `process.on('SIGTERM', () => {}); ${WAITING}`] });
    const { child, ended } = world.start('push', 'site');
    await until(async () => (await waiting()) > 0, 'the hook runs');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    expect([130, 143]).toContain((await ended).code);
    const pid = await waiting();
    await until(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    }, 'it is gone');
  });

  test('a run that another one keeps from beginning has no hooks', async () => {
    await configure({ before: [process.execPath, '-e', WAITING] });
    const { child, ended } = world.start('push', 'site');
    await until(async () => (await waiting()) > 0, 'the hook runs');
    await configure({ before: record(), failed: record() });
    expect((await world.ferry('push', 'site')).code).toBe(6);
    expect(await ran()).toEqual([]);
    child.kill('SIGKILL');
    await ended;
    process.kill(await waiting(), 'SIGKILL');
  });
});
