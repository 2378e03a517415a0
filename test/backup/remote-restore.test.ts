/** What pushes replaced and deleted on a server comes back as of a date, whatever was let go in between. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { pruneRemote, type RemoteRestoreOptions, remoteStates, restoreFromServer } from '../../src/backup/index.ts';
import { holding } from '../../src/backup/target.ts';
import type { JobSettings } from '../../src/config/settings.ts';
import { openLocal } from '../../src/local/index.ts';
import { LockError, type RunEventBody, toRelPath } from '../../src/model/index.ts';
import { disk, FtpServer } from '../../src/server/index.ts';
import { lockJob, rollback, run } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { temporaries } from '../faults/ordeal.ts';
import { scriptedServer } from '../faults/scripted-server.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const ODD = 'a b/ünïcode "x" #1.txt';
const signal = new AbortController().signal;
const at = (text: string) => Date.parse(text);

/** A job, its machine, and the days on which it pushes. */
class Scene {
  readonly server: AnyServer;
  readonly folder = emptyFolder();
  readonly stateBase = emptyFolder();
  readonly to = join(emptyFolder(), 'back');
  readonly changes: Partial<JobSettings>;

  constructor(server: AnyServer, changes: Partial<JobSettings>) {
    this.server = server;
    this.changes = changes;
  }

  get settings(): JobSettings {
    return job(this.server, this.folder, { retries: 0, ...this.changes });
  }

  remote(...parts: string[]): string {
    return join(this.server.root, 'site', ...parts);
  }

  /** Each version has a time of its own, as servers that tell minutes only would not see it otherwise. */
  async push(time: string, drawing: Drawing, verb: typeof run = run) {
    vi.setSystemTime(at(time));
    rmSync(this.folder, { recursive: true, force: true });
    draw(this.folder, drawing);
    const mtime = at(time) / 1000 - 3600;
    for (const [path, content] of Object.entries(drawing))
      if (content !== null) utimesSync(join(this.folder, path), mtime, mtime);
    const done = await perform(this.settings, this.stateBase, { verb });
    expect(done.problems).toEqual([]);
    expect(done.summary.exitCode).toBe(0);
    return done;
  }

  async restore(options: Partial<RemoteRestoreOptions> = {}) {
    const events: RunEventBody[] = [];
    const tell = (event: RunEventBody) => void events.push(event);
    const { stateBase, to } = this;
    const summary = await restoreFromServer(this.settings, { tell, signal, stateBase, paths: [], to, ...options });
    const problems = events.flatMap((event) => (event.type === 'problem' ? [`${event.path}: ${event.message}`] : []));
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    return { summary, problems, warnings, events };
  }

  /** Everything as of a time, into a folder of its own. */
  async asOf(time: string): Promise<Drawing> {
    const to = join(emptyFolder(), 'then');
    const { summary, problems } = await this.restore({ asOf: at(time), to });
    expect(problems).toEqual([]);
    expect(summary.exitCode).toBe(0);
    return read(to);
  }

  get names(): string[] {
    return readdirSync(this.remote('.ferry/versions')).sort();
  }

  states() {
    return remoteStates(this.settings, { tell: () => {}, signal, stateBase: this.stateBase });
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const PAGES = {
  monday9: { 'index.html': 'page 1', 'css/site.css': 'css', [ODD]: 'odd', 'old/gone.txt': 'gone', '.htaccess': 'deny' },
  monday18: { 'index.html': 'page 2', 'css/site.css': 'css', [ODD]: 'odd 2', '.htaccess': 'deny' },
  tuesday9: { 'index.html': 'page 3', 'css/site.css': 'CSS', [ODD]: 'odd 2', 'js/app.js': 'app' },
  tuesday18: { 'index.html': 'page 4', 'css/site.css': 'CSS', 'js/app.js': 'APP!', old: 'a file now' },
  wednesday: { 'index.html': 'page 5', 'css/site.css': 'CSS', 'js/app.js': 'APP!' },
};

describe.each(variants(['none']))('on $title', (variant) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(() => server.stop());
  beforeEach(() => rmSync(join(server.root, 'site'), { recursive: true, force: true }));

  it('everything comes back as it was at any time, and what the rules let go as it was before', async () => {
    const scene = new Scene(server, { backup: {} });
    await scene.push('2026-11-02T09:00:00Z', PAGES.monday9);
    await scene.push('2026-11-02T18:00:00Z', PAGES.monday18);
    await scene.push('2026-11-03T09:00:00Z', PAGES.tuesday9);
    await scene.push('2026-11-03T18:00:00Z', PAGES.tuesday18);
    await scene.push('2026-11-04T09:00:00Z', PAGES.wednesday);
    expect(await scene.asOf('2026-11-02T12:00:00Z')).toEqual(PAGES.monday9);
    expect(await scene.asOf('2026-11-03T08:59:59Z')).toEqual(PAGES.monday18);
    expect(await scene.asOf('2026-11-03T10:00:00Z')).toEqual(PAGES.tuesday9);
    expect(await scene.asOf('2026-11-03T23:59:59Z')).toEqual(PAGES.tuesday18);
    expect(await scene.asOf('2026-11-05T00:00:00Z')).toEqual(PAGES.wednesday);
    const first = await scene.restore({ asOf: at('2026-01-01T00:00:00Z') });
    expect(first.summary).toMatchObject({ exitCode: 0, downloaded: 0 });
    expect(first.warnings.join()).toMatch(/nobody knows since when: this is how it was before 20261102T090000Z/);

    const daily = new Scene(server, { backup: { keep: { daily: 3 } } });
    const { states, failures } = await pruneRemote(daily.settings, {
      tell: () => {},
      signal,
      stateBase: daily.stateBase,
    });
    expect(failures).toEqual([]);
    expect(states.filter(({ stays }) => !stays).map(({ since }) => since)).toEqual([
      undefined,
      '20261102T090000Z',
      '20261103T090000Z',
    ]);
    expect(daily.names).toEqual([
      '20261103T090000Z',
      expect.stringMatching(/^20261103T090000Z-20261103T180000Z\.[0-9a-f]{8}\.json$/),
      '20261104T090000Z',
      expect.stringMatching(/^20261104T090000Z\.[0-9a-f]{8}\.json$/),
    ]);
    expect(await daily.asOf('2026-11-02T23:00:00Z')).toEqual(PAGES.monday18);
    expect(await daily.asOf('2026-11-03T23:00:00Z')).toEqual(PAGES.tuesday18);
    expect(await daily.asOf('2026-11-04T23:00:00Z')).toEqual(PAGES.wednesday);
    // What was there at noon on Tuesday has gone: the newest before it comes, and that is said.
    const noon = await daily.restore({ asOf: at('2026-11-03T12:00:00Z') });
    expect(noon.summary).toMatchObject({ exitCode: 0, snapshot: '20261102T180000Z' });
    expect(noon.warnings.join()).toMatch(/no longer kept; this is how it was until 20261103T090000Z/);
    expect(read(daily.to)).toEqual(PAGES.monday18);
    await expect(daily.restore({ asOf: at('2026-11-02T12:00:00Z') })).rejects.toThrow(
      /nothing of test is kept of 2026-11-02 12:00 UTC: the oldest is of 20261102T180000Z/,
    );
  });
});

describe('a restore from what pushes kept', () => {
  let server: AnyServer;
  let scene: Scene;
  beforeAll(async () => {
    server = await start({ name: 'ours', tls: 'none' });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    rmSync(join(server.root, 'site'), { recursive: true, force: true });
    scene = new Scene(server, { backup: {} });
  });

  const twoDays = async () => {
    await scene.push('2026-11-02T09:00:00Z', PAGES.monday9);
    await scene.push('2026-11-03T09:00:00Z', PAGES.tuesday9);
  };
  const monday = { asOf: at('2026-11-02T12:00:00Z') };

  it('brings one file, or a folder, under its own path and with its time', async () => {
    await twoDays();
    const one = await scene.restore({ ...monday, paths: [toRelPath(ODD)] });
    expect(one.summary).toMatchObject({ exitCode: 0, downloaded: 1, snapshot: '20261102T090000Z' });
    expect(read(scene.to)).toEqual({ [ODD]: 'odd' });
    expect(statSync(join(scene.to, ODD)).mtimeMs).toBe(at('2026-11-02T08:00:00Z'));
    const folders = await scene.restore({ ...monday, paths: [toRelPath('old'), toRelPath('css')] });
    expect(folders.summary).toMatchObject({ exitCode: 0, downloaded: 2 });
    expect(read(scene.to)).toEqual({ [ODD]: 'odd', 'old/gone.txt': 'gone', 'css/site.css': 'css' });
    const done = folders.events.filter((event) => event.type === 'action' && event.status === 'done');
    expect(done).toContainEqual(expect.objectContaining({ action: 'restore', path: 'old/gone.txt' }));
    const none = await scene.restore({ ...monday, paths: [toRelPath('nowhere')] });
    expect(none.summary.exitCode).toBe(3);
    expect(none.problems).toEqual(['nowhere: it was not there']);
    // It came later.
    expect((await scene.restore({ ...monday, paths: [toRelPath('js/app.js')] })).problems).toEqual([]);
    expect(existsSync(join(scene.to, 'js'))).toBe(false);
  });

  it('works where the local folder, and all that was remembered, are gone', async () => {
    await twoDays();
    rmSync(scene.folder, { recursive: true });
    const elsewhere = { stateBase: emptyFolder(), to: scene.to, ...monday };
    expect((await scene.restore(elsewhere)).summary.exitCode).toBe(0);
    expect(read(scene.to)).toEqual(PAGES.monday9);
  });

  it.each([1, 3])(
    'takes the locks that a push takes, with %d connections, and gives them back',
    async (connections) => {
      const locking = { backup: { keep: { last: 1 } }, serverLock: { staleAfter: 60_000 } };
      scene = new Scene(server, { ...locking, server: { ...scene.settings.server, connections } });
      await twoDays();
      const { summary } = await scene.restore(monday);
      expect(summary).toMatchObject({ exitCode: 0, downloaded: 5 });
      expect(read(scene.to)).toEqual(PAGES.monday9);
      const options = { tell: () => {}, signal, stateBase: scene.stateBase };
      const lock = await lockJob(scene.settings, scene.stateBase);
      const refused = await scene.restore(monday);
      expect(refused.summary.exitCode).toBe(6);
      await expect(pruneRemote(scene.settings, options)).rejects.toThrow(LockError);
      // To look only is nobody's business.
      expect((await pruneRemote(scene.settings, { ...options, dryRun: true })).failures).toEqual([]);
      expect(await scene.states()).toHaveLength(2);
      await lock.release();
      expect((await pruneRemote(scene.settings, options)).failures).toEqual([]);
      expect(readdirSync(scene.remote('.ferry'))).toEqual(['versions']);
    },
  );

  it('never takes the place of another file, unless that is asked for', async () => {
    await twoDays();
    draw(scene.to, { 'index.html': 'mine', 'css/site.css': 'css' });
    const careful = await scene.restore(monday);
    expect(careful.summary).toMatchObject({ exitCode: 3, unchanged: 1, downloaded: 3 });
    expect(careful.problems).toEqual([
      'index.html: another file of that name is there, and was left as it is; --overwrite replaces it',
    ]);
    expect(read(scene.to)).toEqual({ ...PAGES.monday9, 'index.html': 'mine' });
    const bold = await scene.restore({ ...monday, overwrite: true });
    expect(bold.summary).toMatchObject({ exitCode: 0, unchanged: 4, downloaded: 1 });
    expect(read(scene.to)).toEqual(PAGES.monday9);
  });

  it('changes nothing in a dry run, which says how much it would be', async () => {
    await twoDays();
    const { summary, events } = await scene.restore({ ...monday, dryRun: true });
    expect(summary.exitCode).toBe(0);
    expect(events).toContainEqual(expect.objectContaining({ type: 'plan', bytes: 20 }));
    expect(existsSync(scene.to)).toBe(false);
  });

  it('gives no file its name whose content is not what it was', async () => {
    await twoDays();
    const kept = scene.remote('.ferry/versions/20261103T090000Z/index.html');
    const { mtime } = statSync(kept);
    writeFileSync(kept, 'PAGE 1');
    utimesSync(kept, mtime, mtime);
    const damaged = await scene.restore(monday);
    expect(damaged.summary).toMatchObject({ exitCode: 3, downloaded: 4 });
    expect(damaged.problems).toEqual(['index.html: its content is not what it was: its SHA-256 is another']);
    expect(read(scene.to)).not.toHaveProperty('index.html');
    expect(temporaries(scene.to)).toEqual([]);
    writeFileSync(kept, 'page 1, longer');
    expect((await scene.restore(monday)).problems).toEqual([
      'index.html: what was kept of it has 14 bytes, and it had 6',
    ]);
  });

  it('says what is kept nowhere, and brings the rest', async () => {
    await twoDays();
    rmSync(scene.remote('.ferry/versions/20261103T090000Z/old'), { recursive: true });
    const { summary, problems } = await scene.restore(monday);
    expect(summary.exitCode).toBe(3);
    expect(problems).toEqual(['old/gone.txt: it was not kept when it was replaced or deleted']);
    const { 'old/gone.txt': _, ...rest } = PAGES.monday9;
    expect(read(scene.to)).toEqual(rest);
  });

  it.each([
    ['cut', (text: string) => text.slice(0, 100)],
    ['of a later ferry', (text: string) => text.replace('"version":1', '"version":2')],
    ['leading out of the folder', (text: string) => text.replace('"index.html"', '"../index.html"')],
  ])('is refused where a manifest is %s, and nothing is let go by it', async (_, damage) => {
    await twoDays();
    await scene.push('2026-11-03T18:00:00Z', PAGES.tuesday18);
    await scene.push('2026-11-04T09:00:00Z', PAGES.wednesday);
    const name = scene.names.find((one) => one.startsWith('20261103T180000Z.'))!;
    const file = scene.remote('.ferry/versions', name);
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    const refused = await scene.restore(monday);
    expect(refused.summary.exitCode).toBe(4);
    expect(refused.summary.message).toMatch(/20261103T180000Z.* on the server cannot be used/);
    expect(existsSync(scene.to) && readdirSync(scene.to).length > 0).toBe(false);
    // What is newer than that is not touched by it.
    expect(await scene.asOf('2026-11-03T20:00:00Z')).toEqual(PAGES.tuesday18);
    expect((await scene.states()).map(({ trouble }) => trouble !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    const before = scene.names;
    const keep = { ...scene.settings, backup: { keep: { last: 1, monthly: 2 } } };
    const warnings: string[] = [];
    const tell = (event: RunEventBody) => void (event.type === 'warning' && warnings.push(event.message));
    const { failures } = await pruneRemote(keep, { tell, signal, stateBase: scene.stateBase });
    expect(failures).toHaveLength(1);
    expect(warnings.join()).toMatch(/cannot be used/);
    expect(scene.names.length).toBeGreaterThan(0);
    for (const one of before.filter((other) => other >= '20261103T18')) expect(scene.names).toContain(one);
  });

  it('tells of nothing before a manifest that is missing, and takes none for its neighbour', async () => {
    await twoDays();
    await scene.push('2026-11-03T18:00:00Z', PAGES.tuesday18);
    await scene.push('2026-11-04T09:00:00Z', PAGES.wednesday);
    const name = scene.names.find((one) => one.startsWith('20261103T180000Z.'))!;
    rmSync(scene.remote('.ferry/versions', name));
    for (const time of ['2026-11-03T10:00:00Z', '2026-11-02T10:00:00Z']) {
      const { summary } = await scene.restore({ asOf: at(time) });
      expect(summary).toMatchObject({ exitCode: 4, downloaded: 0 });
      expect(summary.message).toMatch(/push of 20261103T180000Z.*is not written down/);
    }
    expect(await scene.asOf('2026-11-03T20:00:00Z')).toEqual(PAGES.tuesday18);
    expect((await scene.states()).map(({ trouble }) => trouble !== undefined)).toEqual([true, true, false, false]);
    await scene.push('2026-11-05T09:00:00Z', PAGES.monday18);
    const keep = { ...scene.settings, backup: { keep: { last: 1, yearly: 2 } } };
    const { failures } = await pruneRemote(keep, { tell: () => {}, signal, stateBase: scene.stateBase });
    expect(failures.join()).toMatch(/there was 20261103T180000Z, which is not there/);
    expect(existsSync(scene.remote('.ferry/versions/20261103T180000Z/index.html'))).toBe(true);
  });

  it('is not misled by a note of the one before that was made by a listing cut short', async () => {
    await twoDays();
    await scene.push('2026-11-04T09:00:00Z', PAGES.wednesday);
    const name = scene.names.find((one) => one.startsWith('20261104T090000Z.'))!;
    const file = scene.remote('.ferry/versions', name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"after":"20261103T090000Z"', '"after":"20261102T090000Z"'));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    expect(await scene.asOf('2026-11-02T12:00:00Z')).toEqual(PAGES.monday9);
    expect((await scene.states()).map(({ name }) => name)).toEqual([
      undefined,
      '20261102T090000Z',
      '20261103T090000Z',
      '20261104T090000Z',
    ]);
  });

  it('finds what a rollback put back where it is', async () => {
    await twoDays();
    await scene.push('2026-11-03T12:00:00Z', PAGES.tuesday9, rollback);
    expect(await scene.asOf('2026-11-02T12:00:00Z')).toEqual(PAGES.monday9);
    expect(await scene.asOf('2026-11-03T10:00:00Z')).toEqual(PAGES.tuesday9);
    await scene.push('2026-11-04T09:00:00Z', PAGES.wednesday);
    expect(await scene.asOf('2026-11-02T12:00:00Z')).toEqual(PAGES.monday9);
    expect(await scene.asOf('2026-11-03T10:00:00Z')).toEqual(PAGES.tuesday9);
    expect(await scene.asOf('2026-11-03T20:00:00Z')).toEqual(PAGES.monday9);
  });
});

describe('a push job with "backup"', () => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start({ name: 'ours', tls: 'none' });
  });
  afterAll(() => server.stop());
  beforeEach(() => rmSync(join(server.root, 'site'), { recursive: true, force: true }));

  it('lets go after each push what no rule keeps; the newest can be rolled back all the same', async () => {
    const scene = new Scene(server, { backup: { keep: { daily: 2 } } });
    await scene.push('2026-11-02T09:00:00Z', PAGES.monday9);
    await scene.push('2026-11-02T18:00:00Z', PAGES.monday18);
    await scene.push('2026-11-03T09:00:00Z', PAGES.tuesday9);
    await scene.push('2026-11-03T12:00:00Z', { ...PAGES.tuesday9, 'a.txt': 'a' });
    await scene.push('2026-11-03T18:00:00Z', PAGES.tuesday18);
    expect((await scene.states()).map(({ name, until, ended }) => [name, until, ended])).toEqual([
      ['20261102T180000Z', '20261103T090000Z', true],
      ['20261103T120000Z', '20261103T180000Z', true],
      ['20261103T180000Z', undefined, true],
    ]);
    expect(await scene.asOf('2026-11-02T20:00:00Z')).toEqual(PAGES.monday18);
    await scene.push('2026-11-03T19:00:00Z', PAGES.tuesday18, rollback);
    expect(await scene.asOf('2026-11-03T20:00:00Z')).toEqual({ ...PAGES.tuesday9, 'a.txt': 'a' });
    // One by one is no longer possible before that; it is said where to turn.
    const further = await perform(scene.settings, scene.stateBase, { verb: rollback });
    expect(further.summary).toMatchObject({ exitCode: 2 });
    expect(further.summary.message).toMatch(
      /20261103T090000Z to 20261103T120000Z can no longer be taken back one by one/,
    );
  });

  it('keeps what either of "keepVersions" and "keep" keeps', async () => {
    const scene = new Scene(server, { keepVersions: 2, backup: { keep: { monthly: 2 } } });
    await scene.push('2026-10-02T09:00:00Z', { 'a.txt': '1' });
    for (const [day, text] of [
      ['01', '2'],
      ['02', '3'],
      ['03', '4'],
      ['04', '5'],
    ])
      await scene.push(`2026-11-${day}T09:00:00Z`, { 'a.txt': text! });
    expect((await scene.states()).map(({ name }) => name)).toEqual([
      '20261002T090000Z',
      '20261102T090000Z',
      '20261103T090000Z',
      '20261104T090000Z',
    ]);
    expect(await scene.asOf('2026-10-15T00:00:00Z')).toEqual({ 'a.txt': '1' });
  });

  it('goes on after the folder of what is taken in was left behind', async () => {
    const scene = new Scene(server, { backup: {} });
    await scene.push('2026-11-02T09:00:00Z', { 'a.txt': '1', 'b.txt': '1' });
    await scene.push('2026-11-02T10:00:00Z', { 'a.txt': '2', 'b.txt': '1' });
    await scene.push('2026-11-02T11:00:00Z', { 'a.txt': '3', 'b.txt': '2' });
    await scene.push('2026-11-03T09:00:00Z', { 'a.txt': '4', 'b.txt': '3' });
    const versions = scene.remote('.ferry/versions');
    const saved = emptyFolder();
    const daily = { ...scene.settings, backup: { keep: { last: 1, daily: 9, monthly: 9 } } };
    // As a kill would leave it: written down, and nothing moved yet.
    for (const name of scene.names.filter((one) => one.startsWith('20261102T11')))
      await import('node:fs/promises').then(({ cp }) =>
        cp(join(versions, name), join(saved, name), { recursive: true }),
      );
    await pruneRemote(daily, { tell: () => {}, signal, stateBase: scene.stateBase });
    const joined = scene.names.find((one) => one.includes('-'))!;
    expect(joined).toMatch(/^20261102T090000Z-20261102T110000Z/);
    renameSync(join(saved, '20261102T110000Z'), join(versions, '20261102T110000Z'));
    for (const name of readdirSync(saved)) renameSync(join(saved, name), join(versions, name));
    expect(await scene.asOf('2026-11-02T20:00:00Z')).toEqual({ 'a.txt': '3', 'b.txt': '2' });
    const { failures } = await pruneRemote(daily, { tell: () => {}, signal, stateBase: scene.stateBase });
    expect(failures).toEqual([]);
    expect(scene.names.some((one) => one.startsWith('20261102T11'))).toBe(false);
    expect(await scene.asOf('2026-11-02T20:00:00Z')).toEqual({ 'a.txt': '3', 'b.txt': '2' });
  });
});

describe('a server that does not rename everywhere', () => {
  const servers: FtpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  /** Renames nothing in or into these folders, given as they are below the job's. */
  async function refusing(folders: readonly string[]): Promise<AnyServer> {
    const root = emptyFolder();
    const overrides = folders.map((folder) => ({ path: `/site/${folder}`, permissions: 'elradmwMT' }));
    const [user, password] = ['tester', 'geheim-42'];
    const server = new FtpServer({ users: [{ name: user, password, home: root, overrides }] });
    servers.push(server);
    const { host, port } = await server.listen();
    return { name: 'ours', host, port, user, password, root, tls: 'none', ca: '', log: () => '', stop: async () => {} };
  }

  it('warns of what it could not keep; a restore names it, and brings the rest', async () => {
    const scene = new Scene(await refusing(['.ferry/versions/20261103T090000Z/css']), { backup: {} });
    await scene.push('2026-11-02T09:00:00Z', { 'a.txt': 'a', 'css/a.css': 'a', 'css/same.css': 's' });
    const second = await scene.push('2026-11-03T09:00:00Z', { 'a.txt': 'b!', 'css/a.css': 'b!', 'css/same.css': 's' });
    expect(second.events.filter(({ type }) => type === 'warning')).toMatchObject([
      { message: expect.stringMatching(/old version of some files could not be kept/) },
    ]);
    const { summary, problems } = await scene.restore({ asOf: at('2026-11-02T12:00:00Z') });
    expect(summary).toMatchObject({ exitCode: 3, downloaded: 2 });
    expect(problems).toEqual(['css/a.css: it was not kept when it was replaced or deleted']);
    expect(read(scene.to)).toEqual({ 'a.txt': 'a', 'css/same.css': 's' });
  });

  it('lets nothing go that it would not bring over, and loses no state by it', async () => {
    const scene = new Scene(await refusing(['.ferry/versions/20261102T090000Z']), { backup: {} });
    const then = { 'a.txt': '1', 'b.txt': '1' };
    await scene.push('2026-10-01T09:00:00Z', then);
    await scene.push('2026-11-02T09:00:00Z', { ...then, 'c.txt': 'c' });
    await scene.push('2026-11-02T18:00:00Z', { 'a.txt': '2!', 'b.txt': '1', 'c.txt': 'c' });
    await scene.push('2026-11-03T09:00:00Z', { 'a.txt': '3!!', 'b.txt': '1', 'c.txt': 'c' });
    const keep = { ...scene.settings, backup: { keep: { last: 1, monthly: 2 } } };
    for (const _ of ['once', 'and again']) {
      const { failures } = await pruneRemote(keep, { tell: () => {}, signal, stateBase: scene.stateBase });
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(/20261102T090000Z.*could not be removed: the server answered RNTO/);
      expect(readFileSync(scene.remote('.ferry/versions/20261102T180000Z/a.txt'), 'utf8')).toBe('1');
      expect(await scene.asOf('2026-10-15T00:00:00Z')).toEqual(then);
    }
  });
});

test('the oldest state is restored by the name that it is listed under, when what began it was let go', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const scene = new Scene(server, { backup: { keep: { last: 2 } } });
  for (const day of ['02', '03', '04']) await scene.push(`2026-11-${day}T09:00:00Z`, { 'a.txt': `page of ${day}` });
  const [oldest] = await scene.states();
  expect(oldest).toMatchObject({ name: '20261103T090000Z' });
  const { summary } = await scene.restore({ snapshot: oldest!.name });
  expect(summary).toMatchObject({ exitCode: 0, snapshot: '20261103T090000Z' });
  expect(read(scene.to)).toEqual({ 'a.txt': 'page of 03' });
});

test('what a listing left out, and a push therefore did not touch, is in the states before it', async () => {
  let hides = false;
  const readdir: typeof disk.readdir = async (...args) => {
    const names = await disk.readdir(...args);
    return names.filter((name) => !hides || !String(name).includes('shy'));
  };
  const server = await scriptedServer({ fileSystem: { ...disk, readdir } });
  onTestFinished(() => server.stop());
  const scene = new Scene(server, { backup: {} });
  const page = { 'a.txt': '1', 'shy.txt': '1' };
  await scene.push('2026-11-02T09:00:00Z', page);
  vi.setSystemTime(at('2026-11-03T09:00:00Z'));
  hides = true;
  draw(scene.folder, { 'a.txt': '2!' });
  const { summary, problems } = await perform(scene.settings, scene.stateBase);
  hides = false;
  expect(problems).toEqual(['shy.txt: it changed on the server since it was listed']);
  expect(summary.exitCode).toBe(3);
  expect(await scene.asOf('2026-11-02T12:00:00Z')).toEqual(page);
});

test('a push that is cut off while it begins leaves nothing for good', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const scene = new Scene(server, { backup: {} });
  await scene.push('2026-11-02T09:00:00Z', { 'd/e/a.txt': '1' });
  // Before the note is there, before each folder is, before the note has its name.
  const points: RegExp[] = [/^STOR .*new$/, /^MKD .*versions.\d+T\d+Z$/, /^MKD .*Z.d.e$/, /^RNFR .*new$/];
  for (const [hour, on] of points.entries()) {
    vi.setSystemTime(at(`2026-11-03T0${hour}:00:00Z`));
    draw(scene.folder, { 'd/e/a.txt': '2!' });
    server.arm([{ on, does: 'close', forGood: true }]);
    const cut = await perform(scene.settings, scene.stateBase);
    server.disarm();
    expect(cut.summary.exitCode).not.toBe(0);
    expect(cut.done).toEqual([]);
  }
  await scene.push('2026-11-04T09:00:00Z', { 'd/e/a.txt': '3!!' });
  const last = '20261104T090000Z';
  expect(scene.names.filter((name) => !name.startsWith('20261102T'))).toEqual([
    last,
    expect.stringMatching(new RegExp(`^${last}[.].*json$`)),
  ]);
});

test('one restore at a time brings files to a folder, and clears away what a killed one left', async () => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const scene = new Scene(server, { backup: {} });
  await scene.push('2026-11-02T09:00:00Z', { 'a.txt': '1' });
  draw(scene.to, { '.a.txt.0123abcd.ferry': 'half' });
  const target = await openLocal(scene.to);
  await holding(target, { job: 'other', stateBase: scene.stateBase, paths: [] }, async () => {
    expect((await scene.restore()).summary.exitCode).toBe(6);
    expect(read(scene.to)).toEqual({ '.a.txt.0123abcd.ferry': 'half' });
  });
  expect((await scene.restore()).summary.exitCode).toBe(0);
  expect(read(scene.to)).toEqual({ 'a.txt': '1' });
});

test.each([
  { what: 'what is kept', on: /^(?:CWD|MLSD) .*versions$/, exitCode: 4 },
  { what: 'the folder itself', on: /^(?:CWD|MLSD) .*site$/, exitCode: 3 },
])('a server that refuses once to list $what has nothing taken for absent', async ({ on, exitCode }) => {
  const server = await scriptedServer();
  onTestFinished(() => server.stop());
  const scene = new Scene(server, { backup: {} });
  await scene.push('2026-11-02T09:00:00Z', { 'a.txt': '1', 'b.txt': '1' });
  await scene.push('2026-11-03T09:00:00Z', { 'a.txt': '2!', 'b.txt': '1' });
  server.arm([{ on, does: '550 No' }]);
  const { summary } = await scene.restore({ asOf: at('2026-11-02T12:00:00Z') });
  server.disarm();
  expect(summary.exitCode, summary.message).toBe(exitCode);
  if (exitCode === 4) expect(summary.message).toMatch(/would not list .*versions/);
  expect(existsSync(scene.to) ? read(scene.to) : {}).toEqual(exitCode === 4 ? {} : { 'a.txt': '1' });
});
