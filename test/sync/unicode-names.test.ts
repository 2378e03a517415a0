/** Names that differ in their Unicode form on the two sides are one file, whatever is done with it. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { lyingServer } from '../faults/lying-server.ts';

/** One accented letter, composed as most systems write it, and in two parts as old Macs do. */
const [NFC, NFD] = ['caf\u00e9', 'cafe\u0301'];

/** A pair that agrees on some files in a directory that each side spells in its own way. */
async function agreed(direction: JobSettings['direction']) {
  const server = await lyingServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  const local = draw(emptyFolder(), { [`${NFD}/old.txt`]: 'old', 'other.txt': 'o', 'more.txt': 'm' });
  draw(there, { [`${NFC}/old.txt`]: 'old', 'other.txt': 'o', 'more.txt': 'm' });
  const state = emptyFolder();
  const changes = { direction, compare: 'size', retries: 0 } as const;
  const run = () => perform(job(server, local, { direction, retries: 0 }), state);
  expect((await perform(job(server, local, changes), state)).summary).toMatchObject({ exitCode: 0 });
  draw(direction === 'pull' ? join(there, NFC) : join(local, NFD), { 'new.txt': 'new' });
  expect(await run()).toMatchObject({ summary: { exitCode: 0 }, problems: [] });
  return { server, local, there, run };
}

test('sync: what was removed there and came back here is new', async () => {
  const { local, there, run } = await agreed('sync');
  const [file, bin] = [join(local, NFD, 'new.txt'), join(emptyFolder(), 'new.txt')];
  renameSync(file, bin);
  expect((await run()).done).toEqual([`delete ${NFC}/new.txt`]);
  renameSync(bin, file);
  expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1, deleted: 0 });
  expect(read(join(local, NFD))).toEqual({ 'new.txt': 'new', 'old.txt': 'old' });
  expect(read(join(there, NFC))).toEqual({ 'new.txt': 'new', 'old.txt': 'old' });
});

test.each(['pull', 'sync'] as const)(
  '%s: nothing is deleted here that the server has under its own name',
  async (direction) => {
    const { server, local, run } = await agreed(direction);
    server.lie({ on: (all) => /new\.txt/.test(all), tells: (all) => all.replace(/.*new\.txt\r\n/, '') });
    const { summary } = await run();
    expect(server.lied).toBeGreaterThan(0);
    expect(read(join(local, NFD))).toEqual({ 'new.txt': 'new', 'old.txt': 'old' });
    expect(summary.exitCode).toBe(3);
  },
);

test.each(['push', 'sync'] as const)(
  '%s: a directory that was just made there goes with the one here',
  async (direction) => {
    const { local, there, run } = await agreed(direction);
    draw(join(local, NFD), { 'deep/a.txt': 'a' });
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    rmSync(join(local, NFD, 'deep'), { recursive: true });
    expect((await run()).summary.exitCode).toBe(0);
    expect(read(join(there, NFC))).toEqual({ 'new.txt': 'new', 'old.txt': 'old' });
  },
);

test.each(['pull', 'sync'] as const)('%s: nor is a file whose own name differs', async (direction) => {
  const server = await lyingServer();
  onTestFinished(() => server.stop());
  const there = draw(join(server.root, 'site'), { [`${NFC}.txt`]: 'drink', 'a.txt': 'a', 'b.txt': 'b' });
  const local = draw(emptyFolder(), { [`${NFD}.txt`]: 'drink', 'a.txt': 'a', 'b.txt': 'b' });
  const state = emptyFolder();
  const settings = job(server, local, { direction, compare: 'size', retries: 0 });
  expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, unchanged: 3 });
  server.lie({ on: (all) => /caf/.test(all), tells: (all) => all.replace(/.*caf.*\r\n/, '') });
  const { summary } = await perform(settings, state);
  expect(server.lied).toBeGreaterThan(0);
  expect(summary.exitCode).toBe(3);
  expect(read(local)).toHaveProperty([`${NFD}.txt`], 'drink');
  expect(read(there)).toHaveProperty([`${NFC}.txt`], 'drink');
});
