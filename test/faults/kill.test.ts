/** Killed at any moment, a run leaves whole files behind, and the next one puts everything right. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Drawing, draw, emptyFolder, read } from '../builders/folder.ts';
import { type AnyServer, start } from '../servers/every-server.ts';
import { auditContent, temporaries } from './ordeal.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli/ferry.js');
const KILLS = 12;

/** Two versions of one tree, of the same names and other bytes; every file of one ends as no file of the other does. */
function version(mark: string): Drawing {
  const drawing: Record<string, string> = { [`only-${mark}.txt`]: mark };
  for (let n = 0; n < 40; n++) drawing[`d${n % 4}/f${n}.txt`] = mark.repeat(100 + n);
  drawing['big.bin'] = mark.repeat(2_000_000);
  return drawing;
}

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
  readonly output: string;
}

async function ferry(args: readonly string[], server: AnyServer, state: string, after?: number, how?: NodeJS.Signals) {
  const env = { ...process.env, FERRY_PASSWORD: server.password, FERRY_STATE: state };
  const since = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let killed = false;
  const timer =
    after === undefined
      ? undefined
      : setTimeout(() => {
          killed = child.exitCode === null && child.kill(how ?? 'SIGKILL');
        }, after);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearTimeout(timer);
  return { code, killed, took: performance.now() - since, output } satisfies Ended;
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

  // From before the first byte of the run to after its last one, evenly.
  let landed = 0;
  for (let round = 0; landed < KILLS && round < 3 * KILLS; round++) {
    draw(source, after);
    const { killed } = await ferry(args, server, state, whole.took * (0.25 + (0.75 * ((round * 5) % KILLS)) / KILLS));
    if (killed) landed++;
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
    const { code, killed, took, output } = await ferry([...args, '--limit-rate', '3M'], server, state, 3000, 'SIGTERM');
    expect(killed).toBe(true);
    expect(code, output).toBe(143);
    expect(took).toBeLessThan(3000 + 5000);
    expect(temporaries(destination)).toHaveLength(1);
    const next = await ferry(args, server, state);
    expect(next.code, next.output).toBe(0);
    expect(read(destination)).toEqual(read(source));
    expect(temporaries(destination)).toEqual([]);
  },
);
