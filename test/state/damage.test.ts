import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { type Memory, StateError, toRelPath } from '../../src/model/index.ts';
import { openMemory, setMemoryAside } from '../../src/state/index.ts';
import { emptyFolder } from '../builders/folder.ts';
import { agreed, toArray } from './agreements.ts';

const FILES = 200;

async function learnAll(memory: Memory, directory: string): Promise<void> {
  await Promise.all(Array.from({ length: FILES }, (_, i) => memory.learn(agreed(`${directory}/${i}`))));
}

/** A memory of two runs: what the first learnt is in a table, what the second learnt is in the log. */
async function remembered(): Promise<string> {
  const directory = join(emptyFolder(), 'job');
  for (const run of ['a', 'b']) {
    const memory = await openMemory(directory);
    await learnAll(memory, run);
    await memory.close();
  }
  return directory;
}

/** The same after a kill in the second run: nothing was counted at its end. */
async function killed(): Promise<string> {
  const directory = join(emptyFolder(), 'job');
  const first = await openMemory(directory);
  await learnAll(first, 'a');
  await first.close();
  const second = await openMemory(directory);
  await learnAll(second, 'b');
  const copy = join(emptyFolder(), 'job');
  cpSync(directory, copy, { recursive: true });
  await second.close();
  return copy;
}

function filesOf(directory: string, pattern: RegExp): string[] {
  const store = join(directory, 'baseline');
  const found = readdirSync(store).filter((name) => pattern.test(name));
  expect(found, `files like ${pattern}`).not.toHaveLength(0);
  return found.map((name) => join(store, name));
}

const garble = (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length || 10, 0xa5));

/** Opens it and reads all; what a run would do first. */
async function recall(directory: string): Promise<number> {
  const memory = await openMemory(directory);
  try {
    return (await toArray(memory.all())).length;
  } finally {
    await memory.close();
  }
}

const DAMAGES: Record<string, (directory: string) => void> = {
  'the store is gone': (d) => rmSync(join(d, 'baseline'), { recursive: true }),
  'the store was emptied': (d) => {
    rmSync(join(d, 'baseline'), { recursive: true });
    mkdirSync(join(d, 'baseline'));
  },
  'CURRENT is gone': (d) => rmSync(join(d, 'baseline', 'CURRENT')),
  'CURRENT is empty': (d) => truncateSync(join(d, 'baseline', 'CURRENT')),
  'the manifest is garbled': (d) => filesOf(d, /^MANIFEST/).forEach(garble),
  'a table is gone': (d) => filesOf(d, /\.ldb$/).forEach((f) => void rmSync(f)),
  'a table is garbled': (d) => filesOf(d, /\.ldb$/).forEach(garble),
  'the log is gone': (d) => filesOf(d, /\.log$/).forEach((f) => void rmSync(f)),
  'the log is empty': (d) => filesOf(d, /\.log$/).forEach((f) => void truncateSync(f)),
  'the log is garbled': (d) => filesOf(d, /\.log$/).forEach(garble),
  'the marker is garbled': (d) => garble(join(d, 'format.json')),
  'the marker is empty': (d) => truncateSync(join(d, 'format.json')),
};

describe('a damaged memory', () => {
  it.each(Object.entries(DAMAGES))('is never taken for empty: %s', async (_, damage) => {
    for (const make of [remembered, killed]) {
      const directory = await make();
      damage(directory);
      const before = readdirSync(directory, { recursive: true }).filter((name) => /CURRENT|format/.test(String(name)));
      const error = await recall(directory).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(StateError);
      expect((error as Error).message).toContain(directory);
      // Nothing was begun anew beside the ruins.
      const after = readdirSync(directory, { recursive: true }).filter((name) => /CURRENT|format/.test(String(name)));
      expect(after).toEqual(before);
      expect((error as Error).message).toMatch(/Move that folder away, or run with --adopt/);
    }
  });

  it('is known by one flipped bit in a record, wherever that is', async () => {
    const directory = await remembered();
    const level = new ClassicLevel(join(directory, 'baseline'));
    const key = 'b\0a\0' + '7';
    const value = (await level.get(key)) as string;
    await level.put(key, value.replace('1700000000000', '1700000000001'));
    await level.close();
    await expect(recall(directory)).rejects.toThrow(/record of b a 7 is damaged/);
    const memory = await openMemory(directory);
    await expect(memory.get(toRelPath('a/7'))).rejects.toBeInstanceOf(StateError);
    await expect(memory.children(toRelPath('a'))).rejects.toBeInstanceOf(StateError);
    await memory.close();
  });

  it('is known by one record too few', async () => {
    const directory = await remembered();
    const level = new ClassicLevel(join(directory, 'baseline'));
    await level.del('b\0a\0' + '7');
    await level.close();
    await expect(recall(directory)).rejects.toThrow(/holds 399 records where 400 were written/);
  });

  it.each(['store', 'marker'])('of a newer version is refused (%s)', async (where) => {
    const directory = await remembered();
    if (where === 'marker') writeFileSync(join(directory, 'format.json'), '{"format":2,"sealed":"otherwise"}');
    else {
      const level = new ClassicLevel(join(directory, 'baseline'));
      await level.put('m\0format', '2');
      await level.close();
    }
    await expect(recall(directory)).rejects.toThrow(/another version of Ferry, as format 2/);
  });

  it('is put aside whole, and a new one begins', async () => {
    const directory = await remembered();
    filesOf(directory, /^MANIFEST/).forEach(garble);
    const moved = await setMemoryAside(directory, new Date('2024-05-06T07:08:09.123Z'));
    expect(moved).toEqual([
      join(directory, 'format.json.aside-20240506T070809Z'),
      join(directory, 'baseline.aside-20240506T070809Z'),
    ]);
    for (const aside of moved) expect(existsSync(aside)).toBe(true);
    expect(await recall(directory)).toBe(0);
    const again = await setMemoryAside(directory, new Date('2024-05-06T07:08:09.456Z'));
    expect(again).toEqual(moved.map((aside) => `${aside}-2`));
    expect(await setMemoryAside(join(directory, 'none'), new Date(0))).toEqual([]);
  });
});

describe('a memory whose making was cut off', () => {
  const CUTS: Record<string, (directory: string) => void> = {
    'with nothing but folders': (d) => {
      rmSync(join(d, 'format.json'));
      rmSync(join(d, 'baseline'), { recursive: true });
      mkdirSync(join(d, 'baseline'));
    },
    'without CURRENT': (d) => {
      rmSync(join(d, 'format.json'));
      rmSync(join(d, 'baseline', 'CURRENT'));
      filesOf(d, /\.log$/).forEach((f) => void truncateSync(f));
    },
    'by a power cut, with all files empty': (d) => {
      rmSync(join(d, 'format.json'));
      filesOf(d, /./).forEach((f) => void truncateSync(f));
    },
    'before the marker': (d) => rmSync(join(d, 'format.json')),
    'while the marker was written': (d) => {
      rmSync(join(d, 'format.json'));
      writeFileSync(join(d, 'format.json.new'), '{"for');
    },
  };
  it.each(Object.entries(CUTS))('is made anew: %s', async (_, cut) => {
    const directory = join(emptyFolder(), 'job');
    await (await openMemory(directory)).close();
    cut(directory);
    const memory = await openMemory(directory);
    expect(memory.empty).toBe(true);
    await memory.learn(agreed('a'));
    await memory.close();
    expect(await recall(directory)).toBe(1);
  });

  it('is not made anew where it holds something', async () => {
    const directory = await remembered();
    rmSync(join(directory, 'format.json'));
    expect(await recall(directory)).toBe(2 * FILES);
    rmSync(join(directory, 'format.json'));
    filesOf(directory, /^MANIFEST/).forEach(garble);
    await expect(recall(directory)).rejects.toBeInstanceOf(StateError);
  });
});
