/** `ferry watch` as a service manager and a person meet it. */
import { spawn, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FERRY, makeWorld, PASSWORD, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

/** Resolves once the condition holds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let left = 300; left > 0; left--) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never came: ${condition}`);
}

/** What the server holds by now; what moves while it is read is read again. */
const there = () => world.files('server:www').catch((): Record<string, string> => ({}));
const onServer = (path: string, content: string) => until(async () => (await there())[path] === content);

const config = (job: object = {}) =>
  JSON.stringify({
    servers: { s: { url: world.url.replace(/\/www$/, '') } },
    jobs: {
      site: { direction: 'push', local: 'site', server: 's', remote: '/www', watch: { settle: '100ms' }, ...job },
    },
  });

describe('ferry watch', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends it cleanly, with exit code %i; each batch was one line', async (signal, code) => {
    await world.write({ 'sync.config.json': config(), 'site/a.txt': 'a' });
    const { child, ended } = world.start('watch', 'site');
    await onServer('a.txt', 'a');
    await world.write({ 'site/b.txt': 'bb', 'site/c.txt': 'ccc' });
    await onServer('c.txt', 'ccc');
    await onServer('b.txt', 'bb');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill(signal);
    const { code: exitCode, stderr, stdout } = await ended;
    expect([exitCode, stdout]).toEqual([code, '']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^Watching .*site for ftp:.*; Ctrl-C ends it$/);
    expect(lines.slice(1, -1).every((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}[12] uploaded/.test(line))).toBe(
      true,
    );
    expect(lines.at(-1)).toMatch(/ {2}stopped by SIG/);
  });

  test('SIGHUP takes a new configuration, and keeps the old one where the new one is broken', async () => {
    await world.write({ 'sync.config.json': config(), 'site/a.txt': 'a' });
    const { child, ended } = world.start('watch', 'site', '--json');
    await onServer('a.txt', 'a');
    await world.write({ 'sync.config.json': '{ "jobs": {' });
    child.kill('SIGHUP');
    await world.write({ 'site/b.txt': 'b' });
    await onServer('b.txt', 'b');
    await world.write({ 'sync.config.json': config({ exclude: ['*.tmp'] }) });
    child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await world.write({ 'site/c.tmp': 'c', 'site/d.txt': 'd' });
    await onServer('d.txt', 'd');
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(143);
    expect(await there()).not.toHaveProperty(['c.tmp']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const warnings = events.filter(({ type }) => type === 'warning').map(({ message }) => message);
    expect(warnings).toEqual([expect.stringMatching(/as it was.*is not JSON/), 'the configuration was read again']);
    expect(events.at(-1)).toMatchObject({ type: 'summary', exitCode: 143, uploaded: 3 });
    expect(events.at(-2)).toMatchObject({ type: 'watch', state: 'stopped' });
  });

  // The limit is that of a user namespace, so nobody else has to do without.
  const few = ['-Ur', 'sh', '-c', 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh'];
  const { status } = spawnSync('unshare', [...few, 'true'], { stdio: 'ignore' });
  if (status !== 0) console.warn('left out: a system without watches left (no user namespace can be made here)');
  test.skipIf(status !== 0)(
    'where the system has no watches left, it says so and looks at the files in turn',
    async () => {
      const folders = Array.from({ length: 8 }, (_, n) => [`site/d${n}/f.txt`, `${n}`]);
      await world.write({ 'sync.config.json': config(), ...Object.fromEntries(folders) });
      const env = {
        PATH: process.env.PATH,
        HOME: world.folder,
        FERRY_STATE: `${world.folder}/state`,
        FERRY_PASSWORD: PASSWORD,
      };
      const child = spawn('unshare', [...few, process.execPath, FERRY, 'watch', 'site'], { cwd: world.folder, env });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      try {
        await onServer('d7/f.txt', '7');
        await world.write({ 'site/d7/new.txt': 'new' });
        await onServer('d7/new.txt', 'new');
      } finally {
        child.kill('SIGTERM');
      }
      expect(await ended).toBe(143);
      expect(said).toMatch(/no watches left.*sysctl fs\.inotify\.max_user_watches/);
    },
  );

  test('a dry run, and a folder that is not there, are refused', async () => {
    await world.write({ 'sync.config.json': config() });
    expect(await world.ferry('watch', 'site', '-n')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/ferry plan/),
    });
    expect(await world.ferry('watch', 'site')).toMatchObject({ code: 4, stderr: expect.stringMatching(/not mounted/) });
  });
});
