/** What a listing does not show is forgotten only where the server, asked by name, has it no more. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deploy } from '../builders/checkout.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type Lie, lyingServer } from '../faults/lying-server.ts';

const BEFORE = { 'a.txt': 'a', 'b/c.txt': 'c', 'b/gone.txt': 'g', 'gone/x.txt': 'x' };
const AFTER = { 'a.txt': 'a', 'b/c.txt': 'c' };

/** A pair that agreed on `BEFORE`, of which the local side holds `AFTER`. */
async function deletedHere() {
  const server = await lyingServer();
  onTestFinished(() => server.stop());
  const [local, state] = [draw(emptyFolder(), BEFORE), emptyFolder()];
  const remote = join(server.root, 'site');
  const settings = job(server, local, { maxDelete: { percent: 100 } });
  const run = () => perform(settings, state);
  expect((await run()).summary.exitCode).toBe(0);
  rmSync(join(local, 'b/gone.txt'));
  rmSync(join(local, 'gone'), { recursive: true });
  return { server, remote, run };
}

const ROOT_LISTED = (listing: string) => /a\.txt/.test(listing);
const LIES: readonly (Lie & { says: string })[] = [
  { says: 'is empty', on: ROOT_LISTED, tells: () => '' },
  { says: 'is cut in a line', on: ROOT_LISTED, tells: (all) => all.slice(0, 20) },
  {
    says: 'leaves one name out',
    on: (all) => /gone\.txt/.test(all),
    tells: (all) => all.replace(/.*gone\.txt\r\n/, ''),
  },
];

test.each(LIES)('a listing that $says: what it hides is still known, and deleted by the next run', async (lie) => {
  const { server, remote, run } = await deletedHere();
  server.lie(lie);
  const { summary } = await run();
  expect(server.lied).toBeGreaterThan(0);
  server.lie(undefined);
  expect(summary.exitCode).toBe(3);
  expect(read(remote)).toMatchObject(AFTER);
  const next = await run();
  expect(next.summary.exitCode, next.summary.message).toBe(0);
  expect(read(remote)).toEqual(AFTER);
});

test('what is gone on both sides is forgotten, and no problem', async () => {
  const { remote, run } = await deletedHere();
  rmSync(join(remote, 'b/gone.txt'));
  rmSync(join(remote, 'gone'), { recursive: true });
  expect(await run()).toMatchObject({ summary: { exitCode: 0, deleted: 0 }, problems: [] });
  // A stranger by now, of the same content.
  draw(remote, { 'b/gone.txt': 'g', 'gone/x.txt': 'x' });
  expect(await run()).toMatchObject({ summary: { exitCode: 0, deleted: 0 } });
  expect(read(remote)).toEqual(BEFORE);
});

test('state: remote: below a directory that a cut listing hides, nothing is forgotten either', async () => {
  const server = await lyingServer();
  onTestFinished(() => server.stop());
  const remote = join(server.root, 'site');
  expect((await deploy(server, BEFORE)).summary.exitCode).toBe(0);
  const left = { 'a.txt': 'a', 'b/c.txt': 'c', 'gone/x.txt': 'x' };
  server.lie({ on: ROOT_LISTED, tells: (all) => all.replace(/.*[; ]b\r\n/, '').slice(0, -4) });
  const { summary } = await deploy(server, left);
  expect(server.lied).toBeGreaterThan(0);
  server.lie(undefined);
  expect(summary.exitCode).not.toBe(0);
  expect((await deploy(server, left)).summary.exitCode).toBe(0);
  const there = Object.entries(read(remote)).filter(([path]) => !path.startsWith('.ferry/'));
  expect(Object.fromEntries(there)).toEqual(left);
});
