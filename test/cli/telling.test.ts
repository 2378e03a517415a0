/** What goes to stdout and what to stderr, and what must go to neither. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsOf, FERRY, makeWorld, manyFiles, PASSWORD, until, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

describe('--json', () => {
  test('every line is an event, the last one is the summary', async () => {
    await world.write(manyFiles('site', 5));
    const ended = await world.ferry('push', 'site', world.url, '--json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const events = eventsOf(ended);
    expect(events[0]).toMatchObject({ type: 'start', direction: 'push', dryRun: false });
    for (const event of events) {
      expect(event).toMatchObject({ type: expect.any(String), time: expect.stringMatching(/^\d{4}-.*Z$/) });
    }
    expect(events.at(-1)).toMatchObject({ type: 'summary', exitCode: 0, uploaded: 5, failed: 0, problems: 0 });
    expect(events.filter(({ type }) => type === 'summary')).toHaveLength(1);
  });

  test('a run that fails ends with its summary, too', async () => {
    await world.write({ 'site/a.txt': 'a' });
    const ended = await world.ferryWith({ FERRY_PASSWORD: 'wrong-guess' }, 'push', 'site', world.url, '--json');
    expect(ended.code).toBe(5);
    expect(eventsOf(ended).at(-1)).toMatchObject({ type: 'summary', exitCode: 5, message: expect.any(String) });
  });

  test('plan prints the form that apply reads', async () => {
    await world.write({ 'site/a.txt': 'a' });
    const { code, stdout } = await world.ferry('plan', 'site', world.url, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      direction: 'push',
      actions: [{ action: 'upload', path: 'a.txt', reason: 'new', size: 1 }],
    });
    await world.write({ 'the.plan': stdout });
    expect(await world.ferry('apply', 'the.plan')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a' });
  });

  test('ls prints one entry a line', async () => {
    await world.write({ 'site/a.txt': 'abc', 'site/sub/b.txt': 'b' });
    await world.ferry('push', 'site', world.url);
    const flat = await world.ferry('ls', world.url, '--json');
    expect(flat).toMatchObject({ code: 0, stderr: '' });
    expect(eventsOf(flat)).toEqual([
      {
        path: 'a.txt',
        kind: 'file',
        size: 3,
        mtime: expect.stringMatching(/^\d{4}-.*Z$/),
        precision: expect.any(Number),
        mode: '644',
      },
      {
        path: 'sub',
        kind: 'directory',
        size: null,
        mtime: expect.anything(),
        precision: expect.any(Number),
        mode: '755',
      },
    ]);
    const deep = eventsOf(await world.ferry('ls', world.url, '--json', '-R'));
    expect(deep.map(({ path }) => path)).toEqual(['a.txt', 'sub', 'sub/b.txt']);
    const below = eventsOf(await world.ferry('ls', world.url, 'sub', '--json'));
    expect(below.map(({ path }) => path)).toEqual(['b.txt']);
  });

  test('check prints what was found', async () => {
    const { code, stdout } = await world.ferry('check', `ftp://ann@127.0.0.1:${world.port}/`, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ capabilities: { mlsd: true, tls: null }, root: { entries: [] } });
  });
});

describe('for people', () => {
  test('check says it in words', async () => {
    const { code, stdout, stderr } = await world.ferry('check', `ftp://ann@127.0.0.1:${world.port}/`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Encryption +none/);
    expect(stdout).toMatch(/Listings +MLSD/);
  });

  test('a reader that has had enough is no failure', async () => {
    await world.write(manyFiles('site', 400));
    await world.ferry('push', 'site', world.url);
    const child = spawn('/bin/sh', ['-c', `"$0" "$1" ls -R "$2" | head -n 1`, process.execPath, FERRY, world.url], {
      env: { PATH: process.env.PATH, HOME: world.folder, FERRY_PASSWORD: PASSWORD },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.resume();
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('');
  });

  test.skipIf(process.platform !== 'linux')('output that got lost on a full disk is a failure', async () => {
    await world.write({ 'site/a.txt': 'a' });
    await world.ferry('push', 'site', world.url);
    const child = spawn('/bin/sh', ['-c', '"$0" "$1" ls "$2" > /dev/full', process.execPath, FERRY, world.url], {
      env: { PATH: process.env.PATH, HOME: world.folder, FERRY_PASSWORD: PASSWORD },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'ferry: the output could not be written (ENOSPC)\n' });
  });

  test('colour only where it is asked for', async () => {
    await world.write({ 'site/a.txt': 'a' });
    expect((await world.ferry('push', 'site', world.url, '-n')).stderr).not.toMatch(/\x1b/);
    expect((await world.ferry('push', 'site', world.url, '-n', '--color', 'always')).stderr).toMatch(/\x1b\[/);
  });
});

describe('passwords', () => {
  test('one on the command line works, is warned about, and is not shown by ps', async () => {
    await world.write({ 'site/a.txt': Buffer.alloc(3_000_000) });
    const url = world.url.replace('ann@', `ann:${encodeURIComponent(PASSWORD)}@`);
    const { child, ended } = world.start('push', 'site', url, '--limit-rate', '1500k');
    if (process.platform === 'linux') {
      let shown = '';
      await until(async () => {
        shown = await readFile(`/proc/${child.pid}/cmdline`, 'utf8').catch(() => '');
        return shown.startsWith('ferry');
      }, 'the process has its title');
      expect(shown).toMatch(/ann:\*\*\*@/);
    }
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: others on this machine may see the password/);
    expect(await shownForms(world)).toEqual([]);
  });

  test('none is said anywhere, however much is said', { timeout: 120_000 }, async () => {
    await world.write(manyFiles('site', 3));
    const url = world.url.replace('ann@', `ann:${encodeURIComponent(PASSWORD)}@`);
    const all = [
      await world.ferry('push', 'site', url, '-vv'),
      await world.ferry('push', 'site', url, '--json', '-vv'),
      await world.ferry('plan', 'site', url, '-vv', '-o', 'x.plan'),
      await world.ferry('plan', 'site', url, '--json'),
      await world.ferry('verify', 'site', url),
      await world.ferry('check', url, '-vv'),
      await world.ferry('check', url, '--json'),
      await world.ferry('ls', url, '-vv'),
      // Wrong in every way that quotes what was written.
      await world.ferry(url),
      await world.ferry('push', url),
      await world.ferry('push', url, url),
      await world.ferry('pull', 'site', url),
      await world.ferry('push', 'site', url.replace('ftp:', 'sftp:')),
      await world.ferry('push', 'site', url.replace('127.0.0.1', 'a b')),
      await world.ferry('push', 'site', `${url}?x`),
      await world.ferry('push', 'site', world.url, '--delete', url),
      await world.ferry('push', 'site', world.url, `--exclud=${url}`),
      await world.ferry('apply', url),
    ];
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, ...Array(10).fill(2)]);
    // The wire was really shown.
    expect(all[0]?.stderr).toMatch(/PASS \*\*\*/);
    expect(await shownForms(world)).toEqual([]);
    expect(JSON.stringify(await world.files('.'))).not.toContain(PASSWORD);
  });
});

/** The spellings of the password that were said or kept. */
async function shownForms(of: World): Promise<string[]> {
  const said = await of.said();
  return [PASSWORD, encodeURIComponent(PASSWORD), encodeURI(PASSWORD)].filter((form) => said.includes(form));
}
