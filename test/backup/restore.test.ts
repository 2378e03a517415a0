/** Files come back as they were: whole, verified, and never over others. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RestoreOptions, restore } from '../../src/backup/index.ts';
import { holding } from '../../src/backup/target.ts';
import { openLocal } from '../../src/local/index.ts';
import type { RunEventBody } from '../../src/model/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { temporaries } from '../faults/ordeal.ts';
import { type AnyServer, start } from '../servers/every-server.ts';
import { type Scene, sceneOf } from './scene.ts';

const ODD = 'a b/ünïcode "x" \t #1.txt';
const ONE = { 'index.html': 'page 1', 'css/site.css': 'css', [ODD]: 'odd', 'gone.txt': 'gone', 'css/deep/empty': null };
const TWO = { 'index.html': 'page 2', 'css/site.css': 'css', [ODD]: 'odd', 'css/deep/empty': null };

let server: AnyServer;
beforeAll(async () => {
  server = await start({ name: 'ours', tls: 'none' });
});
afterAll(() => server.stop());

let scene: Scene;
let to: string;
let stateBase: string;
/** Two snapshots: one of 1 November, one of the 2nd. */
beforeEach(async () => {
  const remote = join(server.root, 'site');
  rmSync(remote, { recursive: true, force: true });
  draw(remote, ONE);
  scene = sceneOf(server);
  await scene.back();
  rmSync(join(remote, 'gone.txt'));
  draw(remote, TWO);
  await scene.back();
  to = join(emptyFolder(), 'back');
  stateBase = emptyFolder();
});

async function bring(options: Partial<RestoreOptions> = {}) {
  const events: RunEventBody[] = [];
  const tell = (event: RunEventBody) => void events.push(event);
  const signal = new AbortController().signal;
  const summary = await restore(scene.settings(), { tell, signal, paths: [], to, stateBase, ...options });
  const problems = events.flatMap((event) => (event.type === 'problem' ? [`${event.path}: ${event.message}`] : []));
  return { summary, problems };
}

describe('a restore', () => {
  it('brings everything back as of the newest snapshot, with its times', async () => {
    expect((await bring()).summary).toMatchObject({ exitCode: 0, downloaded: 3, snapshot: scene.names()[1] });
    expect(read(to)).toEqual(TWO);
    const stored = statSync(scene.at(scene.names()[1]!, 'index.html'));
    expect(Math.floor(statSync(join(to, 'index.html')).mtimeMs)).toBe(Math.floor(stored.mtimeMs));
    // Its own file: to edit it is to edit no snapshot.
    expect(statSync(join(to, 'index.html')).ino).not.toBe(stored.ino);
  });

  it('brings back what was there at a time', async () => {
    expect((await bring({ asOf: Date.parse('2026-11-01T23:59:59Z') })).summary.exitCode).toBe(0);
    expect(read(to)).toEqual(ONE);
  });

  it('brings back single paths, whatever their names are, and folders', async () => {
    await bring({ paths: [ODD, './css/', '/index.html'] });
    expect(read(to)).toEqual(TWO);
    rmSync(to, { recursive: true });
    await bring({ paths: ['css/deep'] });
    expect(read(to)).toEqual({ 'css/deep/empty': null });
  });

  it('names the snapshot that has what this one lacks', async () => {
    const { summary, problems } = await bring({ paths: ['gone.txt', 'index.html', 'never.txt'] });
    expect(summary).toMatchObject({ exitCode: 3, downloaded: 1 });
    expect(problems).toEqual([
      expect.stringMatching(/^gone\.txt: it is not in .*20261101T020000Z has it: --snapshot 20261101T020000Z$/),
      expect.stringMatching(/^never\.txt: it is not in the snapshot 20261102T020000Z$/),
    ]);
    await bring({ paths: ['gone.txt'], snapshot: '20261101T020000Z' });
    expect(readFileSync(join(to, 'gone.txt'), 'utf8')).toBe('gone');
  });

  it('writes over nothing that is another file, unless asked to', async () => {
    draw(to, { 'index.html': 'mine', 'css/site.css': 'css', 'a b': null });
    const { summary, problems } = await bring();
    expect(summary).toMatchObject({ exitCode: 3, downloaded: 1, unchanged: 1 });
    expect(problems).toEqual([expect.stringMatching(/^index\.html: another file.*--overwrite/)]);
    expect(readFileSync(join(to, 'index.html'), 'utf8')).toBe('mine');
    expect((await bring({ overwrite: true })).summary).toMatchObject({ exitCode: 0, downloaded: 1, unchanged: 2 });
    expect(read(to)).toEqual(TWO);
  });

  it('brings back no file that is damaged or missing, and all others', async () => {
    const [, two] = scene.names();
    writeFileSync(scene.at(two!, 'index.html'), 'rotten');
    rmSync(scene.at(two!, ODD));
    const { summary, problems } = await bring();
    expect(summary).toMatchObject({ exitCode: 3, downloaded: 1 });
    expect(problems.sort()).toEqual([
      expect.stringMatching(/^a b.*it is missing in the snapshot/s),
      expect.stringMatching(/^index\.html: the stored file is damaged/),
    ]);
    expect(existsSync(join(to, 'index.html'))).toBe(false);
    expect(temporaries(to)).toEqual([]);
  });

  it('leaves a folder alone that another restore is bringing files to', async () => {
    const target = await openLocal(to, { create: true });
    await holding(target, { job: 'other', stateBase, paths: [] }, async () => {
      const { summary } = await bring();
      expect(summary).toMatchObject({
        exitCode: 6,
        message: expect.stringMatching(/another restore into .*back.*process/),
      });
      expect(read(to)).toEqual({});
    });
    expect((await bring()).summary.exitCode).toBe(0);
  });

  it('removes what one that was killed left of the same files, and nothing else', async () => {
    draw(to, {
      '.index.html.0123abcd.ferry': 'half',
      'css/.site.css.0123abcd.ferry': 'half',
      '.mine.0123abcd.ferry': 'x',
    });
    expect((await bring()).summary.exitCode).toBe(0);
    expect(read(to)).toEqual({ ...TWO, '.mine.0123abcd.ferry': 'x' });
  });

  it('needs no folder for what this machine remembers', async () => {
    writeFileSync(join(stateBase, 'file'), '');
    expect((await bring({ stateBase: join(stateBase, 'file') })).summary.exitCode).toBe(0);
    expect(read(to)).toEqual(TWO);
  });

  it('goes by no manifest that is damaged', async () => {
    const file = scene.at(scene.names()[1]!, '.ferry/manifest.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"css/site.css"', '"../site.css"'));
    expect((await bring()).summary).toMatchObject({ exitCode: 3, message: expect.stringMatching(/cannot be used/) });
    expect(existsSync(to)).toBe(false);
  });

  it('is refused among the snapshots, and where there is none of that name or time', async () => {
    await expect(bring({ to: scene.at('back') })).rejects.toThrow(/in the folder of the snapshots/);
    await expect(bring({ to: scene.home })).rejects.toThrow(/in the folder of the snapshots/);
    await expect(bring({ snapshot: '20200101T000000Z' })).rejects.toThrow(/ferry snapshots test/);
    await expect(bring({ asOf: 0 })).rejects.toThrow(/the oldest one is 20261101T020000Z/);
    await expect(bring({ paths: ['../x'] })).resolves.toMatchObject({ summary: { exitCode: 2 } });
  });

  it('writes nothing in a dry run', async () => {
    expect((await bring({ dryRun: true })).summary.exitCode).toBe(0);
    expect(existsSync(to)).toBe(false);
  });
});
