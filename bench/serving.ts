// Two servers side by side on folders of the bench's: `ferry serve` and pyftpdlib, each a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startServer } from '../test/servers/index.ts';
import type { Bench } from './bench.ts';
import type { Contestant } from './contest.ts';
import { ferryServe } from './ferry.ts';
import type { Place } from './place.ts';
import type { Site } from './site.ts';

export interface Serving extends Site {
  /** What it is called in the results. */
  readonly name: string;
  /** The server's processor seconds so far; NaN where the system does not tell. */
  processor(): number;
}

/**
 * Below the ports that the system hands out: those are soon all taken by connections that linger, which every run leaves by
 * the thousand, and the kernel's search for a free one would then be what is measured.
 */
const dataPorts: [number, number] = [20_000, 32_000];

export async function ferryServing(bench: Bench): Promise<Serving> {
  const root = bench.newFolder('root-ferry');
  const password = randomBytes(12).toString('hex');
  const { program, args, env } = ferryServe(root, 'tester', password, dataPorts, bench.profile);
  // A file, not a pipe: its line for every transfer would keep the bench busy while it measures.
  const log = bench.newName('log-ferry');
  const sink = openSync(log, 'w');
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', sink] });
  closeSync(sink);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const leave = () => void child.kill('SIGKILL');
  process.once('exit', leave);
  const port = await startedOn(log, child);
  const close = async () => {
    process.off('exit', leave);
    child.kill('SIGINT');
    await ended;
  };
  return serving('ferry serve', root, child.pid!, { port, user: 'tester', password }, close);
}

export async function pyftpdlibServing(bench: Bench): Promise<Serving> {
  const root = bench.newFolder('root-pyftpdlib');
  const server = await startServer('pyftpdlib', { root, passivePorts: dataPorts, tersely: true });
  return serving(`pyftpdlib ${server.version}`, root, server.pid, server, () => server.stop());
}

async function startedOn(log: string, child: ChildProcess): Promise<number> {
  for (;;) {
    const said = readFileSync(log, 'utf8');
    const port = /ftp:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null) throw new Error(`ferry serve has not started: ${said}`);
    await setTimeout(20);
  }
}

/** The same contestant, telling what its run cost the server. */
export function withServerCost({ processor }: Serving, contestant: Contestant): Contestant {
  let before = 0;
  return {
    name: contestant.name,
    async begin(run) {
      const command = await contestant.begin(run);
      before = processor();
      return command;
    },
    async end(run) {
      const cost = `${(processor() - before).toFixed(2)} s of processor time in the server`;
      return [await contestant.end?.(run), cost].filter(Boolean).join('; ');
    },
  };
}

function serving(
  name: string,
  root: string,
  pid: number,
  { port, user, password }: Pick<Place, 'port' | 'user' | 'password'>,
  close: () => Promise<void>,
): Serving {
  const at = (path: string): Place => ({ host: '127.0.0.1', port, user, password, path });
  const folderOf = ({ path }: Place): string => join(root, path);
  return {
    name,
    server: name,
    root,
    at,
    folderOf,
    remove: (place) => rmSync(folderOf(place), { recursive: true, force: true }),
    bring(folder, path) {
      mkdirSync(join(root, path), { recursive: true });
      cpSync(folder, join(root, path), { recursive: true, preserveTimestamps: true });
      return at(path);
    },
    distance: undefined,
    processor: () => processorSeconds(pid),
    async close() {
      await close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

// Fields 14 and 15 of proc_pid_stat(5), in hundredths; the name in the second may hold spaces.
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
