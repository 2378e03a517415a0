import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Agreement, type Memory, ROOT, toRelPath } from '../../src/model/index.ts';
import { memoryInRam, openMemory } from '../../src/state/index.ts';
import { emptyFolder } from '../builders/folder.ts';
import { agreed, toArray } from './agreements.ts';

const KINDS: { kind: string; make: () => Promise<Memory> }[] = [
  { kind: 'on the disk', make: () => openMemory(join(emptyFolder(), 'state', 'job')) },
  { kind: 'in RAM', make: async () => memoryInRam() },
];

describe.each(KINDS)('a memory $kind', ({ make }) => {
  async function opened(): Promise<Memory> {
    const memory = await make();
    onTestFinished(() => memory.close());
    return memory;
  }

  it('knows nothing at first', async () => {
    const memory = await opened();
    expect(memory.empty).toBe(true);
    expect(await memory.count()).toBe(0);
    expect(await memory.get(toRelPath('a'))).toBeUndefined();
    expect(await memory.children(ROOT)).toEqual([]);
    expect(await toArray(memory.all())).toEqual([]);
    expect(await memory.getNote('server')).toBeUndefined();
    expect(await memory.checkpoint(toRelPath('a'), 'upload')).toBeUndefined();
  });

  it('knows what it learnt as soon as it was told, whole', async () => {
    const memory = await opened();
    const full = agreed('a/ä b\u202e.txt', 7, { sha256: 'ab'.repeat(32) });
    const directory = agreed('a', 0, {
      kind: 'directory',
      local: { size: 0, stamps: {} },
      remote: { size: 0, stamps: {} },
    });
    void memory.learn(full); // read back below without having been waited for
    void memory.learn(directory);
    expect(await memory.get(full.path)).toEqual(full);
    expect(await memory.get(directory.path)).toEqual(directory);
    expect(memory.empty).toBe(false);
    expect(await memory.count()).toBe(1);
  });

  it('keeps the last of two, and forgets', async () => {
    const memory = await opened();
    await Promise.all([memory.learn(agreed('a', 1)), memory.learn(agreed('a', 2)), memory.learn(agreed('b', 3))]);
    expect((await memory.get(toRelPath('a')))?.local.size).toBe(2);
    await Promise.all([memory.learn(agreed('c')), memory.forget(toRelPath('c')), memory.forget(toRelPath('a'))]);
    expect((await toArray(memory.all())).map((a) => a.path)).toEqual(['b']);
    await memory.forget(toRelPath('b'));
    expect(await memory.count()).toBe(0);
    expect(memory.empty).toBe(false); // something was agreed on once
  });

  it('tells a directory from those whose names begin the same', async () => {
    const memory = await opened();
    const paths = [
      'a',
      'a b',
      'a/x',
      'a/y',
      'a/x/deep',
      'a-b/x',
      'ab/x',
      'a\u0001/x',
      'a\u0001',
      'ä/x',
      'a/\uffff',
      'a/\u{1f600}',
      'b',
    ];
    for (const path of paths) await memory.learn(agreed(path));
    const childrenOf = async (directory: string) =>
      (await memory.children(toRelPath(directory))).map((a) => a.path).sort();
    expect(await childrenOf('a')).toEqual(['a/x', 'a/y', 'a/\u{1f600}', 'a/\uffff']);
    expect(await childrenOf('')).toEqual(['a', 'a\u0001', 'a b', 'b'].sort());
    expect(await childrenOf('a/x')).toEqual(['a/x/deep']);
    expect(await childrenOf('x')).toEqual([]);
    expect((await toArray(memory.all())).map((a) => a.path).sort()).toEqual([...paths].sort());
  });

  it('keeps checkpoints by path and direction', async () => {
    const memory = await opened();
    const path = toRelPath('big.iso');
    const up = {
      path,
      direction: 'upload',
      source: { size: 9, stamps: { stat: '1:2' } },
      temporary: toRelPath('.t'),
      confirmed: 5,
    } as const;
    const down = { ...up, direction: 'download', confirmed: 6 } as const;
    await memory.saveCheckpoint(up);
    await memory.saveCheckpoint(down);
    await memory.saveCheckpoint({ ...up, confirmed: 7 });
    expect(await memory.checkpoint(path, 'upload')).toEqual({ ...up, confirmed: 7 });
    expect(await toArray(memory.checkpoints())).toHaveLength(2);
    await memory.dropCheckpoint(path, 'upload');
    expect(await toArray(memory.checkpoints())).toEqual([down]);
    expect(memory.empty).toBe(true); // a checkpoint is no agreement
    expect(await memory.count()).toBe(0);
  });

  it('keeps what is proposed until it is withdrawn, or anything is agreed on', async () => {
    const memory = await opened();
    const propose = (path: string, outcome: Agreement | null = agreed(path)) =>
      memory.propose({ path: toRelPath(path), name: toRelPath(path), outcome, since: 7 });
    const open = () => [...memory.tentatives.keys()].sort();
    await Promise.all([propose('a'), propose('b', null), propose('c'), propose('d')]);
    expect(memory.tentatives.get(toRelPath('b'))).toMatchObject({ outcome: null, since: 7 });
    expect(memory.empty).toBe(true); // nothing of it is agreed on
    expect(await memory.get(toRelPath('a'))).toBeUndefined();
    await memory.learn(agreed('a', 5));
    await memory.forget(toRelPath('b'));
    await memory.withdraw(toRelPath('c'));
    await memory.withdraw(toRelPath('none'));
    expect(open()).toEqual(['d']);
    await propose('a', null);
    await memory.withdraw(toRelPath('a'));
    expect(await memory.get(toRelPath('a'))).toEqual(agreed('a', 5));
  });

  it('keeps swaps and notes', async () => {
    const memory = await opened();
    const swap = { path: toRelPath('a'), aside: toRelPath('b'), temporary: toRelPath('c') };
    await memory.saveSwap(swap);
    expect(await toArray(memory.swaps())).toEqual([swap]);
    await memory.dropSwap(swap.path);
    expect(await toArray(memory.swaps())).toEqual([]);
    for (const value of [{ deep: [1, 'two', null] }, null, 0, '']) {
      await memory.setNote('server', value);
      expect(await memory.getNote('server')).toEqual(value);
    }
    await memory.setNote('server', undefined);
    expect(await memory.getNote('server')).toBeUndefined();
  });

  it('can be read while it learns', async () => {
    const memory = await opened();
    await Promise.all(Array.from({ length: 5000 }, (_, i) => memory.learn(agreed(`d/${i}`))));
    let seen = 0;
    for await (const { path } of memory.all()) {
      await memory.forget(path);
      await memory.learn(agreed(`${path}-again`));
      seen++;
    }
    expect(seen).toBe(5000);
    expect(await memory.count()).toBe(5000);
  });
});

describe('a memory on the disk', () => {
  it('knows everything after it was closed and opened again', async () => {
    const directory = join(emptyFolder(), 'job');
    const first = await openMemory(directory);
    await first.learn(agreed('a/b', 3));
    await first.setNote('n', [1]);
    await first.flush();
    await first.close();
    await first.close();
    for (let i = 0; i < 3; i++) {
      const again = await openMemory(directory);
      expect(again.empty).toBe(false);
      expect(await again.get(toRelPath('a/b'))).toEqual(agreed('a/b', 3));
      expect(await again.getNote('n')).toEqual([1]);
      if (i === 1) await again.forget(toRelPath('none'));
      await again.close();
    }
  });

  it('knows what was under way when it was last open', async () => {
    const directory = join(emptyFolder(), 'job');
    const path = toRelPath('a');
    const tentative = { path, name: toRelPath('A'), outcome: agreed('a', 3), since: 7 };
    const first = await openMemory(directory);
    await first.propose(tentative);
    await first.propose({ ...tentative, path: toRelPath('b') });
    await first.learn(agreed('b'));
    await first.close();
    const again = await openMemory(directory);
    expect([...again.tentatives]).toEqual([[path, tentative]]);
    await again.forget(path);
    await again.close();
    const last = await openMemory(directory);
    expect([...last.tentatives]).toEqual([]);
    await last.close();
  });

  it('is of one process at a time', async () => {
    const directory = emptyFolder();
    const memory = await openMemory(directory);
    await expect(openMemory(directory)).rejects.toMatchObject({ code: 'lock' });
    await memory.close();
    await (await openMemory(directory)).close();
  });

  it.runIf(process.platform !== 'win32')('is for its owner alone', async () => {
    const directory = join(emptyFolder(), 'job');
    const requirePrivate = () => {
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(directory, { recursive: true }) as string[]) {
        expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
      }
    };
    const memory = await openMemory(directory);
    requirePrivate();
    // Enough for the store to begin new files.
    for (let i = 0; i < 6; i++) await memory.setNote(`n${i}`, 'x'.repeat(1 << 20));
    await memory.close();
    requirePrivate();
  });

  it('rejects, and does not fall silent, once it is closed', async () => {
    const memory = await openMemory(emptyFolder());
    await memory.close();
    await expect(memory.learn(agreed('a'))).rejects.toMatchObject({ code: 'state' });
    await expect(memory.children(ROOT)).rejects.toMatchObject({ code: 'state' });
    await expect(memory.count()).rejects.toMatchObject({ code: 'state' });
  });
});
