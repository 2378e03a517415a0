/** What is sent, and what is not, after the edits that other tools miss or send twice. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const SITE = { 'index.html': '<h1>one</h1>', 'css/site.css': 'body{}', 'img/a b.png': 'png', 'empty/dir': null };

describe.each(variants(['none']))('$title', (variant) => {
  let server: AnyServer;
  let round = 0;
  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** A job of its own folder on the server. */
  function fresh(drawing: Record<string, string | null>, changes: Parameters<typeof job>[2] = {}) {
    const remote = `/round-${++round}`;
    const local = draw(emptyFolder(), drawing);
    const there = join(server.root, remote);
    return { local, there, state: emptyFolder(), push: job(server, local, { remote, ...changes }), remote };
  }

  /** Changes a file without changing its size, and makes it look as old as it was. */
  function editInDisguise(path: string, content: string): void {
    const { size, mtime, atime } = statSync(path);
    expect(Buffer.byteLength(content)).toBe(size);
    writeFileSync(path, content);
    utimesSync(path, atime, mtime);
  }

  test('an edit that keeps the size is found with the baseline', async () => {
    const { local, there, state, push } = fresh(SITE);
    await perform(push, state);
    writeFileSync(join(local, 'index.html'), '<h1>two</h1>');
    const { done, summary } = await perform(push, state);
    expect(done).toEqual(['upload index.html']);
    expect(summary.exitCode).toBe(0);
    expect(read(there)['index.html']).toBe('<h1>two</h1>');
  });

  test('an edit that keeps size and time is found by --compare hash', async () => {
    const { local, there, push } = fresh(SITE);
    await perform(push, emptyFolder());
    editInDisguise(join(local, 'css/site.css'), 'head{}');
    // Without a baseline and with equal times, only the content can tell.
    const hashed = await perform({ ...push, compare: 'hash' }, emptyFolder());
    expect(hashed.done).toEqual(['upload css/site.css']);
    expect(read(there)['css/site.css']).toBe('head{}');
  });

  test('a fresh git clone (new times, new inodes, same content) sends nothing when the state is at hand', async () => {
    const { local, state, push } = fresh({ ...SITE, 'empty/dir/.keep': '' }, { exclude: ['.git/'] });
    const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, stdio: 'pipe' });
    git(local, 'init', '-q');
    git(local, 'add', '-A');
    git(local, '-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'site');
    await perform(push, state);
    const origin = `${local}.origin`;
    renameSync(local, origin);
    try {
      git(dirname(local), 'clone', '-q', origin, local);
      const { done, summary } = await perform(push, state);
      expect(done).toEqual([]);
      expect(summary).toMatchObject({ exitCode: 0, unchanged: 4, bytesSent: 0 });
    } finally {
      rmSync(origin, { recursive: true });
    }
  });

  test('a change on the server is drift: it is overwritten, kept or a problem, as told', async () => {
    const { there, state, push } = fresh(SITE);
    await perform(push, state);
    const drifted = () => {
      writeFileSync(join(there, 'index.html'), `drifted at ${Math.random()}`);
      const past = new Date(Date.now() - 7200_000);
      utimesSync(join(there, 'index.html'), past, past);
    };
    drifted();
    const kept = await perform({ ...push, drift: 'keep' }, state);
    expect([kept.done, kept.summary.exitCode]).toEqual([[], 0]);
    const failed = await perform({ ...push, drift: 'fail' }, state);
    expect([failed.done, failed.summary.exitCode]).toEqual([[], 3]);
    const overwritten = await perform(push, state);
    expect(overwritten.done).toEqual(['upload index.html']);
    expect(read(there)).toEqual(SITE);
  });

  test('--delete tracked removes what Ferry put there and leaves what it did not', async () => {
    const { local, there, state, push } = fresh({ ...SITE, 'old/gone.txt': 'x', 'old/mixed/mine': 'x' });
    await perform(push, state);
    draw(there, { 'stranger.txt': 'not ours', 'old/mixed/stranger': 'not ours' });
    rmSync(join(local, 'old'), { recursive: true });
    const { done, summary } = await perform(push, state);
    expect(done).toEqual(['delete old/gone.txt', 'delete old/mixed/mine']);
    expect(summary.exitCode).toBe(0);
    expect(read(there)).toEqual({ ...SITE, 'stranger.txt': 'not ours', 'old/mixed/stranger': 'not ours' });
  });

  test('a file changed on the server after it was deleted here is kept', async () => {
    const { local, there, state, push } = fresh(SITE);
    await perform(push, state);
    rmSync(join(local, 'index.html'));
    writeFileSync(join(there, 'index.html'), 'somebody still works on this');
    const { done } = await perform(push, state);
    expect(done).toEqual([]);
    expect(read(there)['index.html']).toBe('somebody still works on this');
  });

  test('30 of 100 files gone: refused, nothing touched, and the flag that allows it is named', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, `${n}`]));
    const { local, there, state, push } = fresh(many);
    await perform(push, state);
    for (let n = 0; n < 30; n++) rmSync(join(local, `f${n}`));
    writeFileSync(join(local, 'f99'), 'edited');
    const refused = await perform(push, state);
    expect(refused.summary).toMatchObject({ exitCode: 4, deleted: 0, uploaded: 0 });
    expect(refused.summary.message).toMatch(/30.*100.*--max-delete/s);
    expect(read(there)).toEqual(many);
    const allowed = await perform({ ...push, maxDelete: { count: 30 } }, state);
    expect(allowed.summary).toMatchObject({ exitCode: 0, deleted: 30, uploaded: 1 });
    expect(Object.keys(read(there))).toHaveLength(70);
  });

  test('an emptied source and a missing source are refused', async () => {
    const { local, there, state, push } = fresh(SITE);
    await perform(push, state);
    rmSync(local, { recursive: true });
    const missing = await perform(push, state);
    expect(missing.summary).toMatchObject({ exitCode: 4, deleted: 0 });
    mkdirSync(local);
    const emptied = await perform(push, state);
    expect(emptied.summary).toMatchObject({ exitCode: 4, deleted: 0 });
    expect(read(there)).toEqual(SITE);
  });

  test('a file in the place of a directory, and a directory in the place of a file', async () => {
    const { local, there, state, push } = fresh({ 'a/x': '1', 'a/y': '2', b: 'file', c: 'stays' });
    await perform(push, state);
    rmSync(join(local, 'a'), { recursive: true });
    rmSync(join(local, 'b'));
    draw(local, { a: 'now a file', 'b/z': 'now a directory' });
    const { summary, problems } = await perform(push, state);
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect(read(there)).toEqual({ a: 'now a file', 'b/z': 'now a directory', c: 'stays' });
    expect((await perform(push, state)).done).toEqual([]);
  });

  test('a pull deletes here what is gone there, and only that', async () => {
    const { there, state, remote } = fresh({});
    draw(there, SITE);
    const back = emptyFolder();
    const pull = job(server, back, { remote, direction: 'pull' });
    await perform(pull, state);
    draw(back, { 'mine.txt': 'local only' });
    rmSync(join(there, 'img'), { recursive: true });
    const { done, summary } = await perform(pull, state);
    expect(done).toEqual(['delete img', 'delete img/a b.png']);
    expect(summary.exitCode).toBe(0);
    const { 'img/a b.png': _, ...rest } = SITE;
    expect(read(back)).toEqual({ ...rest, 'mine.txt': 'local only' });
  });

  // Root may write anywhere; only these two serve their user as somebody else.
  if (variant.name === 'proftpd' || variant.name === 'pure-ftpd') {
    test('a folder without permission on the server is a problem of its own, and the rest is done', async () => {
      const { local, there, state, push } = fresh({ ...SITE, 'locked/f': 'old' });
      await perform(push, state);
      chmodSync(join(there, 'locked'), 0o500);
      draw(local, { 'locked/f': 'new content', 'index.html': '<h1>more</h1>' });
      const { done, problems, summary } = await perform(push, state);
      expect(done).toEqual(['upload index.html']);
      expect(problems).toEqual([expect.stringMatching(/^locked\/f: .*55[03]/)]);
      expect(summary).toMatchObject({ exitCode: 3, uploaded: 1, failed: 1 });
      expect(read(there)).toMatchObject({ 'locked/f': 'old', 'index.html': '<h1>more</h1>' });
      chmodSync(join(there, 'locked'), 0o755);
      expect((await perform(push, state)).summary.exitCode).toBe(0);
    });
  }

  test('no temporary names are left behind', async () => {
    const { there, state, push } = fresh(SITE);
    await perform(push, state);
    expect(Object.keys(read(there)).filter((path) => path.endsWith('.ferry'))).toEqual([]);
  });
});
