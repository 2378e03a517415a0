/** What `ferry watch` does as files change, on our own server. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { systemClock } from '../../src/watch/index.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { startWatch } from '../builders/watching.ts';
import { scriptedServer } from '../faults/scripted-server.ts';
import { type AnyServer, start } from '../servers/every-server.ts';
import { phoenix } from '../servers/phoenix.ts';

const open: AnyServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
});

async function pair(drawing: Drawing, changes: Partial<JobSettings> = {}) {
  const server = await start({ name: 'ours', tls: 'none' });
  mkdirSync(join(server.root, 'site'));
  return pairOn(server, drawing, changes);
}

/** With a server that can be killed. */
async function mortalPair(drawing: Drawing, changes: Partial<JobSettings> = {}) {
  return pairOn(await phoenix(), drawing, changes);
}

function pairOn<S extends AnyServer>(server: S, drawing: Drawing, changes: Partial<JobSettings>) {
  open.push(server);
  const local = draw(emptyFolder(), drawing);
  const there = join(server.root, 'site');
  return { server, local, there, state: emptyFolder(), settings: job(server, local, changes) };
}

const SITE: Drawing = { 'index.html': 'home', 'css/site.css': 'body {}', 'img/deep/a.png': 'png' };

describe('push', () => {
  test('what is new, changed and gone travels, and nothing else is looked at', async () => {
    const { local, there, state, settings } = await pair(SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    expect(read(there)).toEqual(SITE);
    draw(local, { 'css/site.css': 'body { color: red }', 'new/one/two.txt': '2' });
    rmSync(join(local, 'img/deep/a.png'));
    await watching.until(() => read(there)['new/one/two.txt'] === '2' && !('img/deep/a.png' in read(there)));
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
    // Into the directory that was made meanwhile as well.
    draw(local, { 'new/one/three.txt': '3' });
    await watching.until(() => read(there)['new/one/three.txt'] === '3');
    await watching.atRest();
    expect(watching.summaries.at(-1)).toMatchObject({ exitCode: 0, uploaded: 1, unchanged: 0 });
    expect(await watching.stop()).toMatchObject({ exitCode: 130 });
  });

  test('a build that writes 500 files twenty times in a second is one batch', { timeout: 120_000 }, async () => {
    const { server, there, state } = await pair({});
    // In memory where there is such a folder: what a busy disk makes of it is no longer within a second.
    const local = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ferry-test-'));
    onTestFinished(() => rmSync(local, { recursive: true, force: true }));
    const watching = startWatch(job(server, local, { watch: { ...WATCH, settle: 500 } }), state);
    await watching.atRest();
    const before = watching.summaries.length;
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 500; n++) draw(local, { [`out/${n % 10}/${n}.js`]: `round ${round} of ${n}` });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await watching.until(() => watching.summaries.length > before);
    await watching.atRest();
    expect(watching.summaries.slice(before)).toMatchObject([{ exitCode: 0, uploaded: 500, failed: 0 }]);
    expect(read(there)).toEqual(read(local));
  });

  test('a folder that is removed and made again at once is still watched', async () => {
    const { local, there, state, settings } = await pair({ 'out/sub/f': '1', 'out/g': '1', keep: 'k' });
    const watching = startWatch(settings, state);
    await watching.atRest();
    rmSync(join(local, 'out'), { recursive: true });
    draw(local, { 'out/sub/f': '2, longer' });
    await watching.until(() => read(there)['out/sub/f'] === '2, longer');
    await watching.atRest();
    draw(local, { 'out/sub/f': '3, much longer', 'out/sub/new/x': 'x' });
    await watching.until(() => read(there)['out/sub/f'] === '3, much longer' && read(there)['out/sub/new/x'] === 'x');
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
  });

  test('a file and a folder that get other names are renamed on the server', async () => {
    const { local, there, state, settings } = await pair(SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    const before = watching.summaries.length;
    renameSync(join(local, 'img'), join(local, 'pictures'));
    renameSync(join(local, 'index.html'), join(local, 'home.html'));
    await watching.until(() => 'home.html' in read(there) && 'pictures/deep/a.png' in read(there));
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
    expect(watching.summaries.slice(before)).toMatchObject([{ renamed: 2, uploaded: 0, deleted: 0, bytesSent: 0 }]);
    // Under its new name it is watched as before.
    draw(local, { 'pictures/deep/b.png': 'b' });
    await watching.until(() => 'pictures/deep/b.png' in read(there));
  });

  test('what the filters leave out is not watched', async () => {
    const { local, there, state, settings } = await pair(
      { 'a.txt': 'a', '.ferryignore': '*.log\n' },
      { exclude: ['node_modules/'] },
    );
    const watching = startWatch(settings, state);
    await watching.atRest();
    const before = watching.summaries.length;
    draw(local, { 'node_modules/m/index.js': 'x', 'debug.log': 'x', '.b.txt.12345678.ferry': 'x', 'c.txt': 'c' });
    await watching.until(() => watching.summaries.length > before);
    await watching.atRest();
    expect(watching.summaries.slice(before)).toMatchObject([{ uploaded: 1 }]);
    expect(Object.keys(read(there)).sort()).toEqual(['.ferryignore', 'a.txt', 'c.txt']);
  });

  test('new rules hold for what is watched, and broken ones are said', async () => {
    const { local, there, state, settings } = await pair({ 'a.txt': 'a', '.ferryignore': 'out/\n', 'out/x.js': 'x' });
    const watching = startWatch(settings, state);
    await watching.atRest();
    draw(local, { '.ferryignore': 'out\\\n' });
    await watching.until(() => watching.summaries.some(({ exitCode }) => exitCode === 2));
    draw(local, { '.ferryignore': '*.log\n' });
    await watching.until(() => read(there)['out/x.js'] === 'x');
    await watching.atRest();
    draw(local, { 'out/y.js': 'y', 'out/z.log': 'z' });
    await watching.until(() => read(there)['out/y.js'] === 'y');
    await watching.atRest();
    expect(read(there)).not.toHaveProperty(['out/z.log']);
  });

  test('what was only touched, or came and went, makes no run', async () => {
    const { local, there, state, settings } = await pair({ 'a.txt': 'a', 'b.txt': 'b' });
    const watching = startWatch(settings, state);
    await watching.atRest();
    const before = watching.summaries.length;
    draw(local, { 'passing.txt': 'x' });
    rmSync(join(local, 'passing.txt'));
    await watching.until(() => watching.events.some((event) => event.type === 'watch' && event.state === 'noticed'));
    await watching.atRest();
    expect(watching.summaries.length).toBe(before);
    utimesSync(join(local, 'b.txt'), 1, 1);
    await watching.until(() => watching.summaries.length > before);
    expect(watching.summaries.at(-1)).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 1 });
    expect(read(there)).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
  });

  test('a file that is still being written is not sent before it stands still', async () => {
    const { local, there, state, settings } = await pair({ 'a.txt': 'a' }, { watch: { ...WATCH, settle: 400 } });
    const watching = startWatch(settings, state);
    await watching.atRest();
    const before = watching.summaries.length;
    for (let n = 1; n <= 20; n++) {
      draw(local, { 'growing.bin': 'x'.repeat(n * 1000) });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await watching.until(() => watching.summaries.length > before);
    await watching.atRest();
    expect(watching.summaries.slice(before)).toMatchObject([{ uploaded: 1, bytesSent: 20_000 }]);
    expect(read(there)['growing.bin']).toHaveLength(20_000);
  });

  test('a folder that vanishes deletes nothing, and is watched again once it is back', async () => {
    const { local, there, state, settings } = await pair(SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    renameSync(local, `${local}.away`);
    await watching.until(() => watching.events.some((event) => event.type === 'watch' && event.state === 'waiting'));
    expect(read(there)).toEqual(SITE);
    renameSync(`${local}.away`, local);
    const before = watching.summaries.length;
    await watching.until(() => watching.summaries.length > before);
    await watching.atRest();
    draw(local, { 'after.txt': 'it is back' });
    await watching.until(() => read(there)['after.txt'] === 'it is back');
    expect(watching.summaries.every(({ deleted }) => deleted === 0)).toBe(true);
  });

  test('a folder that is emptied deletes nothing, and what comes into it still travels', async () => {
    const { local, there, state, settings } = await pair(SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    for (const name of ['index.html', 'css', 'img']) rmSync(join(local, name), { recursive: true });
    await watching.until(() => watching.summaries.some(({ exitCode }) => exitCode === 4));
    expect(read(there)).toEqual(SITE);
    draw(local, { ...SITE, 'more.txt': 'more' });
    await watching.until(() => read(there)['more.txt'] === 'more');
    expect(read(there)).toEqual({ ...SITE, 'more.txt': 'more' });
  });

  test('deletes in many small batches count together for the guard', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, `${n}`]));
    const { local, there, state, settings } = await pair(many);
    const watching = startWatch(settings, state);
    await watching.atRest();
    for (let n = 0; n < 10; n++) rmSync(join(local, `f${n}`));
    await watching.until(() => Object.keys(read(there)).length === 30);
    for (let n = 10; n < 18; n++) rmSync(join(local, `f${n}`));
    await watching.until(() => watching.summaries.some(({ exitCode }) => exitCode === 4));
    expect(Object.keys(read(there))).toHaveLength(30);
  });

  test('each batch that changes something has its hooks once, and one outage is one failure', async () => {
    const log = join(emptyFolder(), 'hooks.log');
    const note = (what: string): [string, ...string[]][] => [['sh', '-c', `echo ${what} >> "${log}"`]];
    const hooks = { before: note('before'), after: note('after'), failed: note('failed'), heartbeat: null };
    const { server, local, there, state, settings } = await mortalPair(SITE, {
      hooks: { ...hooks, timeout: 10_000, folder: emptyFolder() },
      retries: 0,
    });
    const watching = startWatch(settings, state);
    const told = () => readFileSync(log, 'utf8').trim().split('\n');
    await watching.atRest();
    expect(told()).toEqual(['before', 'after']);
    draw(local, { 'a.txt': 'a', 'b.txt': 'b' });
    await watching.until(() => read(there)['b.txt'] === 'b');
    await watching.atRest();
    expect(told()).toEqual(['before', 'after', 'before', 'after']);
    await server.kill();
    draw(local, { 'c.txt': 'c' });
    const offline = () => watching.events.filter((event) => event.type === 'watch' && event.state === 'offline').length;
    await watching.until(() => offline() >= 2);
    await server.rise();
    await watching.until(() => read(there)['c.txt'] === 'c');
    await watching.atRest();
    expect(told().slice(4)).toEqual(['failed', 'before', 'after']);
  });

  test('while the server is away changes are kept, and none is lost', async () => {
    const { server, local, there, state, settings } = await mortalPair(SITE, { retries: 0 });
    const watching = startWatch(settings, state);
    await watching.atRest();
    await server.kill();
    draw(local, { 'index.html': 'changed while away', 'img/deep/b.png': 'b' });
    await watching.until(() => watching.events.some((event) => event.type === 'watch' && event.state === 'offline'));
    draw(local, { 'later.txt': 'l' });
    await server.rise();
    await watching.until(() => read(there)['later.txt'] === 'l');
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
  });

  test('a server that is not there to begin with is waited for', async () => {
    const { server, there, state, settings, local } = await mortalPair(SITE);
    await server.kill();
    const watching = startWatch(settings, state);
    await watching.until(() => watching.events.some((event) => event.type === 'watch' && event.state === 'offline'));
    await server.rise();
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
  });

  test('a password that is refused ends it', async () => {
    const { server, local, state } = await pair(SITE);
    const wrong = job(server, local);
    const refused = { ...wrong, server: { ...wrong.server, password: async () => 'wrong' } };
    expect(await startWatch(refused, state).ended).toMatchObject({ exitCode: 5 });
  });

  test('another run of the same job is refused meanwhile', async () => {
    const { state, settings } = await pair(SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    expect(await startWatch(settings, state).ended).toMatchObject({ exitCode: 6 });
  });

  test('by looking at every file in turn', async () => {
    const { local, there, state, settings } = await pair(SITE, { watch: { ...WATCH, polling: true } });
    const watching = startWatch(settings, state);
    await watching.atRest();
    draw(local, { 'css/site.css': 'body { color: blue }', 'new/x.txt': 'x' });
    await watching.until(
      () => read(there)['css/site.css'] === 'body { color: blue }' && read(there)['new/x.txt'] === 'x',
    );
    expect(read(there)).toEqual(read(local));
  });

  test('a new configuration is taken, a broken one is not', async () => {
    const { local, there, state, settings } = await pair(SITE);
    let reload = () => {};
    let next: () => Promise<JobSettings> = async () => {
      throw new Error('a comma too many');
    };
    const watching = startWatch(settings, state, {
      reload: () => next(),
      onReloader: (reloader) => {
        reload = reloader;
      },
    });
    await watching.atRest();
    reload();
    await watching.until(() =>
      watching.events.some((event) => event.type === 'warning' && /comma/.test(event.message)),
    );
    await watching.atRest();
    next = async () => ({ ...settings, exclude: ['*.tmp'] });
    reload();
    await watching.until(() =>
      watching.events.some((event) => event.type === 'warning' && /read again/.test(event.message)),
    );
    draw(local, { 'a.tmp': 'no', 'a.txt': 'yes' });
    await watching.until(() => read(there)['a.txt'] === 'yes');
    await watching.atRest();
    expect(read(there)).not.toHaveProperty(['a.tmp']);
  });
});

test('what a run was broken off for is tried again, and not left to the next look at everything', async () => {
  const server = await scriptedServer();
  const { local, there, state, settings } = pairOn(server, { 'a.txt': 'a' }, { retries: 0 });
  mkdirSync(there);
  // An hour in the time that the folder takes to settle.
  const clock = {
    now: () => Date.now() * 60,
    after: (ms: number, call: () => void) => systemClock.after(ms / 60, call),
  };
  const watching = startWatch({ ...settings, watch: { ...WATCH, settle: 6000, rescan: 36_000_000 } }, state, { clock });
  await watching.atRest();
  server.arm([{ on: /^MKD/, does: '550 Not now.', times: 99 }]);
  rmSync(there, { recursive: true });
  draw(local, { 'b.txt': 'b' });
  await watching.until(() => watching.summaries.at(-1)?.exitCode === 3);
  server.disarm();
  await watching.until(() => read(there)['b.txt'] === 'b');
});

describe('pull and sync', () => {
  test('a pull looks at the server regularly', async () => {
    const { local, there, state, settings } = await pair({}, { direction: 'pull', watch: { ...WATCH, poll: 1000 } });
    draw(there, SITE);
    const watching = startWatch(settings, state);
    await watching.atRest();
    expect(read(local)).toEqual(SITE);
    writeFileSync(join(there, 'index.html'), 'new content');
    await watching.until(() => read(local)['index.html'] === 'new content');
  });

  test('a sync carries both ways, and what it writes here is no news', async () => {
    const { local, there, state, settings } = await pair(SITE, {
      direction: 'sync',
      watch: { ...WATCH, poll: 1000 },
    });
    mkdirSync(there, { recursive: true });
    const watching = startWatch(settings, state);
    await watching.atRest();
    draw(there, { 'from-there.txt': 't' });
    draw(local, { 'from-here.txt': 'h' });
    await watching.until(() => read(local)['from-there.txt'] === 't' && read(there)['from-here.txt'] === 'h');
    rmSync(join(local, 'css/site.css'));
    await watching.until(() => !('css/site.css' in read(there)));
    await watching.atRest();
    expect(read(there)).toEqual(read(local));
    const transferred = watching.done().filter((done) => /^(up|down)load from-/.test(done));
    expect(transferred.sort()).toEqual(['download from-there.txt', 'upload from-here.txt']);
  });
});

const WATCH = { settle: 100, rescan: 900_000, poll: 60_000, polling: false };
