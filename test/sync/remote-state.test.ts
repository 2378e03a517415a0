/** `state: remote`: what was agreed on is remembered on the server, for checkouts that know nothing. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, test } from 'vitest';
import { plan, verify } from '../../src/sync/index.ts';
import { checkout, deploy } from '../builders/checkout.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { lyingServer } from '../faults/lying-server.ts';
import { scriptedServer } from '../faults/scripted-server.ts';
import { type AnyServer, start } from '../servers/every-server.ts';

const SITE = { 'index.html': 'hello', 'css/site.css': 'body {}', 'empty/deep/a.txt': 'a', 'ü é.txt': 'names' };

let server: AnyServer;
beforeAll(async () => {
  server = await start({ name: 'ours', tls: 'none' });
});
afterAll(() => server.stop());
beforeEach(() => rmSync(join(server.root, 'site'), { recursive: true, force: true }));

const remote = () =>
  Object.fromEntries(Object.entries(read(join(server.root, 'site'))).filter(([p]) => !p.startsWith('.ferry/')));
const own = () => readdirSync(join(server.root, 'site/.ferry'));
const stateFile = () => join(server.root, 'site/.ferry', own().find((name) => /^state-[0-9a-f]{16}$/.test(name))!);

describe('state: remote', () => {
  it('sends nothing from a second fresh checkout, and writes nothing either', async () => {
    const first = await deploy(server, SITE);
    expect(first.summary).toMatchObject({ exitCode: 0, uploaded: 4 });
    expect(remote()).toEqual(SITE);
    expect(own()).toEqual([expect.stringMatching(/^state-[0-9a-f]{16}$/)]);
    const written = statSync(stateFile()).mtimeMs;
    const second = await deploy(server, SITE);
    expect(second.summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 4, bytesSent: 0, sameBySize: 0 });
    expect(statSync(stateFile()).mtimeMs).toBe(written);
  });

  it('reveals no name', async () => {
    await deploy(server, SITE);
    const text = gunzipSync(readFileSync(stateFile())).toString();
    for (const name of ['index', 'site', 'css', 'empty', 'deep', 'txt', 'names', 'test'])
      expect(text).not.toContain(name);
    expect(text.split('\n').filter((line) => line.startsWith('a'))).toHaveLength(7);
  });

  it('finds an edit that keeps the size, and sends that alone', async () => {
    await deploy(server, SITE);
    const { summary, done } = await deploy(server, { ...SITE, 'css/site.css': 'BODY {}' });
    expect(summary.exitCode).toBe(0);
    expect(done).toEqual(['upload css/site.css']);
  });

  it('deletes what is gone from the checkout, and nothing that is not its own', async () => {
    await deploy(server, SITE);
    draw(join(server.root, 'site'), { 'theirs.txt': 'stranger', 'css/theirs.css': 'stranger' });
    const { 'css/site.css': _, 'empty/deep/a.txt': __, ...left } = SITE;
    const { summary, done } = await deploy(server, left);
    expect(summary.exitCode).toBe(0);
    expect(done).toEqual(['delete css/site.css', 'delete empty', 'delete empty/deep', 'delete empty/deep/a.txt']);
    expect(remote()).toEqual({ ...left, 'theirs.txt': 'stranger', 'css/theirs.css': 'stranger' });
    expect((await deploy(server, left)).summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0 });
  });

  it('forgets what is gone on both sides, with all that was below it', async () => {
    await deploy(server, SITE);
    rmSync(join(server.root, 'site/empty'), { recursive: true });
    const { 'empty/deep/a.txt': _, ...left } = SITE;
    await deploy(server, left);
    const text = gunzipSync(readFileSync(stateFile())).toString();
    expect(text.split('\n').filter((line) => line.startsWith('a'))).toHaveLength(4);
    // What others put there later is theirs, though it looks the same.
    draw(join(server.root, 'site'), { 'empty/deep/a.txt': 'a' });
    expect((await deploy(server, left)).summary).toMatchObject({ exitCode: 0, deleted: 0 });
  });

  it('sees drift on the server', async () => {
    await deploy(server, SITE);
    writeFileSync(join(server.root, 'site/index.html'), 'hijacked');
    const planned = await deploy(server, SITE, {}, { verb: plan });
    expect(planned.plan?.actions).toMatchObject([{ action: 'upload', path: 'index.html', reason: 'drift' }]);
    await deploy(server, SITE);
    expect(remote()).toEqual(SITE);
  });

  it('adopts by content what it did not put there, without sending it twice', async () => {
    const folder = checkout(SITE);
    // Another tool put it there, with these times.
    draw(join(server.root, 'site'), SITE);
    const then = new Date('2026-01-02T03:04:05Z');
    for (const path of Object.keys(SITE)) {
      for (const side of [folder, join(server.root, 'site')]) utimesSync(join(side, path), then, then);
    }
    const first = await perform(job(server, folder, { state: 'remote' }), emptyFolder());
    expect(first.summary).toMatchObject({ exitCode: 0, uploaded: 0 });
    expect((await deploy(server, SITE)).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 4 });
  });

  it('is no content: not listed, not compared, not deleted, not pulled, by any job', async () => {
    await deploy(server, SITE);
    const all = await deploy(server, SITE, { delete: 'all' });
    expect(all.summary).toMatchObject({ exitCode: 0, deleted: 0 });
    const here = emptyFolder();
    const above = { direction: 'pull', remote: '/', name: 'above' } as const;
    expect((await perform(job(server, here, above), emptyFolder())).summary.exitCode).toBe(0);
    expect(read(join(here, 'site'))).toEqual(SITE);
    expect((await deploy(server, SITE, {}, { verb: verify })).summary.exitCode).toBe(0);
    // A local folder of that name is not sent.
    expect((await deploy(server, { ...SITE, '.ferry/state-x': 'x', 'css/.ferry/y': 'y' })).summary.uploaded).toBe(0);
  });

  it('keeps the states of two jobs in one folder apart', async () => {
    await deploy(server, { 'a.txt': 'a' }, { name: 'one' });
    await deploy(server, { 'b.txt': 'b' }, { name: 'two' });
    expect(own()).toHaveLength(2);
    expect((await deploy(server, { 'b.txt': 'b' }, { name: 'two' })).summary).toMatchObject({
      uploaded: 0,
      deleted: 0,
    });
    expect(remote()).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
  });

  it('leaves nothing behind in a dry run', async () => {
    await deploy(server, {}, { allowEmptySource: true }, { dryRun: true });
    expect(() => readdirSync(join(server.root, 'site'))).toThrow();
    await deploy(server, SITE, {}, { verb: plan });
    expect(() => readdirSync(join(server.root, 'site'))).toThrow();
  });
});

describe('a remote state that cannot be read', () => {
  const DAMAGE: Record<string, (file: string) => void> = {
    'cut short': (file) => truncateSync(file, statSync(file).size - 5),
    empty: (file) => truncateSync(file, 0),
    garbage: (file) => writeFileSync(file, 'this is no state'),
    'of another version': (file) =>
      writeFileSync(file, gzipSync(gunzipSync(readFileSync(file)).toString().replace('"format":1', '"format":2'))),
    'missing records': (file) => {
      const lines = gunzipSync(readFileSync(file)).toString().split('\n');
      writeFileSync(file, gzipSync(lines.filter((_, at) => at !== 2).join('\n')));
    },
    'something else altogether': (file) => writeFileSync(file, gzipSync('{"hello":1}\nend 0\n')),
    'no file': (file) => {
      rmSync(file);
      draw(file, { 'x.txt': 'a directory' });
    },
  };
  test.each(Object.keys(DAMAGE))('%s: exit 1 with advice, nothing changed, and --adopt recovers', async (how) => {
    await deploy(server, SITE);
    const before = remote();
    DAMAGE[how]!(stateFile());
    const smaller = { 'index.html': 'hello' };
    const refused = await deploy(server, smaller, { retries: 0, delete: 'all', maxDelete: { count: 100 } });
    expect(refused.summary).toMatchObject({ exitCode: 1, uploaded: 0, deleted: 0 });
    expect(refused.summary.message).toMatch(/state .* cannot be used .*--adopt/s);
    expect(remote()).toEqual(before);
    const adopted = await deploy(server, { ...SITE, 'new.txt': 'new' }, {}, { adopt: true });
    expect(adopted.summary.exitCode).toBe(0);
    expect(own().some((name) => name.includes('.aside-'))).toBe(true);
    expect((await deploy(server, { ...SITE, 'new.txt': 'new' })).summary).toMatchObject({ exitCode: 0, uploaded: 0 });
  });

  it('that may be there and cannot be listed is not taken for missing', async () => {
    await deploy(server, SITE);
    rmSync(join(server.root, 'site/.ferry'), { recursive: true });
    writeFileSync(join(server.root, 'site/.ferry'), 'in the way');
    const { summary } = await deploy(server, SITE, { retries: 0 });
    expect(summary).toMatchObject({ exitCode: 1, uploaded: 0 });
  });
});

describe('a remote state that is not to be had now', () => {
  it('is not begun anew where a cut listing may hide it: exit 4, and no advice to adopt', async () => {
    const lying = await lyingServer();
    onTestFinished(() => lying.stop());
    await deploy(lying, SITE);
    const hides = (all: string) => all.replace(/^.*state-[0-9a-f]{16}\r\n/m, '');
    lying.lie({ on: (all) => all.includes('state-'), tells: hides, reply: () => '226 Listing truncated' });
    const { summary } = await deploy(lying, SITE, { retries: 0 });
    expect(summary).toMatchObject({ exitCode: 4, uploaded: 0 });
    expect(summary.message).toMatch(/not known whether there is a remembered state .*truncated.* run again$/);
  });

  it('is said where it cannot be written: exit 3, for everything else is done', async () => {
    const scripted = await scriptedServer();
    onTestFinished(() => scripted.stop());
    scripted.arm([{ on: /^STOR .*\.ferry\/state-/, does: '552 Quota exceeded', times: 9 }]);
    const { summary } = await deploy(scripted, SITE, { retries: 0 });
    scripted.disarm();
    expect(summary).toMatchObject({ exitCode: 3, uploaded: 4 });
    expect(summary.message).toMatch(/could not be remembered on the server: .*552 Quota exceeded/);
  });
});

describe('a remote state on the way', () => {
  it('goes on from the old one where the swap of two files was cut off', async () => {
    await deploy(server, SITE);
    const { renameSync } = await import('node:fs');
    renameSync(stateFile(), `${stateFile()}.old`);
    expect((await deploy(server, SITE)).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 4 });
    const { 'ü é.txt': _, ...left } = SITE;
    expect((await deploy(server, left)).done).toEqual(['delete ü é.txt']);
    expect((await deploy(server, left)).summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0 });
  });
});
