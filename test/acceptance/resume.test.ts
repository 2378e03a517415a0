/** A big file whose connection is cut at 40 % and whose process is killed at 70 % arrives whole, without being sent twice. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { job, serverSettings } from '../builders/connect.ts';
import { emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type Cut, type CuttingProxy, cuttingProxy } from '../faults/cutting-proxy.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';
import { freePortRange } from '../servers/index.ts';

const MIB = 1024 * 1024;
/** `npm run test:long` takes the whole of it. */
const SIZE = (process.env.FERRY_LONG ? 300 : 48) * MIB;
const CLI = resolve(import.meta.dirname, '../../dist/cli/ferry.js');
/** What was on its way when a connection was cut or a process killed: sent, and not confirmed. */
const IN_FLIGHT = 12 * MIB;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function bigFile(path: string): void {
  const block = randomBytes(MIB);
  const file = openSync(path, 'w');
  for (let n = 0; n < SIZE / MIB; n++) {
    block.writeUInt32BE(n);
    writeSync(file, block);
  }
  closeSync(file);
}

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** The size of the temporary file that is growing in a folder. */
function partial(folder: string): number {
  try {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.ferry'));
    return name === undefined ? 0 : statSync(join(folder, name)).size;
  } catch {
    return 0;
  }
}

async function behindProxy(variant: Parameters<typeof start>[0]): Promise<{ server: AnyServer; proxy: CuttingProxy }> {
  const passive = await freePortRange(12);
  const server = await start(variant, { passivePorts: passive });
  open.push(() => server.stop());
  const proxy = await cuttingProxy(server, passive);
  open.push(() => proxy.close());
  return { server, proxy };
}

/**
 * Runs the command line through the proxy, which lets so many bytes pass and no more, and kills it once those that it lets
 * pass have arrived: nothing hangs on how fast it is.
 */
async function killAfter(bytes: number, { proxy, args, env, direction, folder }: Killing): Promise<void> {
  proxy.cutNext({ direction, after: bytes, how: 'stall' });
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  await until(() => child.exitCode !== null || (!proxy.pending && partial(folder) > bytes - IN_FLIGHT));
  expect(child.kill('SIGKILL')).toBe(true);
  await ended;
  // The server is told, as it is by the system of a process that was killed.
  proxy.dropAll();
}

interface Killing {
  readonly proxy: CuttingProxy;
  readonly args: string[];
  readonly env: NodeJS.ProcessEnv;
  readonly direction: Cut['direction'];
  /** Where the partial file grows. */
  readonly folder: string;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 3));
}

interface Ran {
  readonly code: number | null;
  readonly events: {
    type: string;
    status?: string;
    resumedFrom?: number;
    bytesSent?: number;
    bytesReceived?: number;
  }[];
}

async function ferry(args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args, '--json'], { env: { ...process.env, ...env } });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return {
    code,
    events: out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

describe.each(variants(['none']))('$title', (variant) => {
  const { name } = variant;

  test('an upload survives a cut and a kill', async () => {
    const { server, proxy } = await behindProxy(variant);
    const [local, state] = [emptyFolder(), emptyFolder()];
    bigFile(join(local, 'big.bin'));
    const there = join(server.root, 'site');
    const settings = serverSettings({ ...server, host: proxy.host });
    proxy.cutNext({ direction: 'up', after: SIZE * 0.4, how: 'reset' });
    const { summary, events } = await perform(job(server, local, { server: settings }), state);
    expect(proxy.pending).toBe(false);
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    const done = events.find(
      (event) => event.type === 'action' && event.status === 'done' && event.action === 'upload',
    );
    expect((done as { resumedFrom?: number }).resumedFrom).toBeGreaterThan(SIZE * 0.4 - IN_FLIGHT);
    expect(summary.bytesSent).toBeLessThan(SIZE + IN_FLIGHT);
    expect(sumOf(join(there, 'big.bin'))).toBe(sumOf(join(local, 'big.bin')));

    // Killed at 70 %: the old file stays whole, and the next run goes on.
    const old = sumOf(join(there, 'big.bin'));
    bigFile(join(local, 'big.bin'));
    const args = ['push', local, `ftp://${server.user}@${proxy.host}:${proxy.port}/site`];
    const env = { FERRY_PASSWORD: server.password, FERRY_STATE: emptyFolder() };
    await killAfter(SIZE * 0.7, { proxy, args, env, direction: 'up', folder: there });
    expect(sumOf(join(there, 'big.bin'))).toBe(old);
    const held = partial(there);
    const again = await ferry(args, env);
    const last = again.events.at(-1)!;
    expect([again.code, last.type]).toEqual([0, 'summary']);
    // What was under way when the command died may reach the file after it was looked at.
    const { resumedFrom } = again.events.find((event) => event.type === 'action' && event.status === 'done')!;
    expect(resumedFrom).toBeGreaterThanOrEqual(held);
    expect(last.bytesSent).toBe(SIZE - resumedFrom!);
    expect(sumOf(join(there, 'big.bin'))).toBe(sumOf(join(local, 'big.bin')));
    expect(partial(there)).toBe(0);
  }, 120_000);

  test('a download survives a cut and a kill', async () => {
    const { server, proxy } = await behindProxy(variant);
    const [local, state] = [emptyFolder(), emptyFolder()];
    const there = join(server.root, 'site');
    mkdirSync(there);
    bigFile(join(there, 'big.bin'));
    const settings = serverSettings({ ...server, host: proxy.host });
    proxy.cutNext({ direction: 'down', after: SIZE * 0.4, how: name === 'ours' ? 'end' : 'reset' });
    const { summary, events } = await perform(job(server, local, { server: settings, direction: 'pull' }), state);
    expect(proxy.pending).toBe(false);
    expect(summary).toMatchObject({ exitCode: 0, downloaded: 1 });
    const done = events.find((event) => event.type === 'action' && event.status === 'done');
    expect((done as { resumedFrom?: number }).resumedFrom).toBeGreaterThan(0);
    expect(summary.bytesReceived).toBeLessThan(SIZE + IN_FLIGHT);
    expect(sumOf(join(local, 'big.bin'))).toBe(sumOf(join(there, 'big.bin')));

    const old = sumOf(join(local, 'big.bin'));
    bigFile(join(there, 'big.bin'));
    utimesSync(join(there, 'big.bin'), 1_700_000_000, 1_700_000_000);
    const args = ['pull', `ftp://${server.user}@${proxy.host}:${proxy.port}/site`, local];
    const env = { FERRY_PASSWORD: server.password, FERRY_STATE: emptyFolder() };
    await killAfter(SIZE * 0.7, { proxy, args, env, direction: 'down', folder: local });
    expect(sumOf(join(local, 'big.bin'))).toBe(old);
    const held = partial(local);
    const again = await ferry(args, env);
    expect(again.code).toBe(0);
    expect(again.events.at(-1)!.bytesReceived).toBe(SIZE - held);
    expect(sumOf(join(local, 'big.bin'))).toBe(sumOf(join(there, 'big.bin')));
    expect(partial(local)).toBe(0);
  }, 120_000);
});

test('a source that was edited in between is sent from the start', async () => {
  const { server, proxy } = await behindProxy({ name: 'ours', tls: 'none' });
  const local = emptyFolder();
  const there = join(server.root, 'site');
  bigFile(join(local, 'big.bin'));
  const args = ['push', local, `ftp://${server.user}@${proxy.host}:${proxy.port}/site`];
  const env = { FERRY_PASSWORD: server.password, FERRY_STATE: emptyFolder() };
  await killAfter(SIZE * 0.5, { proxy, args, env, direction: 'up', folder: there });
  bigFile(join(local, 'big.bin'));
  const again = await ferry(args, env);
  expect(again.code).toBe(0);
  expect(again.events.at(-1)!.bytesSent).toBe(SIZE);
  expect(sumOf(join(there, 'big.bin'))).toBe(sumOf(join(local, 'big.bin')));
  expect(partial(there)).toBe(0);
}, 120_000);
