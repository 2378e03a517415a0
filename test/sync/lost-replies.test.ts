/**
 * Commands that the server carried out, or not, and whose reply was lost together with the server. What changes here
 * before the next run must not make a stranger's of what Ferry did, nor Ferry's of what a stranger did.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type Fault, scriptedServer } from '../faults/scripted-server.ts';

interface Case {
  readonly direction: 'push' | 'sync';
  /** What both sides agree on; nothing unless said. */
  readonly agreed?: Drawing;
  /** What the run begins with here. */
  readonly change: (local: string) => void;
  readonly lost: RegExp;
  /** Whether the command was carried out; it was unless said. */
  readonly undone?: boolean;
  /** What happens before the next run. */
  readonly meanwhile: (local: string, there: string) => void;
  readonly here: Drawing;
  readonly there: Drawing;
}

const remove = (path: string) => (local: string) => rmSync(join(local, path), { recursive: true });
const write = (drawing: Drawing) => (local: string) => void draw(local, drawing);
const OTHER = { 'other.txt': 'o' };

/** Other content of the same size, under the time that the file has: what a reproducible build makes. */
const rewrite = (path: string, content: string) => (local: string) => {
  const { mtime } = statSync(join(local, path));
  draw(local, { [path]: content });
  utimesSync(join(local, path), mtime, mtime);
};

const CASES: Record<string, Case> = {
  'push: a directory was made, and is gone here': {
    direction: 'push',
    change: write({ 'd/e': null, ...OTHER }),
    lost: /^MKD .*e$/,
    meanwhile: remove('d'),
    here: OTHER,
    there: OTHER,
  },
  'push: a file was put in place, and is gone here': {
    direction: 'push',
    change: write({ 'd/a.txt': 'a' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: remove('d'),
    here: {},
    there: {},
  },
  'push: a file was written over, and is gone here': {
    direction: 'push',
    agreed: { 'a.txt': 'a', ...OTHER },
    change: write({ 'a.txt': 'changed' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: remove('a.txt'),
    here: OTHER,
    there: OTHER,
  },
  'push: a file was begun in a directory, and both are gone here': {
    direction: 'push',
    agreed: OTHER,
    change: write({ 'd/a.txt': 'a' }),
    lost: /^MFMT .*a\.txt/,
    meanwhile: remove('d'),
    here: OTHER,
    there: OTHER,
  },
  'push: a file was renamed, and is gone here': {
    direction: 'push',
    agreed: { 'a.txt': 'a', ...OTHER },
    change: (local) => renameSync(join(local, 'a.txt'), join(local, 'b.txt')),
    lost: /^RNTO .*b\.txt$/,
    meanwhile: remove('b.txt'),
    here: OTHER,
    there: OTHER,
  },
  'push: a directory was renamed, and is gone here': {
    direction: 'push',
    agreed: { 'd/a.txt': 'a', 'd/in/b.txt': 'b', ...OTHER },
    change: (local) => renameSync(join(local, 'd'), join(local, 'n')),
    lost: /^RNTO .*n$/,
    meanwhile: remove('n'),
    here: OTHER,
    there: OTHER,
  },
  'push: a directory was made, and somebody put something into it': {
    direction: 'push',
    agreed: OTHER,
    change: write({ d: null }),
    lost: /^MKD .*d$/,
    meanwhile: (local, there) => {
      remove('d')(local);
      draw(there, { 'd/theirs.txt': 't' });
    },
    here: OTHER,
    there: { 'd/theirs.txt': 't', ...OTHER },
  },
  'push: a file was put in place, and somebody wrote over it': {
    direction: 'push',
    agreed: OTHER,
    change: write({ 'a.txt': 'a' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: (local, there) => {
      remove('a.txt')(local);
      draw(there, { 'a.txt': 'theirs' });
    },
    here: OTHER,
    there: { 'a.txt': 'theirs', ...OTHER },
  },
  'sync: a directory was made, and is gone here': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ d: null }),
    lost: /^MKD .*d$/,
    meanwhile: remove('d'),
    here: OTHER,
    there: OTHER,
  },
  'sync: a directory was not made, and is still here': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ d: null }),
    lost: /^MKD .*d$/,
    undone: true,
    meanwhile: () => {},
    here: { d: null, ...OTHER },
    there: { d: null, ...OTHER },
  },
  'sync: a directory was made, and removed there by somebody': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ d: null }),
    lost: /^MKD .*d$/,
    meanwhile: (_, there) => remove('d')(there),
    // Nobody can know: what is here stays.
    here: { d: null, ...OTHER },
    there: { d: null, ...OTHER },
  },
  'sync: a file was put in place, and is gone here': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ 'a.txt': 'a' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: remove('a.txt'),
    here: OTHER,
    there: OTHER,
  },
  'sync: a file was put in place, and has changed here since': {
    direction: 'sync',
    agreed: { 'a.txt': 'a' },
    change: write({ 'a.txt': 'changed' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: write({ 'a.txt': 'changed once more' }),
    here: { 'a.txt': 'changed once more' },
    there: { 'a.txt': 'changed once more' },
  },
  'sync: a file was not put in place, and is still here': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ 'a.txt': 'a' }),
    lost: /^RNTO .*a\.txt$/,
    undone: true,
    meanwhile: () => {},
    here: { 'a.txt': 'a', ...OTHER },
    there: { 'a.txt': 'a', ...OTHER },
  },
  'push: a file was not put in place of one of the same size and time': {
    direction: 'push',
    agreed: { 'a.txt': 'a1', ...OTHER },
    change: rewrite('a.txt', 'a2'),
    lost: /^RNTO .*a\.txt$/,
    undone: true,
    meanwhile: () => {},
    here: { 'a.txt': 'a2', ...OTHER },
    there: { 'a.txt': 'a2', ...OTHER },
  },
  'sync: a file was put in place of one of the same size and time, and was taken back here': {
    direction: 'sync',
    agreed: { 'a.txt': 'a1', ...OTHER },
    change: rewrite('a.txt', 'a2'),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: rewrite('a.txt', 'a1'),
    here: { 'a.txt': 'a1', ...OTHER },
    there: { 'a.txt': 'a1', ...OTHER },
  },
  'sync: a file was not put in place of one of the same size and time, and is gone here': {
    direction: 'sync',
    agreed: { 'a.txt': 'a1', ...OTHER },
    change: rewrite('a.txt', 'a2'),
    lost: /^RNTO .*a\.txt$/,
    undone: true,
    meanwhile: remove('a.txt'),
    here: OTHER,
    there: OTHER,
  },
  'sync: a file was put in place, and somebody wrote over it': {
    direction: 'sync',
    agreed: OTHER,
    change: write({ 'a.txt': 'a' }),
    lost: /^RNTO .*a\.txt$/,
    meanwhile: (local, there) => {
      remove('a.txt')(local);
      draw(there, { 'a.txt': 'theirs' });
    },
    here: { 'a.txt': 'theirs', ...OTHER },
    there: { 'a.txt': 'theirs', ...OTHER },
  },
  'sync: a file was renamed there, and got its old name back here': {
    direction: 'sync',
    agreed: { 'a.txt': 'a', ...OTHER },
    change: (local) => renameSync(join(local, 'a.txt'), join(local, 'b.txt')),
    lost: /^RNTO .*b\.txt$/,
    meanwhile: (local) => renameSync(join(local, 'b.txt'), join(local, 'a.txt')),
    here: { 'a.txt': 'a', ...OTHER },
    there: { 'a.txt': 'a', ...OTHER },
  },
  'sync: a folder was renamed there, and got its old name back here': {
    direction: 'sync',
    agreed: { 'd/a.txt': 'a', 'd/in/b.txt': 'b', ...OTHER },
    change: (local) => renameSync(join(local, 'd'), join(local, 'n')),
    lost: /^RNTO .*n$/,
    meanwhile: (local) => renameSync(join(local, 'n'), join(local, 'd')),
    here: { 'd/a.txt': 'a', 'd/in/b.txt': 'b', ...OTHER },
    there: { 'd/a.txt': 'a', 'd/in/b.txt': 'b', ...OTHER },
  },
  'sync: a file was removed there, and came back here as it was': {
    direction: 'sync',
    agreed: { 'a.txt': 'a', 'trash/t.txt': 't' },
    change: (local) => renameSync(join(local, 'a.txt'), `${local}-a.txt`),
    lost: /^DELE .*a\.txt$/,
    meanwhile: (local) => renameSync(`${local}-a.txt`, join(local, 'a.txt')),
    here: { 'a.txt': 'a', 'trash/t.txt': 't' },
    there: { 'a.txt': 'a', 'trash/t.txt': 't' },
  },
  'sync: a file was not removed there, and came back here as it was': {
    direction: 'sync',
    agreed: { 'a.txt': 'a', ...OTHER },
    change: (local) => renameSync(join(local, 'a.txt'), `${local}-a.txt`),
    lost: /^DELE .*a\.txt$/,
    undone: true,
    meanwhile: (local) => renameSync(`${local}-a.txt`, join(local, 'a.txt')),
    here: { 'a.txt': 'a', ...OTHER },
    there: { 'a.txt': 'a', ...OTHER },
  },
  'sync: a directory was removed there, and came back here': {
    direction: 'sync',
    agreed: { d: null, ...OTHER },
    change: remove('d'),
    lost: /^RMD .*d$/,
    meanwhile: write({ d: null }),
    here: { d: null, ...OTHER },
    there: { d: null, ...OTHER },
  },
};

test.each(Object.entries(CASES))('%s', async (_, one) => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const local = draw(emptyFolder(), one.agreed ?? {});
  const state = emptyFolder();
  const settings = job(server, local, {
    direction: one.direction,
    retries: 0,
    maxDelete: { percent: 100 },
    allowEmptySource: true,
  });
  if (one.agreed) expect((await perform(settings, state)).summary.exitCode).toBe(0);
  one.change(local);
  const fault: Fault = { on: one.lost, does: one.undone ? 'close' : 'lose the reply', forGood: true };
  server.arm([fault]);
  expect((await perform(settings, state)).summary.exitCode).toBeOneOf([3, 5]);
  server.disarm();
  one.meanwhile(local, there);
  const { summary } = await perform(settings, state);
  expect(summary.exitCode).toBe(0);
  expect(read(local)).toEqual(one.here);
  expect(read(there)).toEqual(one.there);
  // And so it stays.
  expect((await perform(settings, state)).done).toEqual([]);
});

test.each<[string, Fault, number]>([
  ['the reply was lost', { on: /^RNTO .*conflict-remote/, does: 'lose the reply', forGood: true }, 5],
  ['what is here was refused', { on: /^RNTO .*a\.txt$/, does: '553 not here', times: 9 }, 3],
])('sync: a conflict was put aside there, %s, and what was agreed on came back here', async (_, fault, exitCode) => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const [local, state] = [draw(emptyFolder(), { 'a.txt': 'agreed', ...OTHER }), emptyFolder()];
  const settings = job(server, local, { direction: 'sync', retries: 0, maxDelete: { percent: 100 } });
  await perform(settings, state);
  draw(local, { 'a.txt': 'changed here' });
  draw(there, { 'a.txt': 'changed there' });
  utimesSync(join(there, 'a.txt'), 1_000_000_000, 1_000_000_000);
  server.arm([fault]);
  expect((await perform(settings, state)).summary.exitCode).toBe(exitCode);
  server.disarm();
  draw(local, { 'a.txt': 'agreed' });
  expect((await perform(settings, state)).summary.exitCode).toBe(0);
  expect(read(local)['a.txt']).toBe('agreed');
  expect(Object.values(read(local)).sort()).toEqual(['agreed', 'changed there', 'o']);
  expect(read(there)).toEqual(read(local));
});

test('sync: a folder was renamed there, its new name lost once more, and got its old name back here', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const agreed = { 'd/a.txt': 'a', ...OTHER };
  const [local, state] = [draw(emptyFolder(), agreed), emptyFolder()];
  const settings = job(server, local, { direction: 'sync', retries: 1, maxDelete: { percent: 100 } });
  await perform(settings, state);
  renameSync(join(local, 'd'), join(local, 'n'));
  server.arm([
    { on: /^RNTO .*n$/, does: 'lose the reply' },
    // The repeated rename was refused, and nobody can be asked why.
    { on: /^MLST .*\/d$/, does: 'close', forGood: true },
  ]);
  expect((await perform(settings, state)).summary.exitCode).toBe(5);
  server.disarm();
  renameSync(join(local, 'n'), join(local, 'd'));
  expect((await perform(settings, state)).summary.exitCode).toBe(0);
  expect(read(local)).toEqual(agreed);
  expect(read(there)).toEqual(agreed);
});

test('sync: a file made way for a folder that was refused, and came back here', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const agreed = { p: 'agreed', ...OTHER };
  const [local, state] = [draw(emptyFolder(), agreed), emptyFolder()];
  const settings = job(server, local, { direction: 'sync', retries: 0, maxDelete: { percent: 100 } });
  await perform(settings, state);
  remove('p')(local);
  draw(local, { 'p/in.txt': 'i' });
  server.arm([{ on: /^MKD .*p$/, does: '550 not here', times: 9 }]);
  expect((await perform(settings, state)).summary.exitCode).toBe(3);
  server.disarm();
  remove('p')(local);
  draw(local, agreed);
  expect((await perform(settings, state)).summary.exitCode).toBe(0);
  expect(read(local)).toEqual(agreed);
  expect(read(there)).toEqual(agreed);
});

const VICTIM = join(import.meta.dirname, '../faults/torture/children/victim.mjs');

test.each([
  ['made a directory', 'lane.makeDirectory after', { d: null }, 'd'],
  ['put a file in place', 'lane.rename after', { 'a.txt': 'a' }, 'a.txt'],
])('killed as soon as the server has %s, which is gone here by the next run', async (_, at, drawing, path) => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const there = join(server.root, 'site');
  mkdirSync(there);
  const [local, state] = [draw(emptyFolder(), OTHER), emptyFolder()];
  const settings = job(server, local);
  await perform(settings, state);
  draw(local, drawing);
  const plain = { ...settings, server: { ...settings.server, password: server.password } };
  const spec = JSON.stringify({ job: plain, state, at, nth: 1 });
  const [, signal] = await once(spawn(process.execPath, [VICTIM, spec], { stdio: 'ignore' }), 'exit');
  expect(signal).toBe('SIGKILL');
  expect(read(there)).toHaveProperty([path]);
  remove(path)(local);
  expect((await perform(settings, state)).summary.exitCode).toBe(0);
  expect(read(there)).toEqual(OTHER);
});
