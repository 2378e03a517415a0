/** `ferry status`: what it remembers of runs that went well, failed, were refused, killed, or could not even begin. */
import { existsSync } from 'node:fs';
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsOf, makeWorld, until, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

async function configure(job: object = {}): Promise<void> {
  const server = { url: `ftp://ann@127.0.0.1:${world.port}`, password: { env: 'FERRY_PASSWORD' } };
  await world.write({
    'sync.config.json': JSON.stringify({
      servers: { web: server },
      jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www', retries: 0, ...job } },
    }),
  });
}

test.skipIf(process.platform === 'win32')('nothing that may not be looked at passes for well', async () => {
  await world.close();
  world = await makeWorld({ rights: true });
  await world.write({ 'site/a.txt': 'a' });
  await configure();
  expect((await world.ferry('push', 'site')).code).toBe(0);
  const state = join(world.folder, '../state');
  const [folder = ''] = await readdir(state);
  for (const shut of [state, join(state, folder), join(state, folder, 'runs.jsonl')]) {
    const { mode } = await stat(shut);
    await chmod(shut, 0);
    const refused = { code: 2, stdout: '', stderr: expect.stringMatching(/may not use .*EACCES/) };
    expect(await world.ferry('status', '-q', '--max-age', '1h')).toEqual(refused);
    await chmod(shut, mode & 0o777);
  }
  expect(await world.ferry('status', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('every end of a run, as a table and as JSON', { timeout: 90_000 }, async () => {
  await world.write({ 'site/a.txt': 'a' });
  await configure();
  expect(await world.ferry('status')).toMatchObject({ code: 0, stderr: expect.stringMatching(/no job has run here/) });
  expect(await world.ferry('status', 'site')).toMatchObject({ code: 3, stdout: '' });

  expect((await world.ferry('push', 'site', '-n')).code).toBe(0);
  expect((await world.ferry('push', 'site')).code).toBe(0);
  expect(await world.ferry('status', 'site', '-q', '--max-age', '1h')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await world.ferry('status', 'site', '-q', '--max-age', '1ms')).toMatchObject({ code: 3, stdout: '' });

  expect((await world.ferryWith({ FERRY_PASSWORD: 'wrong' }, 'push', 'site')).code).toBe(5);
  expect((await world.ferry('push', 'site', '--delete', 'nine')).code).toBe(2);
  await configure({ dirction: 'push' });
  expect((await world.ferry('push', 'site')).code).toBe(2);
  // Holds the run up for as long as it is there.
  const waiting = `
    const run = process.ppid;
    require('fs').writeFileSync('waiting', '');
    setInterval(() => process.ppid === run || process.exit(), 50);
  `;
  await configure({ hooks: { before: [process.execPath, '-e', waiting] } });
  const killed = world.start('push', 'site');
  await until(() => existsSync(join(world.folder, 'waiting')), 'its hook runs');
  expect((await world.ferry('push', 'site')).code).toBe(6);

  const during = await world.ferry('status', 'site');
  expect(during.stdout).toMatch(/still running, as process \d+\n/);
  killed.child.kill('SIGKILL');
  await killed.ended;

  const { code, stdout, stderr } = await world.ferry('status', 'site', '-l', '100');
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  const [title, head, ...rows] = stdout.trimEnd().split('\n');
  expect(title).toMatch(/^site: push .*site to ftp:\/\/ann@127\.0\.0\.1:\d+\/www$/);
  expect(head).toBe('when              took        exit  what');
  expect(
    rows.find((row) => /^\d{4}-\d\d-\d\d \d\d:\d\d {2}[\d.]+ s +0 {2}1 uploaded \(1 B\)$/.test(row)),
  ).toBeDefined();
  expect(rows.filter((row) => row.length > 80)).toEqual([]);
  expect(rows.at(-1)).toMatch(/^Its last run was cut off; the last good one: \d{4}-/);

  const runs = eventsOf(await world.ferry('status', 'site', '--json', '-l', '100'));
  const ends = runs.map((run) => run.exitCode ?? run.state);
  expect(ends).toEqual([0, 5, 2, 'killed', 6]);
  expect(runs[0]).toMatchObject({ job: 'site', direction: 'push', summary: { uploaded: 1, bytesSent: 1 } });
  expect(runs[2]).toMatchObject({ message: expect.stringMatching(/dirction/), summary: { uploaded: 0 } });

  // That the last run found another one under way is no complaint about the job.
  await configure();
  expect((await world.ferry('push', 'site')).code).toBe(0);
  expect((await world.ferry('status', 'site', '-q')).code).toBe(0);
});

test('a pair without a job; and a job of the same name elsewhere is another one', async () => {
  await world.write({ 'site/a.txt': 'a', 'elsewhere/b.txt': 'b' });
  expect((await world.ferry('push', 'site', world.url)).code).toBe(0);
  expect(await world.ferry('status', 'site', world.url)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^push .*site to ftp:.*\nwhen .*\n\d.*1 uploaded \(1 B\)\n$/),
  });
  await configure({ local: 'elsewhere', remote: '/else' });
  expect((await world.ferry('push', 'site')).code).toBe(0);
  await configure({ local: 'elsewhere', remote: '/other' });
  expect(await world.ferry('status', 'site')).toMatchObject({ code: 3, stdout: '' });
  const all = eventsOf(await world.ferry('status', '--json'));
  expect(all.map(({ remote }) => String(remote).replace(/.*\//, '')).sort()).toEqual(['else', 'www']);
});
