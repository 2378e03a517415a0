/** `ferry watch` as a service manager and a person meet it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeWorld, type World } from './harness.ts';

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
    expect(lines.at(-1)).toMatch(/stopped: stopped by SIG/);
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

  test('a dry run, and a folder that is not there, are refused', async () => {
    await world.write({ 'sync.config.json': config() });
    expect(await world.ferry('watch', 'site', '-n')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/ferry plan/),
    });
    expect(await world.ferry('watch', 'site')).toMatchObject({ code: 4, stderr: expect.stringMatching(/not mounted/) });
  });
});
