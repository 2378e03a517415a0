/** Killed at any moment, a run leaves whole files behind, and the next one puts everything right. */
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { type AnyServer, start } from '../servers/every-server.ts';
import { auditContent, temporaries } from './ordeal.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli/ferry.js');
const KILLS = 6;

/** Two versions of one tree, of the same names and other bytes; every file of one ends as no file of the other does. */
function version(mark: string): Drawing {
  const drawing: Record<string, string> = { [`only-${mark}.txt`]: mark };
  for (let n = 0; n < 40; n++) drawing[`d${n % 4}/f${n}.txt`] = mark.repeat(100 + n);
  drawing['big.bin'] = mark.repeat(2_000_000);
  return drawing;
}

/** 0 where it is gone. */
const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('build first: npm run build');
});

interface Ended {
  readonly code: number | null;
  readonly killed: boolean;
  readonly took: number;
  /** ms from the signal to the end. */
  readonly outlived: number;
  readonly output: string;
}

/** @param when what is waited for before the signal is sent: ms, or until it says so */
async function ferry(
  args: readonly string[],
  server: AnyServer,
  state: string,
  when?: number | (() => boolean),
  how: NodeJS.Signals = 'SIGKILL',
): Promise<Ended> {
  const env = { ...process.env, FERRY_PASSWORD: server.password, FERRY_STATE: state };
  const since = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let killed = false;
  let signalled = since;
  const strike = () => {
    signalled = performance.now();
    killed = child.exitCode === null && child.kill(how);
  };
  const timer = typeof when === 'number' ? setTimeout(strike, when) : undefined;
  const looking =
    typeof when === 'function'
      ? setInterval(() => {
          if (!when()) return;
          clearInterval(looking);
          strike();
        }, 5)
      : undefined;
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearTimeout(timer);
  clearInterval(looking);
  const now = performance.now();
  return { code, killed, took: now - since, outlived: now - signalled, output };
}

test.each(['push', 'pull'] as const)('a %s that is killed again and again', { timeout: 240_000 }, async (verb) => {
  const server = await start({ name: 'ours', tls: 'none' });
  open.push(() => server.stop());
  const [local, state] = [emptyFolder(), emptyFolder()];
  const remote = draw(join(server.root, 'site'), {});
  const url = `ftp://${server.user}@${server.host}:${server.port}/site`;
  const args = verb === 'push' ? ['push', local, url] : ['pull', url, local];
  args.push('--max-delete', '100%');
  const [source, destination] = verb === 'push' ? [local, remote] : [remote, local];
  let [before, after] = [version('a'), version('b')];
  draw(source, before);
  const whole = await ferry(args, server, state);
  expect(whole.code, whole.output).toBe(0);

  // From before the first byte of the run to after its last one, evenly; how long one takes follows the machine's load.
  let landed = 0;
  let usual = whole.took;
  for (let round = 0; landed < KILLS && round < 6 * KILLS; round++) {
    draw(source, after);
    const share = 0.25 + (0.75 * ((round * 5) % KILLS)) / KILLS;
    const { killed, took } = await ferry(args, server, state, usual * share);
    if (killed) landed++;
    else usual = took;
    auditContent(read(destination), before, after);
    // Every other time the next kill strikes on top of what this one left.
    if (round % 2 === 0) continue;
    const next = await ferry(args, server, state);
    expect(next.code, next.output).toBe(0);
    expect(read(destination)).toEqual(read(source));
    expect([...temporaries(local), ...temporaries(remote)]).toEqual([]);
    [before, after] = [{ ...before, ...after }, version(round % 4 === 1 ? 'a' : 'b')];
  }
  expect(landed).toBeGreaterThanOrEqual(KILLS / 2);
  const last = await ferry(args, server, state);
  expect(last.code, last.output).toBe(0);
  expect(read(destination)).toEqual(read(source));
  expect([...temporaries(local), ...temporaries(remote)]).toEqual([]);
});

test.each(['push', 'pull'] as const)(
  'a %s that is asked to stop does so within 5 s',
  { timeout: 120_000 },
  async (verb) => {
    const server = await start({ name: 'ours', tls: 'none' });
    open.push(() => server.stop());
    const [local, state] = [emptyFolder(), emptyFolder()];
    const remote = draw(join(server.root, 'site'), {});
    const url = `ftp://${server.user}@${server.host}:${server.port}/site`;
    const args = verb === 'push' ? ['push', local, url] : ['pull', url, local];
    const [source, destination] = verb === 'push' ? [local, remote] : [remote, local];
    draw(source, { 'big.bin': 'b'.repeat(24 * 1024 * 1024), 'a.txt': 'a' });
    const begun = () =>
      existsSync(destination) && temporaries(destination).some((name) => sizeOf(join(destination, name)) > 512 * 1024);
    const slowly = [...args, '--limit-rate', '1M'];
    const { code, killed, outlived, output } = await ferry(slowly, server, state, begun, 'SIGTERM');
    expect(killed).toBe(true);
    expect(code, output).toBe(143);
    // Of the 20 s that were left; it gives itself five, and a loaded machine takes its own.
    expect(outlived).toBeLessThan(15_000);
    expect(temporaries(destination)).toHaveLength(1);
    const next = await ferry(args, server, state);
    expect(next.code, next.output).toBe(0);
    expect(read(destination)).toEqual(read(source));
    expect(temporaries(destination)).toEqual([]);
  },
);
