/** Backups as a person, cron and a monitor see them: the four verbs, killed, stopped and pruned. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsOf, makeWorld, until, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  await configure({ keep: { last: 2 } });
  await fill({ 'index.html': 'page', 'css/site.css': 'a {}' });
});
afterEach(() => world.close());

async function configure(backup: object, more: object = {}): Promise<void> {
  const job = { direction: 'pull', local: 'shop', server: `ftp://ann@127.0.0.1:${world.port}`, remote: '/www', backup };
  await world.write({ 'sync.config.json': JSON.stringify({ jobs: { nightly: { ...job, ...more } } }) });
}
/** Writes files on the server. */
const fill = (files: Record<string, string | Uint8Array>) =>
  world.write(Object.fromEntries(Object.entries(files).map(([path, content]) => [`../server/www/${path}`, content])));

const shop = (...parts: string[]) => join(world.folder, 'shop', ...parts);
const names = () =>
  readdirSync(shop())
    .filter((name) => /^\d{8}T/.test(name))
    .sort();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Gives a snapshot another time, as if it had been made then. */
function backdate(name: string, to: string): void {
  const manifest = shop(name, '.ferry/manifest.jsonl');
  const lines = readFileSync(manifest, 'utf8').split('\n').slice(0, -2);
  const text = `${[lines[0]!.replaceAll(name, to), ...lines.slice(1)].join('\n')}\n`;
  writeFileSync(manifest, `${text}${JSON.stringify({ sha256: sha256(text) })}\n`);
  renameSync(shop(name), shop(to));
}

describe('ferry backup', () => {
  test('makes a snapshot, and says what is in it', async () => {
    const first = await world.ferry('backup', 'nightly');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^Backing up ftp:.* \(nightly\)$/m);
    expect(first.stderr).toMatch(/^Snapshot \d{8}T\d{6}Z: 2 files, 8 B; 8 B in 2 new files$/m);
    const again = await world.ferry('backup');
    expect(again.stderr).toMatch(/: 2 files, 8 B; nothing changed$/m);
    expect(names()).toHaveLength(2);
    expect((await world.ferry('status', 'nightly')).stdout).toMatch(/2 downloaded \(8 B\)/);
  });

  test('is silent for cron when all is well, and says why there is none when not', async () => {
    expect(await world.ferry('backup', '-q')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    rmSync(join(world.serverFolder, 'www'), { recursive: true });
    await fill({ 'only.txt': 'x' });
    rmSync(join(world.serverFolder, 'www/only.txt'));
    const { code, stderr } = await world.ferry('backup', 'nightly', '-q');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^ferry backup nightly: exit 4: the source holds no files at all.*no snapshot was made/);
    expect(names()).toHaveLength(1);
  });

  test('tells events, the snapshot among them, and its hooks', async () => {
    await configure({}, { hooks: { after: [process.execPath, '-e', TELLS] } });
    const events = eventsOf(await world.ferry('backup', 'nightly', '--json'));
    expect(events[0]).toMatchObject({ type: 'start', verb: 'backup', local: shop() });
    const [name] = names();
    expect(events).toContainEqual(expect.objectContaining({ type: 'snapshot', state: 'made', name, newFiles: 2 }));
    expect(events.at(-1)).toMatchObject({ type: 'summary', exitCode: 0, snapshot: name });
    expect(readFileSync(join(world.folder, 'told'), 'utf8')).toBe(name);
  });

  test('killed in the middle, goes on where it was', { timeout: 60_000 }, async () => {
    await configure({}, { order: ['z.bin'] });
    await world.ferry('backup', '-q');
    await fill({ 'a.bin': Buffer.alloc(1_500_000, 'a'), 'z.bin': Buffer.alloc(20_000_000, 'z') });
    const { child, ended } = world.start('backup', 'nightly', '--limit-rate', '3M');
    const part = () => readdirSync(shop('.ferry/unfinished')).find((name) => /^\.z\.bin\..*\.ferry$/.test(name));
    await until(() => existsSync(shop('.ferry/unfinished')) && part() !== undefined, 'z.bin is on its way');
    await until(() => statSync(shop('.ferry/unfinished', part()!)).size > 2_000_000, 'some of it is there');
    child.kill('SIGKILL');
    await ended;
    expect(names()).toHaveLength(1);
    const listed = await world.ferry('snapshots');
    expect(listed.stdout).toMatch(/^unfinished +\d{4}-.* so far; the next backup goes on$/m);
    const next = await world.ferry('backup', 'nightly', '--json');
    expect(next.code, next.stderr).toBe(0);
    const events = eventsOf(next);
    expect(events).toContainEqual(expect.objectContaining({ type: 'snapshot', state: 'resumed' }));
    const { bytesReceived } = events.at(-1) as { bytesReceived: number };
    expect(bytesReceived).toBeLessThan(18_500_000);
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'action', path: 'a.bin', status: 'done' }));
    const [, two] = names();
    expect(statSync(shop(two!, 'z.bin')).size).toBe(20_000_000);
    expect((await world.ferry('snapshots', '--verify', '-q')).code).toBe(0);
    expect(readdirSync(shop('.ferry'))).not.toContain('unfinished');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stopped by %s, keeps what it fetched', { timeout: 30_000 }, async (signal, code) => {
    await fill({ 'z.bin': Buffer.alloc(20_000_000, 'z') });
    const { child, ended } = world.start('backup', 'nightly', '--limit-rate', '2M');
    const part = () => readdirSync(shop('.ferry/unfinished')).find((name) => /^\.z\.bin\..*\.ferry$/.test(name));
    await until(() => existsSync(shop('.ferry/unfinished')) && part() !== undefined, 'z.bin is on its way');
    await until(() => statSync(shop('.ferry/unfinished', part()!)).size > 500_000, 'some of it is there');
    child.kill(signal);
    expect(await ended).toMatchObject({ code, stderr: expect.stringMatching(/no snapshot was made/) });
    expect(names()).toEqual([]);
    expect(existsSync(shop('.ferry/unfinished/.ferry/unfinished.json'))).toBe(true);
  });

  test('stops at its own limit, and two do not run at once', { timeout: 30_000 }, async () => {
    await fill({ 'z.bin': Buffer.alloc(20_000_000, 'z') });
    const { child, ended } = world.start('backup', 'nightly', '--limit-rate', '1M');
    await until(() => existsSync(shop('.ferry/unfinished')), 'it has begun');
    expect(await world.ferry('backup', 'nightly')).toMatchObject({ code: 6 });
    expect(await world.ferry('prune', 'nightly')).toMatchObject({ code: 6 });
    child.kill('SIGTERM');
    await ended;
    const limited = await world.ferry('backup', 'nightly', '--limit-rate', '1M', '--max-duration', '1s');
    expect(limited).toMatchObject({ code: 9, stderr: expect.stringMatching(/no snapshot was made/) });
  });

  test('is what a job with "backup" is for: a pull and a watch of it are refused, plan and verify look', async () => {
    for (const verb of ['pull', 'watch']) {
      const { code, stderr } = await world.ferry(verb, 'nightly');
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/run: ferry backup nightly/) });
    }
    expect(existsSync(shop())).toBe(false);
    expect(await world.ferry('verify', 'nightly')).toMatchObject({ code: 2 });
    const plan = await world.ferry('plan', 'nightly');
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(/\+ index\.html/) });
    expect(await world.ferry('plan', 'nightly', '-o', 'x.plan')).toMatchObject({ code: 2 });
    await world.ferry('backup', '-q');
    expect(await world.ferry('verify', 'nightly')).toMatchObject({ code: 0 });
    writeFileSync(shop(names()[0]!, 'index.html'), 'PAGE');
    expect(await world.ferry('verify', 'nightly')).toMatchObject({ code: 8 });
  });

  test('says what is wrong with the job, and what to do', async () => {
    await world.write({
      'sync.config.json': JSON.stringify({
        jobs: { site: { direction: 'pull', local: 'x', server: world.url } },
      }),
    });
    for (const verb of ['backup', 'snapshots', 'prune']) {
      expect(await world.ferry(verb)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/no job in .* is a backup/),
      });
      expect(await world.ferry(verb, 'site')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/the job site is no backup; "backup": \{ "keep"/),
      });
    }
    expect(await world.ferry('backup', world.url)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/ferry backup is for a job of a sync\.config\.json: "ferry init" writes one/),
    });
    await configure({}, { direction: 'sync' });
    expect(await world.ferry('backup')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/for a pull or a push/),
    });
    await configure({}, { delete: 'none' });
    expect(await world.ferry('backup')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/jobs\.nightly\.delete/),
    });
    await configure({ keep: { daily: 0 } });
    expect(await world.ferry('backup')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/backup\.keep\.daily/),
    });
    await configure({ keep: { dayly: 7 } });
    expect(await world.ferry('backup')).toMatchObject({ code: 2, stderr: expect.stringMatching(/daily/) });
    await configure({});
    expect(await world.ferry('backup', '--delete', 'none')).toMatchObject({ code: 2 });
    expect(await world.ferry('prune')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/keeps all its snapshots/),
    });
  });
});

describe('ferry snapshots, restore and prune', () => {
  test('list, bring back and let go', async () => {
    await configure({});
    expect(await world.ferry('snapshots')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/no snapshot of nightly yet/),
    });
    const times = ['20261101T020000Z', '20261102T020000Z', '20261102T140000Z', '20261103T020000Z'];
    for (const [at, time] of times.entries()) {
      await fill({ 'index.html': `page ${at}` });
      await world.ferry('backup', '-q');
      backdate(names().at(-1)!, time);
    }
    const { stdout } = await world.ferry('snapshots');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toBe('snapshot          when (UTC)        files  size  new');
    expect(rows[1]).toBe('20261102T020000Z  2026-11-02 02:00      2  10 B  6 B in 1 file');
    expect(rows).toHaveLength(4);
    const listed = (await world.ferry('snapshots', '--json')).stdout.trimEnd().split('\n');
    expect(JSON.parse(listed[0]!)).toMatchObject({ snapshot: times[0], state: 'finished', files: 2, newFiles: 2 });

    const back = await world.ferry('restore', 'nightly', 'index.html', '--as-of', '2026-11-02', '--to', 'back');
    expect(back).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 restored \(6 B\)/m) });
    expect(await world.files('back')).toEqual({ 'index.html': 'page 2' });
    const other = await world.ferry('restore', 'nightly', '--snapshot', times[0]!, '--to', 'back');
    expect(other).toMatchObject({ code: 3, stderr: expect.stringMatching(/index\.html: another file of that name/) });
    expect(await world.files('back')).toEqual({ 'index.html': 'page 2', 'css/site.css': 'a {}' });
    const quiet = await world.ferry('restore', 'nightly', 'nope', '--to', 'back', '-q');
    expect(quiet).toMatchObject({
      code: 3,
      stderr: `ferry restore nightly: exit 3: 1 path could not be brought back; everything else is done
  nope: it is not in the snapshot ${times[3]}
`,
    });
    for (const wrong of [
      ['--as-of', 'soon'],
      ['--as-of', '1d', '--snapshot', times[0]!],
      ['--snapshot', 'x'],
    ]) {
      expect(await world.ferry('restore', 'nightly', '--to', 'back', ...wrong)).toMatchObject({ code: 2 });
    }
    expect(await world.ferry('restore', 'nightly')).toMatchObject({ code: 2, stderr: expect.stringMatching(/--to/) });

    await configure({ keep: { daily: 2 } });
    const dry = await world.ferry('prune', '-n');
    expect(dry.stdout).toBe(
      `would go  ${times[0]}  no rule keeps it; 10 B, shared or not
would go  ${times[1]}  no rule keeps it; 10 B, shared or not
stays     ${times[2]}  daily
stays     ${times[3]}  daily
2 snapshots would go, 2 stay
`,
    );
    expect(names()).toEqual(times);
    expect(await world.ferry('prune', '-q')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(names()).toEqual(times.slice(2));
    const json = (await world.ferry('prune', '--json')).stdout.trimEnd().split('\n');
    expect(JSON.parse(json[0]!)).toMatchObject({ snapshot: times[2], stays: true, rules: ['daily'] });
    expect(await world.ferry('snapshots', '--verify', '-q')).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(shop(times[2]!, 'css/site.css'), 'A {}');
    const damaged = await world.ferry('snapshots', '--verify', '-q');
    expect(damaged).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/damaged: 20261102T140000Z\/css\/site\.css/),
    });
  });

  test('a removal that was cut off is ended by the next one', async () => {
    await world.ferry('backup', '-q');
    await world.ferry('backup', '-q');
    const [one] = names();
    await world.write({ 'shop/.ferry/removing/20260101T000000Z/x.txt': 'x' });
    expect(await world.ferry('prune')).toMatchObject({ code: 0 });
    expect(existsSync(shop('.ferry/removing'))).toBe(false);
    expect(names()[0]).toBe(one);
  });

  test('a lock that a dead run left is taken over', async () => {
    await world.write({
      'shop/.ferry/lock': JSON.stringify({
        pid: 999_999,
        host: 'elsewhere',
        since: '2026-01-01T00:00:00Z',
        job: 'nightly',
      }),
    });
    const held = await world.ferry('backup', 'nightly');
    expect(held.code).toBe(6);
    expect(await world.ferry('unlock', 'nightly', '--yes')).toMatchObject({ code: 0 });
    expect((await world.ferry('backup', 'nightly')).code).toBe(0);
  });
});

/** Writes the snapshot that a hook is told of. */
const TELLS = `let text = ''; process.stdin.on('data', (piece) => (text += piece)).on('end', () =>
  require('fs').writeFileSync('told', JSON.parse(text).snapshot))`;
