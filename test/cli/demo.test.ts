/** The demo holds, and leaves nothing behind. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorld, type World } from './harness.ts';

let world: World;
let temporary: string;
beforeAll(async () => {
  world = await makeWorld();
  temporary = await mkdtemp(join(tmpdir(), 'ferry-cli-demo-'));
});
afterAll(async () => {
  await world.close();
  await rm(temporary, { recursive: true, force: true });
});

test('the whole story comes true', async () => {
  const { code, stdout, stderr } = await world.ferryWith({ TMPDIR: temporary }, 'demo');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/All \d+ claims held/);
  expect(stdout).not.toMatch(/✗/);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(await readdir(temporary)).toEqual([]);
  expect(await world.files('.')).toEqual({});
  expect(await world.said()).toBe(`${stdout}\n`);
});
