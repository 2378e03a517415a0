// Runs one command and says what it took: the time on the wall, and from the kernel's account of the process, by GNU
// time, its processor time and the most memory it held.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly folder?: string;
}

export interface Sample {
  /** On the wall. */
  readonly seconds: number;
  /** Processor seconds in the program and in the kernel for it; NaN without GNU time. */
  readonly user: number;
  readonly system: number;
  /** The most bytes resident at one time; NaN without GNU time. */
  readonly peak: number;
}

export class DidNotWork extends Error {}

const accountant = '/usr/bin/time';
const patience = 20 * 60_000;

export const canAccount = (): boolean => existsSync(accountant);

/** @throws DidNotWork with what the command said first when it ended with anything but 0. */
export async function timed({ program, args, env, folder }: Command): Promise<Sample> {
  const work = mkdtempSync(join(tmpdir(), 'ferry-bench-time-'));
  const account = join(work, 'account');
  const [first, ...rest] = canAccount()
    ? [accountant, '-q', '-f', '%U %S %M', '-o', account, program, ...args]
    : [program, ...args];
  try {
    const begun = performance.now();
    // A group of its own, so that one that hangs can be ended whole.
    const child = spawn(first!, rest, { cwd: folder ?? work, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let said = '';
    const hear = (text: Buffer): void => {
      if (said.length < 2000) said += text.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const leave = (): void => endGroup(child.pid);
    process.once('exit', leave);
    const hanging = setTimeout(() => endGroup(child.pid), patience);
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve(status ?? signal ?? 'nothing'));
    }).finally(() => {
      clearTimeout(hanging);
      process.off('exit', leave);
    });
    const seconds = (performance.now() - begun) / 1000;
    if (code !== 0) throw new DidNotWork(`${program} ended with ${code}: ${said.trim().slice(0, 400)}`);
    const [user, system, kilobytes] = canAccount()
      ? readFileSync(account, 'utf8').trim().split(' ').map(Number)
      : [Number.NaN, Number.NaN, Number.NaN];
    return { seconds, user: user!, system: system!, peak: kilobytes! * 1024 };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
