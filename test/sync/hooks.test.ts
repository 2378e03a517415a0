/** Hooks of a run: when they run, what they are told, and what their failure means. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import type { Argv, HookSettings } from '../../src/model/index.ts';
import { apply, plan, verify } from '../../src/sync/index.ts';
import { job, serverSettings } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { type Performed, perform } from '../builders/perform.ts';
import { type ScriptedServer, scriptedServer } from '../faults/scripted-server.ts';

/** Keeps what a hook was told, in the order of the runs; then says its words and ends as its argument says. */
const RECORD = `
  import { appendFileSync, readFileSync } from 'node:fs';
  const input = readFileSync(0, 'utf8');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('FERRY_')));
  const told = { hook: env.FERRY_HOOK, env, input: JSON.parse(input), lines: input.split('\\n').length - 1, cwd: process.cwd() };
  appendFileSync('told.jsonl', JSON.stringify(told) + '\\n');
  const [end = '0', ...words] = process.argv.slice(2);
  for (const word of words) console.log(word);
  process.exit(Number(end));
`;

const record = (end = 0, ...words: readonly string[]): Argv => [process.execPath, 'record.mjs', String(end), ...words];

interface Told {
  readonly hook: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: Readonly<Record<string, unknown>>;
  readonly lines: number;
  readonly cwd: string;
}

let server: ScriptedServer;
let local: string;
let state: string;
let folder: string;

beforeEach(async () => {
  server = await scriptedServer();
  mkdirSync(join(server.root, 'site'));
  local = draw(emptyFolder(), { 'a.txt': 'a', 'b.txt': 'bb' });
  state = emptyFolder();
  folder = draw(emptyFolder(), { 'record.mjs': RECORD });
});
afterEach(() => server.stop());

const site = () => read(join(server.root, 'site'));

function settings(hooks: Partial<HookSettings>, changes: Partial<JobSettings> = {}): JobSettings {
  const none = { before: [], after: [], failed: [], heartbeat: null, timeout: 60_000, folder };
  return job(server, local, { retries: 0, ...changes, hooks: { ...none, ...hooks } });
}

function told(): Told[] {
  const file = join(folder, 'told.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Told);
}

const ran = () => told().map(({ hook }) => hook);
const warnings = ({ events }: Performed) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

/** Settings whose password is not the server's. */
const wrongly = (hooks: Partial<HookSettings>) =>
  settings(hooks, { server: serverSettings(server, { password: async () => 'wrong' }) });

describe('a run that goes well', () => {
  test('before and after, with what the run is and what came of it', async () => {
    process.env.FERRY_EXIT_CODE = '99';
    onTestFinished(() => void delete process.env.FERRY_EXIT_CODE);
    const all = settings({ before: [record()], after: [record(), record()], failed: [record()] });
    expect((await perform(all, state)).summary).toMatchObject({ exitCode: 0 });
    const [before, after, ...more] = told();
    const about = { job: 'test', direction: 'push', local, remote: all.remoteUrl };
    expect(before?.input).toEqual({ hook: 'before', ...about });
    expect(before?.env).toMatchObject({
      FERRY_HOOK: 'before',
      FERRY_JOB: 'test',
      FERRY_DIRECTION: 'push',
      FERRY_LOCAL: local,
      FERRY_REMOTE: all.remoteUrl,
    });
    // That of an outer run is not taken for this one's.
    expect(before?.env).not.toHaveProperty('FERRY_EXIT_CODE');
    expect(after?.env).toMatchObject({
      FERRY_HOOK: 'after',
      FERRY_EXIT_CODE: '0',
      FERRY_MESSAGE: '',
      FERRY_UPLOADED: '2',
      FERRY_BYTES_SENT: '3',
      FERRY_UNCHANGED: '0',
    });
    expect(after?.input).toMatchObject({ hook: 'after', ...about, exitCode: 0, uploaded: 2, bytesSent: 3 });
    expect(after).toMatchObject({ lines: 1, cwd: folder });
    expect(more.map(({ hook }) => hook)).toEqual(['after']);
  });

  test('the source may be what "before" makes', async () => {
    const made = join(folder, 'made');
    const make = `require('fs').mkdirSync('made'); require('fs').writeFileSync('made/new.txt', 'new')`;
    const { summary } = await perform(settings({ before: [[process.execPath, '-e', make]] }, { local: made }), state);
    expect(summary).toMatchObject({ exitCode: 0 });
    expect(site()).toEqual({ 'new.txt': 'new' });
  });

  test('a dry run, a plan and a comparison run none; carrying a plan out does', async () => {
    const all = settings({ before: [record()], after: [record()], failed: [record()], heartbeat: record() });
    expect((await perform(all, state, { dryRun: true })).summary.exitCode).toBe(0);
    expect((await perform(all, state, { verb: verify })).summary.exitCode).toBe(8);
    const { plan: made } = await perform(all, state, { verb: plan });
    expect(ran()).toEqual([]);
    await perform(all, state, { verb: (of, options) => apply(of, made!, options) });
    expect(ran()).toEqual(['before', 'after', 'heartbeat']);
  });
});

describe('one that fails', () => {
  test('before: nothing is done, not even a connection is made', async () => {
    const before = [record(), record(9, 'no disk'), record()];
    const { summary } = await perform(settings({ before, after: [record()], failed: [record()] }), state);
    expect(summary).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/^the "before" hook .* ended with 9 \(it said: no disk\); nothing was done$/),
    });
    expect(server.commands).toEqual([]);
    expect(ran()).toEqual(['before', 'before', 'failed']);
    expect(told().at(-1)?.env).toMatchObject({
      FERRY_EXIT_CODE: '4',
      FERRY_MESSAGE: expect.stringMatching(/ended with 9 .*nothing was done$/),
    });
  });

  test('after: both sides agree, which is exit code 0, and "failed" hears of it', async () => {
    const { summary } = await perform(settings({ after: [record(1)], failed: [record()] }), state);
    expect(summary).toMatchObject({
      exitCode: 0,
      uploaded: 2,
      failed: 0,
      problems: 0,
      message: expect.stringMatching(/^both sides agree, but the "after" hook .* ended with 1$/),
    });
    expect(site()).toEqual(read(local));
    expect(ran()).toEqual(['after', 'failed']);
    expect(told()[1]?.input).toMatchObject({ hook: 'failed', exitCode: 0, message: summary.message, uploaded: 2 });
  });

  test('failed: the exit code stays that of the run', async () => {
    const performed = await perform(wrongly({ failed: [record(1)] }), state);
    expect(performed.summary.exitCode).toBe(5);
    expect(warnings(performed)).toEqual([expect.stringMatching(/^the "failed" hook .* ended with 1$/)]);
    expect(told()[0]?.env).toMatchObject({ FERRY_EXIT_CODE: '5' });
  });

  test('a run that is stopped ends it, and "failed" is told', async () => {
    const controller = new AbortController();
    const endless = `require('fs').writeFileSync('pid', String(process.pid)); console.log('up'); setInterval(() => {}, 1000)`;
    const { summary } = await perform(
      settings({ before: [[process.execPath, '-e', endless]], failed: [record()] }),
      state,
      {
        signal: controller.signal,
        tell: (event) => {
          if (event.type === 'hook' && event.status === 'output') controller.abort();
        },
      },
    );
    expect(summary).toMatchObject({ exitCode: 130, message: 'stopped' });
    expect(() => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0)).toThrow(/ESRCH/);
    expect(told().map(({ env }) => env.FERRY_EXIT_CODE)).toEqual(['130']);
  });
});

describe('the heartbeat', () => {
  let heard: string[];
  let status: number;
  let monitor: Server;
  let url: string;
  beforeEach(async () => {
    heard = [];
    status = 200;
    monitor = createServer(({ url: asked }, response) => {
      heard.push(String(asked));
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => monitor.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(monitor.address() as AddressInfo).port}/ping/4711`;
  });
  afterEach(() => {
    monitor.closeAllConnections();
    monitor.close();
  });

  test('is told of a run that went well, and of no other one', async () => {
    expect((await perform(wrongly({ heartbeat: url }), state)).summary.exitCode).toBe(5);
    expect((await perform(settings({ heartbeat: url }), state, { dryRun: true })).summary.exitCode).toBe(0);
    expect(heard).toEqual([]);
    expect((await perform(settings({ heartbeat: url }), state)).summary.exitCode).toBe(0);
    expect(heard).toEqual(['/ping/4711']);
    writeFileSync(join(local, 'a.txt'), 'A');
    expect((await perform(settings({ heartbeat: url, after: [record(1)] }), state)).summary.exitCode).toBe(0);
    expect(heard).toEqual(['/ping/4711']);
  });

  test('that nobody hears it is a warning, which does not give the address away', async () => {
    status = 404;
    const performed = await perform(settings({ heartbeat: url }), state);
    expect(performed.summary.exitCode).toBe(0);
    expect(warnings(performed)).toEqual([
      expect.stringMatching(/^the heartbeat http:\/\/127\.0\.0\.1:\d+ answered 404$/),
    ]);
    expect(JSON.stringify(performed.events)).not.toContain('4711');
  });

  test('may be a program', async () => {
    const performed = await perform(settings({ heartbeat: record(1) }), state);
    expect(performed.summary.exitCode).toBe(0);
    expect(warnings(performed)).toEqual([expect.stringMatching(/^the heartbeat .* ended with 1$/)]);
    expect(told().map(({ hook, env }) => [hook, env.FERRY_EXIT_CODE])).toEqual([['heartbeat', '0']]);
  });
});
