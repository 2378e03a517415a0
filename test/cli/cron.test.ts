/** As cron runs it: no terminal, no home, hardly an environment, two at once; and the log that such runs leave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Ended, FERRY, makeWorld, PASSWORD, until, type World, type WorldOptions } from './harness.ts';

// Many processes each, on a machine that may have others to run.
vi.setConfig({ testTimeout: 90_000 });

let world: World;
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await world.close();
});

/** Runs a command as cron does; `env` is all there is besides PATH. */
function cron(env: Readonly<Record<string, string>>, args: readonly string[], uid?: number): Promise<Ended> {
  const child = spawn(process.execPath, [FERRY, ...args], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...env },
    // Not a terminal, and never at its end: a question would wait for ever.
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

const at = (name: string) => join(world.folder, name);
const usual = () => ({ FERRY_STATE: join(world.folder, '../state'), FTP_PASSWORD: PASSWORD });

async function configured(options: WorldOptions = {}, job: object = {}): Promise<void> {
  world = await makeWorld(options);
  const server = { url: `ftp://ann@127.0.0.1:${world.port}`, password: { env: 'FTP_PASSWORD' } };
  await world.write({
    'site/a.txt': 'a',
    'sync.config.json': JSON.stringify({
      servers: { web: server },
      jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www', retries: 0, ...job } },
    }),
  });
}

const push = (...flags: readonly string[]) => ['push', 'site', '-q', '-c', at('sync.config.json'), ...flags];

describe('a crontab line', () => {
  test('run twice at once: one does it, the other one ends with 6; and the log may be moved away meanwhile', async () => {
    // Holds the run up until the other one has been refused.
    const wait = `const fs = require('fs'); setInterval(() => fs.existsSync('go') && process.exit(), 20)`;
    await configured({}, { hooks: { before: [process.execPath, '-e', wait] } });
    const flags = ['--log', at('ferry.log')];
    const both = [cron(usual(), push(...flags)), cron(usual(), push(...flags))];
    const first = await Promise.race(both);
    expect(first).toMatchObject({ code: 6, stdout: '' });
    expect(first.stderr).toMatch(
      /^ferry push site: exit 6: another run of site holds its lock: process \d+ .*\n {2}\(.*site to ftp:.*"ferry status site" shows the last runs\)\n$/,
    );
    await rename(at('ferry.log'), at('ferry.log.1'));
    await world.write({ go: '' });
    const ended = await Promise.all(both);
    expect(ended.find(({ code }) => code !== 6)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a' });

    const [before, after] = [await readFile(at('ferry.log.1'), 'utf8'), await readFile(at('ferry.log'), 'utf8')];
    expect(before.match(/ INFO {2}\[\d+\] site: push begins/g)).toHaveLength(2);
    expect(before).toMatch(/ ERROR \[\d+\] site: ended, exit 6: another run of site holds its lock/);
    // After a rotation too, nobody else may read it.
    for (const log of ['ferry.log', 'ferry.log.1']) expect((await stat(at(log))).mode & 0o077).toBe(0);
    expect(after).toMatch(/ site: upload a\.txt done \(1 B, new\)\n[^\n]* site: ended, exit 0: 1 uploaded/);
  });

  test('nobody is asked for a password', async () => {
    await configured();
    const { FERRY_STATE } = usual();
    const { code, stderr } = await cron({ FERRY_STATE }, ['push', at('site'), world.url, '-q']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no password for ann@127\.0\.0\.1: set FERRY_PASSWORD/);
  });

  test('its own limits end it, in order, and the next one goes on', async () => {
    await configured({ uploadRate: 2_000_000 });
    await world.write({ 'site/big.bin': Buffer.alloc(9_000_000, 'ferry') });
    const slow = await cron(usual(), push('--max-duration', '1s'));
    expect(slow).toMatchObject({
      code: 9,
      stderr: expect.stringMatching(/exit 9: the time allowed by --max-duration/),
    });
    const much = await cron(usual(), push('--max-transfer', '1M'));
    expect(much).toMatchObject({ code: 9, stderr: expect.stringMatching(/exit 9: as many bytes as --max-transfer/) });
    expect(await cron(usual(), push())).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await world.files('server:www'))['big.bin']).toHaveLength(9_000_000);
  });

  const asRoot = process.getuid?.() === 0;
  if (!asRoot) console.warn('left out: a user without a home, as only a superuser can become one');
  test.skipIf(!asRoot)('a user who has no home, as in a container', async () => {
    await configured();
    const nowhere = await cron({ FERRY_PASSWORD: PASSWORD }, ['push', at('site'), world.url, '-q'], 54_321);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/no home folder to keep the state in: set FERRY_STATE/);

    await mkdir(at('state-of-it'));
    await chmod(join(world.folder, '..'), 0o755);
    for (const name of ['.', 'site', 'state-of-it']) await chmod(at(name), 0o777);
    const env = { FERRY_PASSWORD: PASSWORD, FERRY_STATE: at('state-of-it') };
    expect(await cron(env, ['push', at('site'), world.url, '-q'], 54_321)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the log', () => {
  beforeEach(() => configured());

  test('as JSON, and after it was cut by copytruncate; no password in it, not even with the whole protocol', async () => {
    const flags = ['--log', at('ferry.log'), '--log-format', 'json', '--log-level', 'debug'];
    expect((await cron(usual(), push(...flags))).code).toBe(0);
    const lines = async () =>
      (await readFile(at('ferry.log'), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const first = await lines();
    expect(first[0]).toMatchObject({ level: 'info', job: 'site', type: 'start' });
    expect(first.filter(({ type }) => type === 'note').map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/PASS \*\*\*/),
    );
    expect(first.at(-1)).toMatchObject({ level: 'info', type: 'summary', exitCode: 0, uploaded: 1 });
    expect(JSON.stringify(first)).not.toContain(PASSWORD);
    await truncate(at('ferry.log'), 0);
    expect((await cron(usual(), push(...flags, '--log-level', 'info'))).code).toBe(0);
    expect((await lines()).at(-1)).toMatchObject({ type: 'summary', unchanged: 1 });
    expect(await readFile(at('ferry.log'))).not.toContain(0);
  });

  test('has what went wrong before there was a run; one that cannot be written is said', async () => {
    const broken = ['push', 'sight', '-c', at('sync.config.json'), '--log', at('ferry.log')];
    expect((await cron(usual(), broken)).code).toBe(2);
    expect(await readFile(at('ferry.log'), 'utf8')).toMatch(/ ERROR \[\d+\] ferry: there is no job sight/);
    const { code, stderr } = await cron(usual(), push('--log', '/dev/null/ferry.log'));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^ferry: --log: \/dev\/null\/ferry\.log cannot be written: a part of the path is not a directory \(ENOTDIR\)\n$/,
    );
    expect(existsSync(join(world.serverFolder, 'www'))).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')('a full disk under it does not stop the run', async () => {
    const { code, stderr } = await cron(usual(), push('--log', '/dev/full'));
    expect(code).toBe(0);
    expect(stderr).toBe('ferry: the log /dev/full can no longer be written: no room left on the disk (ENOSPC)\n');
    await until(() => existsSync(join(world.serverFolder, 'www/a.txt')), 'the file is there');
  });
});
