/** Snapshots of what a server holds: whole, dated, and never touched again. */
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/backup/manifest.ts';
import { LimitError } from '../../src/model/index.ts';
import { acquireLock } from '../../src/state/index.ts';
import { plan, run, watch } from '../../src/sync/index.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type LyingServer, lyingServer } from '../faults/lying-server.ts';
import { scriptedServer } from '../faults/scripted-server.ts';
import { smallDisk, smallDisksMissing } from '../faults/small-disk.ts';
import { type AnyServer, start } from '../servers/every-server.ts';
import { portrait, sceneOf } from './scene.ts';

const TREE = {
  'index.html': 'page',
  'css/site.css': 'a {}',
  'a b/ünïcode "x".txt': 'odd',
  'old/gone.txt': 'gone',
  empty: null,
};

let server: AnyServer;
beforeAll(async () => {
  server = await start({ name: 'ours', tls: 'none' });
});
afterAll(() => server.stop());
const remote = () => join(server.root, 'site');
beforeEach(() => {
  rmSync(remote(), { recursive: true, force: true });
  draw(remote(), TREE);
});

/** A snapshot as a drawing, without what Ferry keeps in it. */
function tree(folder: string): Drawing {
  return Object.fromEntries(Object.entries(read(folder)).filter(([path]) => !path.startsWith('.ferry/')));
}
const inode = (path: string) => statSync(path).ino;

describe('what a cut-off run left', () => {
  it('all but its name, is gone on with, whatever became of the server since', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    rmSync(join(remote(), 'css'), { recursive: true });
    draw(remote(), { css: 'a file now', 'new.bin': 'fetched' });
    await back();
    // Killed between taking its marker away and the rename.
    renameSync(at('20261102T020000Z'), at('.ferry', 'unfinished'));
    draw(remote(), { 'index.html': 'page 2' });
    const { summary, done, events } = await back();
    expect(summary).toMatchObject({ exitCode: 0, snapshot: '20261103T020000Z' });
    expect(events).toContainEqual({ type: 'snapshot', name: 'unfinished', state: 'resumed' });
    expect(done).toEqual(['download index.html']);
    expect(tree(at('20261103T020000Z'))).toEqual(tree(remote()));
    expect(names()).toEqual(['20261101T020000Z', '20261103T020000Z']);
  });

  it('filled by halves, is not built on', async () => {
    const { back, at } = sceneOf(server);
    await back();
    draw(at('.ferry', 'unfinished'), { css: 'in the way', 'index.html': 'torn' });
    const { summary } = await back();
    expect(summary).toMatchObject({ exitCode: 0, downloaded: 0 });
    expect(tree(at('20261102T020000Z'))).toEqual(TREE);
  });
});

describe('a backup', () => {
  it('is a full tree under its time, with a manifest of what is in it', async () => {
    const { back, names, at } = sceneOf(server);
    const { summary, events } = await back();
    expect(summary).toMatchObject({ exitCode: 0, downloaded: 4, snapshot: '20261101T020000Z' });
    expect(names()).toEqual(['20261101T020000Z']);
    expect(tree(at('20261101T020000Z'))).toEqual(TREE);
    const { header, files, directories } = await readManifest(at('20261101T020000Z'));
    expect(header).toMatchObject({ files: 4, directories: 4, bytes: 15, newFiles: 4, newBytes: 15, changed: true });
    expect([...files.keys()].sort()).toEqual(
      Object.keys(TREE)
        .filter((path) => path !== 'empty')
        .sort(),
    );
    expect([...directories].sort()).toEqual(['a b', 'css', 'empty', 'old']);
    expect(events.find(({ type }) => type === 'snapshot')).toMatchObject({ state: 'made', files: 4, newFiles: 4 });
    expect(existsSync(at('.ferry', 'unfinished'))).toBe(false);
  });

  it('shares what did not change with the one before, and is made even where nothing did', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    const second = await back();
    expect(second.summary).toMatchObject({ exitCode: 0, downloaded: 0, unchanged: 4, bytesReceived: 0 });
    expect(second.events.find(({ type }) => type === 'snapshot')).toMatchObject({ changed: false, newFiles: 0 });
    const [one, two] = names();
    for (const path of Object.keys(TREE).filter((path) => path !== 'empty')) {
      expect(inode(at(two!, path)), path).toBe(inode(at(one!, path)));
    }
    expect((await readManifest(at(two!))).header).toMatchObject({ previous: one, files: 4, newBytes: 0 });
  });

  it('takes over changes, and what is gone', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    const before = portrait(at(names()[0]!));
    rmSync(join(remote(), 'old'), { recursive: true });
    draw(remote(), { 'index.html': 'PAGE', 'new/x.txt': 'x' });
    const { summary, done } = await back();
    expect(summary).toMatchObject({ exitCode: 0, downloaded: 2, deleted: 2 });
    expect(done).toContain('delete old/gone.txt');
    const { 'old/gone.txt': _, ...rest } = TREE;
    expect(tree(at(names()[1]!))).toEqual({ ...rest, 'index.html': 'PAGE', 'new/x.txt': 'x' });
    expect(tree(at(names()[0]!))).toEqual(TREE);
    expect(portrait(at(names()[0]!))).toEqual(before);
  });

  it('never has the time of one that is there, nor an earlier one', async () => {
    const { back, names } = sceneOf(server);
    await back({ when: '2026-11-05T02:00:00Z' });
    await back({ when: '2026-11-05T02:00:00Z' });
    await back({ when: '2026-11-01T02:00:00Z' });
    expect(names()).toEqual(['20261105T020000Z', '20261105T020001Z', '20261105T020002Z']);
  });

  it('lets go what no rule keeps, once the new one is there', async () => {
    const { back, names, at } = sceneOf(server, { backup: { keep: { last: 2 } } });
    for (let day = 0; day < 4; day++) await back();
    expect(names()).toEqual(['20261103T020000Z', '20261104T020000Z']);
    expect(tree(at('20261103T020000Z'))).toEqual(TREE);
    expect(existsSync(at('.ferry', 'removing', '20261101T020000Z'))).toBe(false);
  });

  it('leaves alone what is no snapshot', async () => {
    const { back, names, home } = sceneOf(server, { backup: { keep: { last: 1 } } });
    draw(home, { 'notes.txt': 'mine', '20200101T000000Z/by-hand.txt': 'mine', 'before/x.txt': 'mine' });
    await back();
    const second = await back();
    expect(names()).toEqual(['20200101T000000Z', '20261102T020000Z', 'before', 'notes.txt']);
    cpSync(join(home, '20261102T020000Z'), join(home, '20260101T000000Z'), { recursive: true });
    await back();
    expect(names()).toEqual(['20200101T000000Z', '20260101T000000Z', '20261103T020000Z', 'before', 'notes.txt']);
    expect(second.events).toContainEqual({
      type: 'warning',
      message: expect.stringMatching(/20200101T000000Z is no snapshot/),
    });
  });

  it('does not inherit what is out of scope by now', async () => {
    const { back, names, at, home } = sceneOf(server);
    await back();
    writeFileSync(join(home, '.ferryignore'), 'css/\n');
    await back({ changes: { exclude: ['*.html'] } });
    expect(Object.keys(tree(at(names().at(-1)!))).sort()).toEqual(['a b/ünïcode "x".txt', 'empty', 'old/gone.txt']);
  });

  it('takes a .ferryignore of the server for a file like any other', async () => {
    draw(remote(), { '.ferryignore': 'css/\n' });
    const { back, names, at } = sceneOf(server);
    await back();
    draw(remote(), { 'css/site.css': 'b {}' });
    await back();
    expect(tree(at(names()[1]!))).toEqual({ ...TREE, '.ferryignore': 'css/\n', 'css/site.css': 'b {}' });
  });

  it('shows in a dry run what is new, and writes nothing', async () => {
    const { back, names, home } = sceneOf(server);
    const first = await back({ dryRun: true });
    expect(first.plan?.actions).toHaveLength(8);
    expect(names()).toEqual([]);
    expect(existsSync(join(home, '.ferry'))).toBe(false);
    await back();
    draw(remote(), { 'index.html': 'PAGE' });
    const { plan: planned } = await back({ dryRun: true });
    expect(planned?.actions).toMatchObject([{ action: 'download', path: 'index.html' }]);
    expect(names()).toHaveLength(1);
  });
});

describe('an older snapshot', () => {
  /** Whatever the engine does for a change, it does to new files. */
  it.each([
    ['other content of the same size', { 'big.txt': 'B'.repeat(2_500_000) }, {}],
    ['a later time with the same content', { touched: 'big.txt' }, {}],
    ['other permissions', { mode: 'big.txt' }, { chmod: 'preserve' }],
    ['another text', { 'notes.txt': 'one\ntwo\nthree\n' }, { ascii: ['*.txt'] }],
    ['a folder in the place of a file', { folder: 'big.txt' }, {}],
  ] as const)('stays as it is: %s', async (_, change, changes) => {
    draw(remote(), { 'big.txt': 'b'.repeat(2_500_000), 'notes.txt': 'one\ntwo\n' });
    const { back, names, at } = sceneOf(server, changes as object);
    expect((await back()).summary.exitCode).toBe(0);
    const before = { portrait: portrait(at(names()[0]!)), tree: tree(at(names()[0]!)) };
    if ('touched' in change) utimesSync(join(remote(), change.touched), 1e9, 1e9);
    else if ('mode' in change) {
      chmodSync(join(remote(), change.mode), 0o600);
      utimesSync(join(remote(), change.mode), 1e9, 1e9);
    } else if ('folder' in change) {
      rmSync(join(remote(), change.folder));
      draw(remote(), { [`${change.folder}/x`]: 'x' });
    } else draw(remote(), change);
    const { summary, done } = await back();
    expect(summary).toMatchObject({ exitCode: 0 });
    expect(done.length).toBeGreaterThan(0);
    expect(portrait(at(names()[0]!))).toEqual(before.portrait);
    expect(tree(at(names()[0]!))).toEqual(before.tree);
    expect(tree(at(names()[1]!))).toEqual(read(remote()));
  });

  it('stays as it is where a download is cut off and resumed', async () => {
    draw(remote(), { 'big.bin': 'a'.repeat(6_000_000) });
    const { back, names, at } = sceneOf(server);
    await back();
    const before = portrait(at(names()[0]!));
    draw(remote(), { 'big.bin': 'b'.repeat(6_000_000) });
    const stop = new AbortController();
    const cut = await back({
      changes: { limitRate: 2_000_000 },
      signal: stop.signal,
      tell: (event) => {
        if (event.type === 'progress' && event.bytes > 2_000_000) stop.abort();
      },
    });
    expect(cut.summary).toMatchObject({ exitCode: 130, message: expect.stringMatching(/no snapshot was made/) });
    expect(names()).toHaveLength(1);
    const resumed = await back();
    expect(resumed.summary).toMatchObject({ exitCode: 0, downloaded: 1 });
    expect(resumed.summary.bytesReceived).toBeLessThan(5_000_000);
    expect(resumed.events).toContainEqual(expect.objectContaining({ type: 'snapshot', state: 'resumed' }));
    expect(portrait(at(names()[0]!))).toEqual(before);
    expect(tree(at(names()[1]!))).toEqual(read(remote()));
  });
});

describe('a backup that does not end well', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  it('leaves no snapshot where the server refuses a file, and goes on from there', async () => {
    const scripted = await scriptedServer();
    open.push(() => scripted.stop());
    draw(join(scripted.root, 'site'), { ...TREE, 'secret.txt': 'x' });
    const { back, names, at } = sceneOf(scripted);
    scripted.arm([{ on: /^RETR .*secret/, does: '550 Permission denied.' }]);
    const { summary } = await back();
    scripted.disarm();
    expect(summary).toMatchObject({ exitCode: 3, failed: 1, message: expect.stringMatching(/no snapshot was made/) });
    expect(summary.snapshot).toBeUndefined();
    expect(names()).toEqual([]);
    const second = await back();
    expect(second.summary).toMatchObject({ exitCode: 0, downloaded: 1, unchanged: 4 });
    expect(tree(at(names()[0]!))).toEqual({ ...TREE, 'secret.txt': 'x' });
  });

  it('is refused where the server shows nothing any more', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    rmSync(remote(), { recursive: true });
    draw(remote(), { empty: null });
    expect((await back()).summary).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/no files at all.*no snapshot/),
    });
    expect(tree(at(names()[0]!))).toEqual(TREE);
    expect(names()).toHaveLength(1);
  });

  it('makes none of a listing that was cut off', async () => {
    const lying: LyingServer = await lyingServer();
    open.push(() => lying.stop());
    draw(join(lying.root, 'site'), TREE);
    const { back, names } = sceneOf(lying);
    await back();
    lying.lie({ on: (listing) => listing.includes('site.css'), tells: () => '', ends: 'reset' });
    const { summary } = await back();
    expect(lying.lied).toBeGreaterThan(0);
    expect(summary.exitCode).not.toBe(0);
    expect(names()).toHaveLength(1);
    lying.lie(undefined);
    expect((await back()).summary.exitCode).toBe(0);
    expect(names()).toHaveLength(2);
  });

  it('is refused where the folder lost all its snapshots: its disk may not be mounted', async () => {
    const { back, names, home } = sceneOf(server);
    await back();
    rmSync(join(home, names()[0]!), { recursive: true });
    rmSync(join(home, '.ferry'), { recursive: true });
    expect((await back()).summary).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/is its disk mounted/),
    });
    expect(existsSync(join(home, '.ferry'))).toBe(false);
    expect((await back({ adopt: true })).summary).toMatchObject({ exitCode: 0, downloaded: 4 });
    expect(names()).toHaveLength(1);
  });

  it.skipIf(smallDisksMissing() !== undefined)(
    'makes none of a disk that is full, and goes on once it is not',
    async () => {
      const disk = smallDisk(12_000_000);
      open.push(() => disk.close());
      const { back, names, at } = sceneOf(server, {}, join(disk.folder, 'shop'));
      expect((await back()).summary.exitCode).toBe(0);
      const before = portrait(at(names()[0]!));
      draw(remote(), { 'big.bin': 'b'.repeat(4_000_000), 'index.html': 'PAGE' });
      for (const left of [0, 8_192, 1_000_000]) {
        disk.fill(left);
        const { summary } = await back();
        expect(summary, `${left} left`).toMatchObject({
          exitCode: 3,
          message: expect.stringMatching(/no snapshot was made/),
        });
        expect(names()).toHaveLength(1);
        expect(portrait(at(names()[0]!))).toEqual(before);
        disk.empty();
      }
      expect((await back()).summary.exitCode).toBe(0);
      expect(tree(at(names()[1]!))).toEqual(read(remote()));
    },
  );

  it('says its own limit', async () => {
    draw(remote(), { 'big.bin': 'a'.repeat(3_000_000) });
    const { back, names } = sceneOf(server);
    expect((await back({ changes: { maxTransfer: 1000, limitRate: 1_000_000 } })).summary.exitCode).toBe(9);
    expect(names()).toEqual([]);
    expect(new LimitError('').code).toBe('limit');
  });

  it('leaves alone a folder of snapshots that another job is at', async () => {
    const { back, names, home } = sceneOf(server);
    const lock = await acquireLock(join(home, '.ferry'), { job: 'other' });
    open.push(() => lock.release());
    expect((await back()).summary).toMatchObject({ exitCode: 6 });
    expect(names()).toEqual([]);
    await lock.release();
    expect((await back()).summary.exitCode).toBe(0);
  });
});

describe('a damaged snapshot', () => {
  it('hands on nothing that has another size or time, or is gone', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    const [one] = names();
    writeFileSync(at(one!, 'css/site.css'), 'broken');
    rmSync(at(one!, 'old'), { recursive: true });
    utimesSync(at(one!, 'index.html'), 1e9, 1e9);
    const odd = at(one!, 'a b/ünïcode "x".txt');
    const { atime, mtime } = statSync(odd);
    writeFileSync(odd, 'od');
    utimesSync(odd, atime, mtime);
    const { summary, events } = await back();
    expect(summary).toMatchObject({ exitCode: 0, downloaded: 4, unchanged: 0 });
    expect(tree(at(names()[1]!))).toEqual(TREE);
    expect(events).toContainEqual({ type: 'warning', message: expect.stringMatching(/is damaged.*site\.css/) });
    // It is not mended, either: what was wrong with it stays to be seen.
    expect(readFileSync(at(one!, 'css/site.css'), 'utf8')).toBe('broken');
  });

  it('hands on no other content under the same size and time where that is looked for', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    const { atime, mtime } = statSync(at(names()[0]!, 'index.html'));
    writeFileSync(at(names()[0]!, 'index.html'), 'PAGE');
    utimesSync(at(names()[0]!, 'index.html'), atime, mtime);
    await back({ verify: true });
    expect(tree(at(names()[1]!))).toEqual(TREE);
  });

  it('is not built on where its manifest is', async () => {
    const { back, names, at } = sceneOf(server);
    await back();
    await back();
    const file = at(names()[1]!, '.ferry/manifest.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"size":4', '"size":5'));
    const { summary, events } = await back();
    expect(summary).toMatchObject({ exitCode: 0 });
    expect(events).toContainEqual({ type: 'warning', message: expect.stringMatching(/not built on/) });
    expect((await readManifest(at(names()[2]!))).header.previous).toBe(names()[0]);
  });
});

describe('a folder of snapshots', () => {
  it('is no mirror: a pull and a watch of the job are refused', async () => {
    const { settings } = sceneOf(server);
    const state = emptyFolder();
    for (const verb of [run, plan, watch]) {
      const { summary } = await perform(settings(), state, { verb });
      expect(summary).toMatchObject({ exitCode: 2, message: expect.stringMatching(/run: ferry backup test/) });
    }
  });
});
