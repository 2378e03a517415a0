import { execFileSync } from 'node:child_process';
import fs, { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openLocal } from '../../src/local/index.ts';
import { LocalError, ROOT, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { asBoundUser } from './permissions.ts';

const posix = process.platform !== 'win32';

afterEach(() => vi.restoreAllMocks());

describe('list', () => {
  it('tells kind, size, time, stamp and permissions of everything in a directory', async () => {
    const folder = draw(emptyFolder(), { 'a/inner.txt': 'x', 'b.txt': 'hello', '.hidden': '' });
    chmodSync(join(folder, 'b.txt'), 0o640);
    utimesSync(join(folder, 'b.txt'), 1, 1_700_000_000.5);
    symlinkSync('b.txt', join(folder, 'link'));
    if (posix) execFileSync('mkfifo', [join(folder, 'pipe')]);
    const local = await openLocal(folder);
    const listing = await local.list(ROOT);
    const by = Object.fromEntries(listing.entries.map((entry) => [entry.path, entry]));
    const { ino } = fs.lstatSync(join(folder, 'b.txt'));
    expect(by['b.txt']).toEqual({
      path: 'b.txt',
      kind: 'file',
      size: 5,
      mtime: 1_700_000_000_500,
      precision: 1,
      zoned: true,
      stamps: { stat: `1700000000500:${ino}` },
      mode: 0o640,
    });
    expect(by.a).toMatchObject({ kind: 'directory', size: null, stamps: {} });
    expect(by.link).toMatchObject({ kind: 'link', size: null });
    expect(by['.hidden']).toMatchObject({ kind: 'file', size: 0 });
    if (posix) expect(by.pipe).toMatchObject({ kind: 'other' });
    expect(listing.problems).toEqual([]);
    expect(listing.incomplete).toBeUndefined();
    expect((await local.list(toRelPath('a'))).entries.map((e) => e.path)).toEqual(['a/inner.txt']);
  });

  it('rounds a time down to the millisecond and keeps its fraction in the stamp', async () => {
    const folder = draw(emptyFolder(), { f: '' });
    utimesSync(join(folder, 'f'), 1, 1_700_000_000.9997);
    const entry = await (await openLocal(folder)).look(toRelPath('f'));
    expect(entry?.mtime).toBe(1_700_000_000_999);
    expect(entry?.stamps.stat).toMatch(/^1700000000999\.\d+:/);
  });

  it('lists temporary files as what they are', async () => {
    const folder = draw(emptyFolder(), { '.a.txt.0123abcd.ferry': 'half' });
    expect((await (await openLocal(folder)).list(ROOT)).entries).toHaveLength(1);
  });

  it.runIf(posix)('carries hard names exactly', async () => {
    const names = [
      ' lead',
      'trail ',
      '[a]*?',
      'back\\slash',
      'e\u0301',
      '\u00e9',
      '-rf',
      'quo\'te"',
      'tab\there',
      'ä'.repeat(127),
    ];
    names.push('real \ufffd replacement', 'con', '\u202eevil');
    const folder = emptyFolder();
    for (const name of names) writeFileSync(join(folder, name), name);
    const listing = await (await openLocal(folder)).list(ROOT);
    expect(listing.entries.map((e) => e.path).sort()).toEqual([...names].sort());
    expect(listing.problems).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('tells names that cannot be carried, and lists the others', async () => {
    const folder = draw(emptyFolder(), { 'd/good': '1', 'd/line\nbreak': '2', 'd/cr\rhere': '3', 'd/own \ufffd': '4' });
    const bad = Buffer.concat([Buffer.from(`${folder}/d/caf`), Buffer.from([0xe9, 0x07])]);
    writeFileSync(bad, '5');
    const { entries, problems } = await (await openLocal(folder)).list(toRelPath('d'));
    expect(entries.map((e) => e.path).sort()).toEqual(['d/good', 'd/own \ufffd']);
    expect(problems.map(({ path, side, code }) => ({ path, side, code }))).toEqual(
      Array(3).fill({ path: 'd', side: 'local', code: 'name' }),
    );
    const said = problems.map((p) => p.message).join('|');
    expect(said).toContain('"caf\\xe9\\x07" cannot be carried: it is not valid UTF-8');
    expect(said).toContain('"line\\x0abreak"');
    expect(said).toContain('"cr\\x0dhere"');
  });

  describe.each(['quick', 'slow'])('on a %s disk', (speed) => {
    it('leaves out a name that is gone before it is looked at', async () => {
      const folder = draw(emptyFolder(), { gone: '', stays: '' });
      const local = await onDisk(speed, folder);
      failLstatOf('gone', 'ENOENT');
      const { entries, problems } = await local.list(ROOT);
      expect(entries.map((e) => e.path)).toEqual(['stays']);
      expect(problems).toEqual([]);
    });

    it('tells what cannot be looked at, by its path', async () => {
      const folder = draw(emptyFolder(), { 'd/stuck': '', 'd/stays': '' });
      const local = await onDisk(speed, folder);
      failLstatOf('stuck', 'EIO');
      const { entries, problems } = await local.list(toRelPath('d'));
      expect(entries.map((e) => e.path)).toEqual(['d/stays']);
      expect(problems).toMatchObject([{ path: 'd/stuck', side: 'local', code: 'unreadable' }]);
      expect(problems[0]?.message).toContain('EIO');
    });
  });

  it.runIf(posix)('rejects where a directory may not be read, and says which and what to do', async () => {
    const folder = draw(emptyFolder(), { 'locked/inner/secret': '' });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'locked'), 0);
    const local = await openLocal(folder);
    for (const path of ['locked', 'locked/inner']) {
      const error = await asBoundUser(() => local.list(toRelPath(path)).catch((e: unknown) => e));
      expect(error).toBeInstanceOf(LocalError);
      expect(error).toMatchObject({ errno: 'EACCES' });
      expect((error as Error).message).toContain(join(local.root, path));
      expect((error as Error).message).toContain('exclude it');
    }
    chmodSync(join(folder, 'locked'), 0o755);
  });

  it('rejects on a directory that is not there, or is none', async () => {
    const local = await openLocal(draw(emptyFolder(), { file: '' }));
    await expect(local.list(toRelPath('no'))).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(local.list(toRelPath('file'))).rejects.toMatchObject({ errno: 'ENOTDIR' });
  });

  it('lists a directory of 20,000 files, and 100 levels', async () => {
    const folder = emptyFolder();
    for (let i = 0; i < 20_000; i++) fs.closeSync(fs.openSync(join(folder, `f${i}`), 'w'));
    const deep = Array(100).fill('d').join('/');
    mkdirSync(join(folder, deep), { recursive: true });
    writeFileSync(join(folder, deep, 'end'), '');
    const local = await openLocal(folder);
    const { entries } = await local.list(ROOT);
    expect(new Set(entries.map((e) => e.path)).size).toBe(20_001);
    expect((await local.list(toRelPath(deep))).entries).toHaveLength(1);
  });
});

/** The folder on a disk that answers at once, or takes ten ms for every call: those are then left to threads. */
async function onDisk(speed: string, folder: string) {
  const local = await openLocal(folder);
  let time = 0;
  if (speed === 'slow') vi.spyOn(performance, 'now').mockImplementation(() => (time += 10));
  // The first call finds out.
  await local.list(ROOT);
  return local;
}

/** Makes the system fail to look at one name, as a disk or a moment would. */
function failLstatOf(name: string, code: string): void {
  type Done = (error: unknown, stats?: fs.Stats) => void;
  const real = fs.lstat as (path: fs.PathLike, done: Done) => void;
  const realSync = fs.lstatSync;
  const failure = () => Object.assign(new Error(code), { code });
  vi.spyOn(fs, 'lstat').mockImplementation(((path: string, done: Done) => {
    if (path.endsWith(`/${name}`)) done(failure());
    else real(path, done);
  }) as never);
  vi.spyOn(fs, 'lstatSync').mockImplementation(((path: string, options: never) => {
    if (path.endsWith(`/${name}`)) throw failure();
    return realSync(path, options);
  }) as never);
}
