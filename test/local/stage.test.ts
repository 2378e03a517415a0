import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Disk } from '../../src/local/disk.ts';
import { openLocal } from '../../src/local/index.ts';
import { ChangingError, LocalError, type RelPath, temporaryFor, toRelPath } from '../../src/model/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { asBoundUser } from './permissions.ts';

const posix = process.platform !== 'win32';
const F = toRelPath('d/f.bin');
const T = temporaryFor(F, '0123abcd');
const bytes = (text: string) => Buffer.from(text);

afterEach(() => vi.restoreAllMocks());

async function staged(drawing: Parameters<typeof draw>[1] = { d: null }) {
  const folder = draw(emptyFolder(), drawing);
  const local = await openLocal(folder);
  const stage = (resume?: boolean, path: RelPath = F) => local.stage(path, temporaryFor(path, '0123abcd'), resume);
  return { folder, local, stage };
}

describe('a stage', () => {
  it('leaves the target as it was until commit, and tells the entry that a scan then sees', async () => {
    const { folder, local, stage } = await staged({ 'd/f.bin': 'old' });
    const old = await local.look(F);
    const writing = await stage();
    await writing.write(bytes('new '));
    await writing.write(bytes('content'));
    expect(writing.size).toBe(11);
    expect(Buffer.from(await writing.readAt(4, 100)).toString()).toBe('content');
    expect(read(folder)).toEqual({ 'd/f.bin': 'old', [T]: 'new content' });
    const entry = await writing.commit({ mtime: 1_700_000_000_123, mode: 0o640, expected: old });
    expect(read(folder)).toEqual({ 'd/f.bin': 'new content' });
    expect(entry).toMatchObject({ path: F, size: 11, mtime: 1_700_000_000_123 });
    if (posix) expect(entry.mode).toBe(0o640);
    expect(await local.look(F)).toEqual(entry);
    expect((await local.list(toRelPath('d'))).entries).toEqual([entry]);
    await local.flush();
  });

  it.each([0, 1, 999, 1_000, 1_234_567_890_001, 1_700_000_000_999, 4_102_444_800_001])(
    'sets a time of %i ms exactly',
    async (mtime) => {
      const { stage, local } = await staged();
      const entry = await (await stage()).commit({ mtime, expected: null });
      expect(entry.mtime).toBe(mtime);
      expect((await local.look(F))?.mtime).toBe(mtime);
    },
  );

  it('gives no name to what somebody else writes under the same temporary one, nor takes that away', async () => {
    const { folder, stage } = await staged();
    const [first, second] = [await stage(), await stage()];
    await first.write(bytes('whole'));
    await second.write(bytes('who'));
    await expect(first.commit({ mtime: null, expected: null })).rejects.toThrow(ChangingError);
    await first.discard();
    expect(read(folder)).toEqual({ [T]: 'who' });
    await second.write(bytes('le'));
    await second.commit({ mtime: null, expected: null });
    expect(read(folder)).toEqual({ 'd/f.bin': 'whole' });
  });

  it('writes pieces in the order in which they came, awaited or not', async () => {
    const { folder, stage } = await staged();
    const writing = await stage();
    const pieces = Array.from({ length: 300 }, (_, i) => bytes(`${i},`.repeat(50)));
    await Promise.all(pieces.map((piece) => writing.write(piece)));
    await writing.commit({ mtime: null });
    expect(readFileSync(join(folder, F))).toEqual(Buffer.concat(pieces));
  });

  it('makes an empty file', async () => {
    const { folder, stage } = await staged();
    await (await stage()).commit({ mtime: null, expected: null });
    expect(read(folder)).toEqual({ 'd/f.bin': '' });
  });

  it('needs its directory, and a name beside the target', async () => {
    const { local } = await staged();
    const path = toRelPath('none/f');
    await expect(local.stage(path, temporaryFor(path, '0123abcd'))).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(local.stage(path, T)).rejects.toBeInstanceOf(RangeError);
  });
});

describe('an expectation', () => {
  const cases: Record<
    string,
    { drawing: Record<string, string | null>; expected: 'none' | 'present'; change: (at: string) => void }
  > = {
    'nothing there, and something came': {
      drawing: { d: null },
      expected: 'none',
      change: (at) => writeFileSync(at, 'theirs'),
    },
    'nothing there, and a link came': { drawing: { d: null }, expected: 'none', change: (at) => symlinkSync('x', at) },
    'a file there, and it was edited': {
      drawing: { 'd/f.bin': 'old' },
      expected: 'present',
      change: (at) => writeFileSync(at, 'ol2'),
    },
    'a file there, and it was replaced by one of the same size': {
      drawing: { 'd/f.bin': 'old', other: 'new' },
      expected: 'present',
      change: (at) => execFileSync('mv', [join(at, '../../other'), at]),
    },
    'a file there, and it went': {
      drawing: { 'd/f.bin': 'old' },
      expected: 'present',
      change: (at) => execFileSync('rm', [at]),
    },
  };
  it.each(Object.entries(cases))('%s: the target is left alone', async (_, { drawing, expected, change }) => {
    const { folder, local, stage } = await staged(drawing);
    const before = expected === 'none' ? null : await local.look(F);
    const writing = await stage();
    await writing.write(bytes('ours'));
    change(join(folder, F));
    const now = await local.look(F);
    await expect(writing.commit({ mtime: null, expected: before })).rejects.toBeInstanceOf(ChangingError);
    expect(await local.look(F)).toEqual(now);
    await writing.discard();
    expect(lstatSync(join(folder, T), { throwIfNoEntry: false })).toBeUndefined();
  });

  it.each(Object.entries(cases))('%s in the last moment: the same', async (_, { drawing, expected, change }) => {
    const { folder, local, stage } = await staged(drawing);
    const before = expected === 'none' ? null : await local.look(F);
    const writing = await stage();
    // The bytes are on their way to the disk: the longest wait of a commit, and its last but one step.
    vi.spyOn(Disk.prototype, 'sync').mockImplementationOnce(async () => change(join(folder, F)));
    await expect(writing.commit({ mtime: null, expected: before })).rejects.toBeInstanceOf(ChangingError);
    expect(lstatSync(join(folder, T)).size).toBe(0);
    const now = await local.look(F);
    if (now) expect(now.size).not.toBe(0);
    await writing.discard();
  });

  it('a file there, and a link took its place: neither it nor its target is written', async () => {
    const { folder, local, stage } = await staged({ 'd/f.bin': 'old', 'd/x': 'target' });
    const before = await local.look(F);
    execFileSync('ln', ['-sf', 'x', join(folder, F)]);
    const writing = await stage();
    await expect(writing.commit({ mtime: null, expected: before })).rejects.toMatchObject({ errno: 'ELOOP' });
    expect(read(folder)['d/x']).toBe('target');
    await writing.discard();
  });

  it('is not met by a directory under the final name', async () => {
    const { folder, stage } = await staged({ 'd/f.bin/inner': 'kept' });
    const writing = await stage();
    await expect(writing.commit({ mtime: null })).rejects.toBeInstanceOf(LocalError);
    await writing.discard();
    expect(read(folder)).toEqual({ 'd/f.bin/inner': 'kept' });
  });
});

describe('a kept stage', () => {
  it('is gone on with where it ended', async () => {
    const { folder, stage } = await staged();
    const first = await stage();
    await first.write(bytes('half '));
    await first.keep();
    const second = await stage(true);
    expect(second.size).toBe(5);
    await second.write(bytes('whole'));
    await second.commit({ mtime: null, expected: null });
    expect(read(folder)).toEqual({ 'd/f.bin': 'half whole' });
  });

  it('is begun anew without resume, and resume begins where nothing was kept', async () => {
    const { folder, stage } = await staged();
    const first = await stage(true);
    expect(first.size).toBe(0);
    await first.write(bytes('a long first half'));
    await first.keep();
    const second = await stage(false);
    expect(second.size).toBe(0);
    await second.write(bytes('short'));
    await second.commit({ mtime: null });
    expect(read(folder)).toEqual({ 'd/f.bin': 'short' });
  });

  it.each(['unlink', 'link'] as const)('is in place, though its %s is said to have failed', async (call) => {
    const { folder, stage } = await staged();
    const writing = await stage();
    await writing.write(bytes('new'));
    const real = Disk.prototype[call];
    const failing = vi.spyOn(Disk.prototype, call).mockImplementationOnce(async function (
      this: Disk,
      ...names: string[]
    ) {
      // A file server that is asked twice, as the first answer was lost, has the name already.
      if (call === 'link') await Reflect.apply(real, this, names);
      throw Object.assign(new Error('made to fail'), { code: call === 'link' ? 'EEXIST' : 'EIO' });
    });
    await writing.commit({ mtime: null, expected: null });
    expect(failing).toHaveBeenCalled();
    expect(read(folder)).toEqual({ 'd/f.bin': 'new' });
  });

  it('that has a second name is not written to', async () => {
    const { folder, stage } = await staged({ [T]: 'published', d2: null });
    linkSync(join(folder, T), join(folder, F));
    const writing = await stage(true);
    expect(writing.size).toBe(0);
    await writing.write(bytes('NEW'));
    expect(read(folder)['d/f.bin']).toBe('published');
    await writing.discard();
    expect(read(folder)['d/f.bin']).toBe('published');
  });

  it.runIf(posix)('is not waited for where it is a pipe', async () => {
    const { folder, stage } = await staged();
    execFileSync('mkfifo', [join(folder, T)]);
    const writing = await stage(true);
    expect(writing.size).toBe(0);
    await writing.commit({ mtime: null });
    expect(statSync(join(folder, F)).isFile()).toBe(true);
  });

  it('can be discarded instead, more than once', async () => {
    const { folder, stage } = await staged();
    const writing = await stage();
    await writing.write(bytes('x'));
    await writing.discard();
    await writing.discard();
    expect(read(folder)).toEqual({ d: null });
  });
});

describe.runIf(posix)('permissions', () => {
  it('are private while the file is written, then those asked for, else of the old file, else usual', async () => {
    const { folder, stage } = await staged({ 'd/f.bin': 'old' });
    chmodSync(join(folder, F), 0o604);
    const writing = await stage();
    expect(statSync(join(folder, T)).mode & 0o7777).toBe(0o600);
    expect((await writing.commit({ mtime: null })).mode).toBe(0o604);
    expect((await (await stage()).commit({ mtime: null, mode: 0o4755 })).mode).toBe(0o755);
    const fresh = await (await stage(false, toRelPath('d/new'))).commit({ mtime: null, expected: null });
    const usual = join(folder, 'usual');
    writeFileSync(usual, '');
    expect(fresh.mode).toBe(statSync(usual).mode & 0o7777);
  });

  it.runIf(process.getuid?.() === 0)('keep a replaced file its owner', async () => {
    const { folder, stage } = await staged({ 'd/f.bin': 'old' });
    chownSync(join(folder, F), 1234, 4321);
    await (await stage()).commit({ mtime: null });
    expect(statSync(join(folder, F))).toMatchObject({ uid: 1234, gid: 4321 });
  });

  it('that forbid writing are said, and nothing is left', async () => {
    const { folder, local, stage } = await staged({ 'd/f.bin': 'old' });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'd'), 0o555);
    const error = await asBoundUser(() => stage().catch((e: unknown) => e));
    expect(error).toMatchObject({ errno: 'EACCES' });
    expect((error as Error).message).toContain(join(local.root, 'd'));
    chmodSync(join(folder, 'd'), 0o755);
    expect(read(folder)).toEqual({ 'd/f.bin': 'old' });
  });
});

describe('a full disk', () => {
  it('keeps the old file, says how much was needed, and leaves nothing behind', async ({ skip }) => {
    const folder = emptyFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      skip(`no small disk can be mounted here: ${(error as Error).message.trim()}`);
    }
    onTestFinished(() => void execFileSync('umount', [folder]));
    draw(folder, { 'd/f.bin': 'old' });
    const local = await openLocal(folder);
    const writing = await local.stage(F, T);
    const error = await (async () => {
      for (let i = 0; i < 20; i++) await writing.write(Buffer.alloc(65_536, 1));
    })().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LocalError);
    expect(error).toMatchObject({ errno: 'ENOSPC' });
    expect((error as Error).message).toMatch(/at least \d+ bytes more are needed after \d+, \d+ bytes are free/);
    await expect(writing.commit({ mtime: null })).rejects.toBe(error);
    await writing.discard();
    expect(read(folder)).toEqual({ 'd/f.bin': 'old' });
  });
});
