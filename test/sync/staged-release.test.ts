/** `release: staged`: nothing is published unless everything arrived, and then all of it at once. */
import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FtpServer } from '../../src/server/index.ts';
import { checkout, deploy } from '../builders/checkout.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';

const OLD = { 'index.html': 'old page', 'css/site.css': 'old css', 'gone.txt': 'gone', 'same.txt': 'same' };
const NEW = { 'index.html': 'new page!', 'css/site.css': 'new css!', 'js/app.js': 'app', 'same.txt': 'same' };
const STAGED = { release: 'staged', order: ['index.html'], retries: 0 } as const;

let ftp: FtpServer;
let server: AnyServer;
let root: string;
beforeAll(async () => {
  const { mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  root = mkdtempSync(join(tmpdir(), 'ferry-test-staged-'));
  ftp = new FtpServer({ users: [{ name: 'tester', password: 'geheim', home: root }] });
  const { host, port } = await ftp.listen();
  server = {
    name: 'ours',
    host,
    port,
    user: 'tester',
    password: 'geheim',
    root,
    tls: 'none',
    ca: '',
    log: () => '',
    stop: () => ftp.close(),
  };
});
afterAll(async () => {
  await ftp.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => rmSync(join(root, 'site'), { recursive: true, force: true }));

/** What visitors see: no temporary file, nothing of Ferry's own. */
function site(): Drawing {
  const all = Object.entries(read(join(root, 'site')));
  return Object.fromEntries(all.filter(([path]) => !path.startsWith('.ferry') && !path.endsWith('.ferry')));
}
const temporaries = () =>
  readdirSync(join(root, 'site'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.[0-9a-f]{8}\.ferry$/.test(name),
  );

/** Every rename and delete, in the order of the server. */
function watched(): string[] {
  const seen: string[] = [];
  const renamed = ({ path }: { path: string }) => path.includes('/.ferry/') || seen.push(`renamed ${path}`);
  const deleted = ({ path }: { path: string }) => seen.push(`deleted ${path}`);
  const stored = ({ path }: { path: string }) => path.includes('/.ferry/') || seen.push('stored');
  ftp.on('renamed', renamed).on('deleted', deleted).on('stored', stored);
  onTestFinished(() => void ftp.off('renamed', renamed).off('deleted', deleted).off('stored', stored));
  return seen;
}

/** Does something once a file whose temporary name holds this is complete. */
function onceStored(part: string, act: (file: string) => void): void {
  const stored = ({ path, file }: { path: string; file: string }) => path.includes(part) && act(file);
  ftp.on('stored', stored);
  onTestFinished(() => void ftp.off('stored', stored));
}

describe('a staged release', () => {
  it('sends everything, then renames everything, the ordered last, then deletes', async () => {
    await deploy(server, OLD, STAGED);
    const seen = watched();
    const { summary } = await deploy(server, NEW, STAGED);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 3, deleted: 1, unchanged: 1 });
    expect(site()).toEqual(NEW);
    expect(seen.slice(0, 3)).toEqual(['stored', 'stored', 'stored']);
    expect(seen.slice(3, 5).sort()).toEqual(['renamed /site/css/site.css', 'renamed /site/js/app.js']);
    expect(seen.slice(5)).toEqual(['renamed /site/index.html', 'deleted /site/gone.txt']);
    expect(temporaries()).toEqual([]);
    expect((await deploy(server, NEW, STAGED)).summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0 });
  });

  it('publishes nothing where one file does not arrive whole, and goes on from there', async () => {
    await deploy(server, OLD, STAGED);
    let broken = true;
    onceStored('site.css', (file) => broken && truncateSync(file, 3));
    const failed = await deploy(server, NEW, STAGED);
    expect(failed.summary).toMatchObject({ exitCode: 3, uploaded: 0, deleted: 0 });
    expect(failed.summary.message).toMatch(/nothing was published.*2 of 3 files arrived/);
    expect(site()).toMatchObject(OLD);
    expect(site()).not.toHaveProperty(['js/app.js']);
    expect(temporaries().length).toBeGreaterThanOrEqual(2);
    broken = false;
    const again = await deploy(server, NEW, STAGED);
    expect(again.summary).toMatchObject({ exitCode: 0, uploaded: 3, deleted: 1 });
    // From a fresh checkout: what had arrived is not sent again.
    expect(again.summary.bytesSent).toBe(NEW['css/site.css'].length);
    expect(site()).toEqual(NEW);
    expect(temporaries()).toEqual([]);
  });

  it('looks at everything once more before it publishes', async () => {
    await deploy(server, OLD, STAGED);
    // Whole when it had arrived, and not any more when the last one has.
    onceStored('index.html', () => {
      const css = temporaries().find((name) => name.includes('site.css'));
      if (css) truncateSync(join(root, 'site', css), 1);
    });
    const failed = await deploy(server, NEW, STAGED);
    expect(failed.summary).toMatchObject({ exitCode: 3, uploaded: 0, deleted: 0 });
    expect(failed.problems).toEqual([expect.stringMatching(/css\/site\.css: .*holds 1 of its 8 bytes/)]);
    expect(site()).toMatchObject(OLD);
  });

  it('publishes nothing over what somebody else changed meanwhile', async () => {
    await deploy(server, OLD, STAGED);
    onceStored('index.html', () => writeFileSync(join(root, 'site/css/site.css'), 'somebody else was here'));
    const failed = await deploy(server, NEW, STAGED);
    expect(failed.summary).toMatchObject({ exitCode: 3, uploaded: 0, deleted: 0 });
    expect(site()).toMatchObject({ ...OLD, 'css/site.css': 'somebody else was here' });
  });

  it('sweeps what arrived for a release that nobody wants any more', async () => {
    await deploy(server, OLD, STAGED);
    let broken = true;
    onceStored('site.css', (file) => broken && truncateSync(file, 3));
    const locked = { ...STAGED, serverLock: { staleAfter: 60_000 } };
    await deploy(server, NEW, locked);
    broken = false;
    const { summary } = await deploy(server, { ...OLD, 'index.html': 'third' }, locked);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(temporaries()).toEqual([]);
    expect(site()).toMatchObject({ ...OLD, 'index.html': 'third' });
  });

  it('replaces a directory by a file, and a file by a directory', async () => {
    await deploy(server, { 'a/x.txt': 'x', b: 'file' }, STAGED);
    const now = { a: 'a file', 'b/y.txt': 'y' };
    const { summary } = await deploy(server, now, STAGED);
    expect(summary.exitCode).toBe(0);
    expect(site()).toEqual(now);
  });

  it('works with the memory on this machine, too, and with one connection', async () => {
    const base = emptyFolder();
    const folder = checkout(OLD);
    const settings = () => {
      const plain = job(server, folder, STAGED);
      return { ...plain, server: { ...plain.server, connections: 1 } };
    };
    expect((await perform(settings(), base)).summary.exitCode).toBe(0);
    let broken = true;
    onceStored('b.bin', (file) => broken && truncateSync(file, 3));
    draw(folder, { 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) });
    expect((await perform(settings(), base)).summary).toMatchObject({ exitCode: 3, uploaded: 0 });
    broken = false;
    expect((await perform(settings(), base)).summary).toMatchObject({ exitCode: 0, uploaded: 2, bytesSent: 5000 });
    expect(site()).toMatchObject({ 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) });
  });

  it('is not taken for an old leftover by another job, though its sources are older than that', async () => {
    const folder = checkout({ 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) });
    const base = emptyFolder();
    const settings = () => job(server, folder, STAGED);
    let broken = true;
    onceStored('b.bin', (file) => broken && truncateSync(file, 3));
    expect((await perform(settings(), base)).summary).toMatchObject({ exitCode: 3, uploaded: 0 });
    broken = false;
    expect(temporaries().some((name) => name.startsWith('.a.bin.'))).toBe(true);
    const other = job(server, checkout({ 'other.txt': 'other' }), { name: 'other' });
    expect((await perform(other, emptyFolder())).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(temporaries().some((name) => name.startsWith('.a.bin.'))).toBe(true);
    expect((await perform(settings(), base)).summary).toMatchObject({ exitCode: 0, uploaded: 2, bytesSent: 5000 });
    const time = (path: string) => Math.round(statSync(path).mtimeMs);
    expect(time(join(root, 'site/a.bin'))).toBe(time(join(folder, 'a.bin')));
  });

  it('is left alone by another release of the same job that no lock keeps apart', async () => {
    onceStored('b.bin', (file) => truncateSync(file, 3));
    await deploy(server, { 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) }, STAGED);
    const waiting = temporaries();
    expect(waiting).not.toEqual([]);
    const next = await deploy(server, { 'a.bin': 'another' }, STAGED);
    expect(next.summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(temporaries()).toEqual(waiting);
  });

  it('runs the programs of maintenance around the burst', async () => {
    await deploy(server, OLD, STAGED);
    const notes = emptyFolder();
    const write = (word: string) =>
      ['sh', '-c', `cat ${join(root, 'site/index.html')} > ${join(notes, word)}`] as const;
    const maintenance = { enter: [write('enter')], leave: [write('leave')], timeout: 20_000, folder: notes };
    expect((await deploy(server, NEW, { ...STAGED, maintenance })).summary.exitCode).toBe(0);
    expect(read(notes)).toEqual({ enter: 'old page', leave: 'new page!' });
    const refusing = { ...maintenance, enter: [['sh', '-c', 'echo not now; exit 1'] as const] };
    const refused = await deploy(server, OLD, { ...STAGED, maintenance: refusing });
    expect(refused.summary).toMatchObject({ exitCode: 4, uploaded: 0 });
    expect(refused.summary.message).toMatch(/maintenance enter.*not now.*nothing was published/s);
    expect(site()).toEqual(NEW);
    const stuck = { ...maintenance, leave: [['sh', '-c', 'echo still on; exit 1'] as const] };
    const published = await deploy(server, OLD, { ...STAGED, maintenance: stuck });
    expect(published.summary).toMatchObject({
      exitCode: 0,
      message: expect.stringMatching(/^both sides agree, but .*maintenance leave.*still on/),
    });
    expect((await deploy(server, NEW, { ...STAGED, maintenance })).summary.exitCode).toBe(0);
    // Where nothing is to be published there is no maintenance.
    rmSync(join(notes, 'enter'));
    expect((await deploy(server, NEW, { ...STAGED, maintenance })).summary.exitCode).toBe(0);
    expect(Object.keys(read(notes))).not.toContain('enter');
  });

  it('looks once more at what the programs of maintenance were given time to change', async () => {
    await deploy(server, OLD, STAGED);
    const notes = emptyFolder();
    const [css, old] = [join(root, 'site/css/site.css'), join(notes, 'old')];
    const enter = ['sh', '-c', `find ${root} -name '.*.ferry' -mmin +1440 > ${old}; printf hotfix > ${css}`] as const;
    const leave = ['sh', '-c', `touch ${join(notes, 'left')}`] as const;
    const maintenance = { enter: [enter], leave: [leave], timeout: 20_000, folder: notes };
    const failed = await deploy(server, NEW, { ...STAGED, maintenance });
    expect(failed.summary).toMatchObject({ exitCode: 3, uploaded: 0, deleted: 0 });
    expect(failed.problems).toEqual([expect.stringMatching(/css\/site\.css: it changed on the server/)]);
    expect(site()).toMatchObject({ ...OLD, 'css/site.css': 'hotfix' });
    // Meanwhile nothing looked like a leftover of long ago.
    expect(read(notes)).toEqual({ old: '', left: '' });
  });

  it('ends at once where it is stopped before the burst', async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`${n}.txt`, `${n}`]));
    const stop = new AbortController();
    let dressed = 0;
    const wire = (line: string) => {
      if (!/MFMT \d/.test(line)) return;
      dressed++;
      stop.abort();
    };
    const { summary } = await deploy(server, many, STAGED, { signal: stop.signal, wire });
    expect(summary).toMatchObject({ exitCode: 130, uploaded: 0 });
    expect(dressed).toBeGreaterThan(0);
    expect(dressed).toBeLessThan(400);
    expect(site()).toEqual({});
  });
});
