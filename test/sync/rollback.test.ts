/** Kept versions, and the way back to what the last release replaced. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { rollback } from '../../src/sync/index.ts';
import { checkout, deploy } from '../builders/checkout.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { lyingServer } from '../faults/lying-server.ts';
import { type AnyServer, start } from '../servers/every-server.ts';

const ONE = { 'index.html': 'page 1', 'css/site.css': 'css', 'old/gone.txt': 'gone', 'same.txt': 'same' };
const TWO = { 'index.html': 'page 2', 'css/site.css': 'CSS', 'js/new/app.js': 'app', 'same.txt': 'same' };

let server: AnyServer;
beforeAll(async () => {
  server = await start({ name: 'ours', tls: 'none' });
});
afterAll(() => server.stop());
beforeEach(() => rmSync(join(server.root, 'site'), { recursive: true, force: true }));

function site(): Drawing {
  return Object.fromEntries(
    Object.entries(read(join(server.root, 'site'))).filter(([path]) => !path.startsWith('.ferry')),
  );
}
const kept = () => {
  const all = read(join(server.root, 'site/.ferry/versions'));
  return Object.values(
    Object.fromEntries(Object.entries(all).filter(([path, content]) => !path.endsWith('.json') && content !== null)),
  );
};
const releases = () => readdirSync(join(server.root, 'site/.ferry/versions')).filter((name) => name.endsWith('.json'));

describe.each([
  ['direct', 'remote'],
  ['staged', 'remote'],
  ['direct', 'local'],
] as const)('a %s release, remembered at the %s side', (release, state) => {
  const changes = { release, state, keepVersions: 3, order: ['index.html'], retries: 0 };
  const base = () => (state === 'local' ? emptyFolder() : undefined);
  /** Where the memory is here, the checkout has to be, too. */
  const machine = () => {
    const [stateBase, folder] = [base(), checkout({})];
    const push = async (drawing: Drawing, options: Parameters<typeof deploy>[3] = {}) => {
      if (stateBase === undefined) return deploy(server, drawing, changes, options);
      rmSync(folder, { recursive: true });
      const { mkdirSync, renameSync } = await import('node:fs');
      mkdirSync(folder);
      renameSync(checkout(drawing), folder);
      return perform(job(server, folder, changes), stateBase, options);
    };
    return push;
  };

  it('keeps what it replaces and deletes, and gives it back', async () => {
    const push = machine();
    await push(ONE);
    const second = await push(TWO);
    expect(second.summary).toMatchObject({ exitCode: 0, uploaded: 3, deleted: 2 });
    expect(site()).toEqual(TWO);
    expect(kept().sort()).toEqual(['css', 'gone', 'page 1']);
    const planned = await push(TWO, { verb: rollback, dryRun: true });
    expect(planned.plan?.actions).toHaveLength(4);
    expect(site()).toEqual(TWO);
    const back = await push(TWO, { verb: rollback });
    expect(back.summary).toMatchObject({ exitCode: 0, renamed: 3, deleted: 1, bytesSent: 0, bytesReceived: 0 });
    expect(site()).toEqual(ONE);
    // What goes is kept in turn, and forward is a push as any other.
    expect(kept()).toEqual(expect.arrayContaining(['CSS', 'page 2', 'app']));
    const forward = await push(TWO);
    expect(forward.summary).toMatchObject({ exitCode: 0, uploaded: 3 });
    expect(site()).toEqual(TWO);
  });

  it('leaves alone what was touched since, and says so', async () => {
    const push = machine();
    await push(ONE);
    await push(TWO);
    writeFileSync(join(server.root, 'site/index.html'), 'by hand');
    writeFileSync(join(server.root, 'site/js/new/app.js'), 'by hand, too');
    const back = await push(TWO, { verb: rollback });
    expect(back.summary).toMatchObject({ exitCode: 3, renamed: 2, deleted: 0 });
    expect(back.problems.map((problem) => problem.split(':')[0]).sort()).toEqual(['index.html', 'js/new/app.js']);
    expect(site()).toEqual({ ...ONE, 'index.html': 'by hand', 'js/new/app.js': 'by hand, too' });
  });
});

describe('kept versions', () => {
  const changes = { keepVersions: 2, retries: 0 };

  it('are those of the newest releases', async () => {
    for (const page of ['a', 'b', 'c', 'd', 'e']) await deploy(server, { 'x/index.html': page, 'y.txt': 'y' }, changes);
    expect(releases()).toHaveLength(2);
    expect(kept().sort()).toEqual(['c', 'd']);
    // Nothing to do: nothing is kept, and nothing goes.
    await deploy(server, { 'x/index.html': 'e', 'y.txt': 'y' }, changes);
    expect(kept().sort()).toEqual(['c', 'd']);
  });

  it('give back one release after another, and then say that there is none', async () => {
    for (const page of ['a', 'b', 'c']) await deploy(server, { 'index.html': page }, { ...changes, keepVersions: 9 });
    for (const page of ['b', 'a']) {
      expect((await deploy(server, {}, { ...changes, keepVersions: 9 }, { verb: rollback })).summary.exitCode).toBe(0);
      expect(site()).toEqual({ 'index.html': page });
    }
    // The first of all only added: with it everything goes.
    expect((await deploy(server, {}, { ...changes, keepVersions: 9 }, { verb: rollback })).summary.exitCode).toBe(0);
    expect(site()).toEqual({});
    const none = await deploy(server, {}, { ...changes, keepVersions: 9 }, { verb: rollback });
    expect(none.summary).toMatchObject({ exitCode: 2 });
    expect(none.summary.message).toMatch(/rolled back already/);
  });

  it('of older releases outlive a rollback', async () => {
    for (const page of ['a', 'b', 'c']) await deploy(server, { 'index.html': page }, changes);
    const first = await deploy(server, {}, changes, { verb: rollback });
    expect(first.events[0]).toMatchObject({ type: 'start', verb: 'rollback' });
    expect(site()).toEqual({ 'index.html': 'b' });
    expect((await deploy(server, {}, changes, { verb: rollback })).summary.exitCode).toBe(0);
    expect(site()).toEqual({ 'index.html': 'a' });
  });

  it('are gone on with where a rollback was cut off', async () => {
    await deploy(server, { 'a.txt': 'a1', 'b.txt': 'b1' }, changes);
    await deploy(server, { 'a.txt': 'A2', 'b.txt': 'B2' }, changes);
    await deploy(server, {}, changes, { verb: rollback });
    expect(site()).toEqual({ 'a.txt': 'a1', 'b.txt': 'b1' });
    // As a kill would leave it: noted as begun, one file not back yet.
    const { readFileSync, renameSync } = await import('node:fs');
    const [last, release] = releases().sort().reverse();
    const at = (...parts: string[]) => join(server.root, 'site', ...parts);
    const file = at('.ferry/versions', last!);
    writeFileSync(file, readFileSync(file, 'utf8').replace(',"ended":true', ''));
    renameSync(at('b.txt'), at('.ferry/versions', release!.slice(0, 16), 'b.txt'));
    renameSync(at('.ferry/versions', last!.slice(0, 16), 'b.txt'), at('b.txt'));
    expect(site()).toEqual({ 'a.txt': 'a1', 'b.txt': 'B2' });
    const again = await deploy(server, {}, changes, { verb: rollback });
    expect(again.problems).toEqual([]);
    expect(site()).toEqual({ 'a.txt': 'a1', 'b.txt': 'b1' });
  });

  it('are refused where their manifest leads out of the folder', async () => {
    await deploy(server, { 'index.html': 'a' }, changes);
    await deploy(server, { 'index.html': 'b' }, changes);
    const [name] = releases().sort().reverse();
    const file = join(server.root, 'site/.ferry/versions', name!);
    const { readFileSync } = await import('node:fs');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"index.html"', '"../index.html"'));
    const refused = await deploy(server, {}, changes, { verb: rollback });
    expect(refused.summary).toMatchObject({ exitCode: 4 });
    expect(refused.summary.message).toMatch(/cannot be used.*Nothing was changed/);
    writeFileSync(file, '{"version":1');
    expect((await deploy(server, {}, changes, { verb: rollback })).summary.exitCode).toBe(4);
    expect(site()).toEqual({ 'index.html': 'b' });
  });

  it('are kept, or nothing is replaced', async () => {
    await deploy(server, ONE, { retries: 0 });
    writeFileSync(join(server.root, 'site/.ferry/versions'), 'in the way');
    const { summary } = await deploy(server, TWO, changes);
    expect(summary).toMatchObject({ exitCode: 4, uploaded: 0, deleted: 0 });
    expect(summary.message).toMatch(/old versions cannot be kept .*Nothing was changed/);
    expect(site()).toEqual(ONE);
  });

  it('are none without keepVersions, and rollback says what to do', async () => {
    await deploy(server, ONE, { retries: 0 });
    await deploy(server, TWO, { retries: 0 });
    expect(() => releases()).toThrow();
    const none = await deploy(server, {}, { retries: 0 }, { verb: rollback });
    expect(none.summary).toMatchObject({ exitCode: 2 });
    expect(none.summary.message).toMatch(/keepVersions/);
  });
});

it('takes nothing back where a cut listing may hide the last release', async () => {
  const lying = await lyingServer();
  onTestFinished(() => lying.stop());
  const changes = { keepVersions: 3, retries: 0 };
  await deploy(lying, ONE, changes);
  const second = { ...ONE, 'index.html': 'page 2' };
  await deploy(lying, second, changes);
  const newest = readdirSync(join(lying.root, 'site/.ferry/versions'))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1)!;
  const hides = (all: string) =>
    all
      .split('\r\n')
      .filter((line) => !line.endsWith(newest))
      .join('\r\n');
  lying.lie({ on: (all) => all.includes(newest), tells: hides, reply: () => '226 Listing truncated' });
  const { summary } = await deploy(lying, second, changes, { verb: rollback });
  expect(lying.lied).toBeGreaterThan(0);
  expect(summary).toMatchObject({ deleted: 0, renamed: 0, message: expect.stringMatching(/versions.*run again/) });
  expect(summary.exitCode).toBe(4);
  expect(read(join(lying.root, 'site'))).toMatchObject(second);
  lying.lie(undefined);
  expect((await deploy(lying, second, changes, { verb: rollback })).summary).toMatchObject({ exitCode: 0, renamed: 1 });
  expect(read(join(lying.root, 'site'))).toMatchObject(ONE);
});
