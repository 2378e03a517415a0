/** A folder whose files go away once the server holds them. */
import { appendFileSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig, processSurroundings, resolveJob } from '../../src/config/index.ts';
import type { JobSettings } from '../../src/config/settings.ts';
import { apply, plan } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { startWatch } from '../builders/watching.ts';
import { start } from '../servers/every-server.ts';

const HOT: Partial<JobSettings> = { delete: 'none', allowEmptySource: true };
const DELETE: Partial<JobSettings> = { ...HOT, after: { move: null } };
const MOVE: Partial<JobSettings> = { ...HOT, after: { move: 'sent' }, exclude: ['/sent/'] };

async function hotFolder(drawing: Drawing, changes: Partial<JobSettings>) {
  const server = await start({ name: 'ours', tls: 'none' });
  mkdirSync(join(server.root, 'site'));
  onTestFinished(() => server.stop());
  const local = draw(emptyFolder(), drawing);
  return {
    server,
    local,
    there: join(server.root, 'site'),
    state: emptyFolder(),
    settings: job(server, local, changes),
  };
}

const SCANS: Drawing = { 'one.pdf': 'first', 'in/two.pdf': 'second' };

describe('after a run', () => {
  test('what was sent is deleted here, and stays there', async () => {
    const { local, there, state, settings } = await hotFolder(SCANS, DELETE);
    const { summary } = await perform(settings, state);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 2, deleted: 0 });
    expect(read(local)).toEqual({ in: null });
    expect(read(there)).toEqual(SCANS);
    // Empty is how it is meant to be.
    expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, deleted: 0 });
    draw(local, { 'three.pdf': 'third' });
    expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(read(there)).toEqual({ ...SCANS, 'three.pdf': 'third' });
  });

  test('or moved, and a namesake gets a number', async () => {
    const { local, there, state, settings } = await hotFolder(SCANS, MOVE);
    await perform(settings, state);
    draw(local, { 'one.pdf': 'another first' });
    await perform(settings, state);
    expect(read(local)).toEqual({
      in: null,
      'sent/one.pdf': 'first',
      'sent/one.2.pdf': 'another first',
      'sent/in/two.pdf': 'second',
    });
    expect(read(there)).toEqual({ ...SCANS, 'one.pdf': 'another first' });
  });

  test('a saved plan takes away what it sent, and what it does not name stays', async () => {
    const { local, there, state, settings } = await hotFolder(SCANS, MOVE);
    const { plan: made } = await perform(settings, state, { verb: plan });
    draw(local, { 'three.pdf': 'third' });
    const { summary } = await perform(settings, state, { verb: (of, options) => apply(of, made!, options) });
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 2 });
    expect(read(there)).toEqual(SCANS);
    expect(read(local)).toEqual({
      'three.pdf': 'third',
      in: null,
      'sent/one.pdf': 'first',
      'sent/in/two.pdf': 'second',
    });
  });

  test('never through a link', async () => {
    const { local, there, state, settings } = await hotFolder(SCANS, MOVE);
    const elsewhere = emptyFolder();
    symlinkSync(elsewhere, join(local, 'sent'));
    const { summary, problems } = await perform(settings, state);
    expect(summary.exitCode).toBe(3);
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(/one\.pdf: it was sent, but/)]));
    expect(read(elsewhere)).toEqual({});
    expect(read(there)).toEqual(SCANS);
  });

  test('what changed while it was sent stays until the new content is there', async () => {
    const { local, there, state, settings } = await hotFolder({ 'a.log': 'a', 'big.bin': 'x'.repeat(300_000) }, DELETE);
    let grown = false;
    await perform(settings, state, {
      tell: (event) => {
        if (grown || event.type !== 'action' || event.path !== 'a.log' || event.status !== 'done') return;
        grown = true;
        appendFileSync(join(local, 'a.log'), 'more');
      },
    });
    expect(read(local)).toEqual({ 'a.log': 'amore' });
    await perform(settings, state);
    expect(read(local)).toEqual({});
    expect(read(there)['a.log']).toBe('amore');
  });

  test('a namesake of the same size on the server is no proof', async () => {
    const { local, there, state, settings } = await hotFolder({ 'a.bin': 'mine!' }, { ...DELETE, compare: 'size' });
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, 'a.bin'), 'other');
    await perform(settings, state);
    expect(read(local)).toEqual({ 'a.bin': 'mine!' });
  });

  test('what a run that was killed had sent is taken away by the next one', async () => {
    const { local, there, state, settings } = await hotFolder(SCANS, DELETE);
    // As after a kill: both sides hold it, and nothing is remembered.
    draw(there, SCANS);
    for (const file of Object.keys(SCANS)) for (const side of [local, there]) utimesSync(join(side, file), 5e8, 5e8);
    const { summary } = await perform(settings, state);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 0 });
    expect(read(local)).toEqual({ in: null });
    expect(read(there)).toEqual(SCANS);
  });
});

test('a watch takes what comes, and nothing comes back', async () => {
  const { local, there, state, settings } = await hotFolder({}, { ...MOVE });
  const watching = startWatch(settings, state);
  await watching.atRest();
  for (let n = 0; n < 5; n++) {
    draw(local, { [`scan ${n}.pdf`]: `content ${n}` });
    await watching.until(() => read(local)[`sent/scan ${n}.pdf`] === `content ${n}`);
  }
  await watching.atRest();
  expect(Object.keys(read(there))).toHaveLength(5);
  expect(Object.keys(read(local)).every((path) => path.startsWith('sent/'))).toBe(true);
  expect(watching.done().filter((done) => done.startsWith('upload'))).toHaveLength(5);
});

describe('the configuration', () => {
  const config = (job: object) =>
    JSON.stringify({ jobs: { hot: { direction: 'push', local: 'in', server: 'ftp://me@host', ...job } } });
  const settled = async (job: object) => {
    const { jobs = {} } = parseConfig(config(job), 'c.json');
    const whole = {
      file: 'c.json',
      folder: '/',
      exposed: false,
      servers: new Map(),
      jobs: new Map(Object.entries(jobs)),
    };
    return resolveJob(whole, 'hot', { surroundings: { ...processSurroundings(), env: {} } });
  };

  test('nothing is deleted on the server, and the folder for what was sent is left out', async () => {
    expect(await settled({ after: { move: './sent files/' } })).toMatchObject({
      after: { move: 'sent files' },
      delete: 'none',
      exclude: ['/sent\\ files/'],
    });
    expect(await settled({ after: 'delete' })).toMatchObject({ after: { move: null }, delete: 'none' });
  });

  test.each([
    [{ after: { move: '../elsewhere' } }, /after\.move.*\.\./s],
    [{ after: { move: './' } }, /the local folder itself/],
    [{ after: 'delete', state: 'remote' }, /\.state.*this machine remembers/s],
    [{ after: 'delete', delete: 'all' }, /nothing may be deleted on the server/],
    [{ after: 'delete', direction: 'pull' }, /this is for a push/],
    [{ after: 'remove' }, /"delete", or an object with move/],
  ])('%j is refused', (job, why) => {
    expect(() => parseConfig(config(job), 'c.json')).toThrow(why);
  });
});
