import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toRelPath } from '../../src/model/index.ts';
import { openMemory } from '../../src/state/index.ts';
import { emptyFolder } from '../builders/folder.ts';
import { toArray } from './agreements.ts';
import { start } from './child.ts';

describe('a process that is killed', () => {
  it.each([1, 50])('while it learns (%i at a time) leaves all that was confirmed', async (inFlight) => {
    const directory = join(emptyFolder(), 'job');
    let confirmed: number[] = [];
    for (let round = 0; round < 4; round++) {
      const child = start('learn.mjs', directory, String(round * 1_000_000), String(inFlight));
      await child.said(100 + Math.floor(Math.random() * 2000));
      expect(await child.kill()).toBe(true);
      confirmed = confirmed.concat(child.lines().map(Number));
      const memory = await openMemory(directory);
      const known = new Map((await toArray(memory.all())).map((a) => [a.path, a.local.size]));
      await memory.close();
      const missing = confirmed.filter((i) => known.get(toRelPath(`d${i % 7}/${i}`)) !== i);
      expect(missing).toEqual([]);
    }
    expect(confirmed.length).toBeGreaterThanOrEqual(400);
  });

  it('while it opens a memory for the first time leaves one that opens', async () => {
    for (let round = 0; round < 6; round++) {
      const top = emptyFolder();
      const child = start('open.mjs', top);
      await child.said(2);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
      expect(await child.kill()).toBe(true);
      for (const name of readdirSync(top)) {
        const memory = await openMemory(join(top, name));
        expect(memory.empty).toBe(true);
        await memory.close();
      }
    }
  });
});
