/** Hooks of a job as the command line has them: what is said of them, and how they end with a run that is stopped. */
import { readFile } from 'node:fs/promises';
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

  test('that "after" failed is said under -q, and to monitors, while the exit code speaks of the two sides', async () => {
    await configure({ after: record(7) });
    const { code, stderr } = await world.ferry('push', 'site', '-q');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^ferry push site: exit 0: both sides agree, but the "after" hook .* ended with 7\n {2}\(.*\)\n$/,
    );
    expect(await world.ferry('status', 'site', '-q')).toMatchObject({
      code: 3,
      stderr: 'ferry: site: its last run was not well, although both sides agree\n',
    });
    expect((await world.ferry('status', 'site')).stdout).toMatch(/not well, .*; none that is remembered ended well/);
    await configure({ after: record() });
    expect((await world.ferry('push', 'site', '-q')).code).toBe(0);
    expect((await world.ferry('status', 'site', '-q')).code).toBe(0);
  });

  test('with --json it is beside the events, which tell of the hooks', async () => {
    await configure({ before: record(0, 'mounted'), after: record(1) });
    const ended = await world.ferry('push', 'site', '--json');
    expect(ended).toMatchObject({ code: 0, stderr: 'before: mounted\n' });
    const events = eventsOf(ended);
    expect(events.filter(({ type }) => type === 'hook')).toMatchObject([
      { hook: 'before', program: process.execPath, status: 'started' },
      { hook: 'before', status: 'done' },
      { hook: 'after', status: 'started' },
      { hook: 'after', status: 'failed', message: expect.stringMatching(/ended with 1$/) },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: 'summary',
      exitCode: 0,
      message: expect.stringMatching(/^both sides agree, but the "after" hook .* ended with 1$/),
      uploaded: 2,
      failed: 0,
    });
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
