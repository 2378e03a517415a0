// Looks at, and ends, a server together with the processes it has made, which some servers put in other groups.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The children of a process, their children and so on. Empty where there is no /proc; the group has to do there. */
export function descendants(pid: number): number[] {
  const children = (textOf(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** One that has ended and only waits for its parent, or for init, to notice counts as gone. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = textOf(`/proc/${pid}/stat`)?.replace(/^.*\) /s, '')[0];
  return state !== 'Z' && state !== 'X';
}

/** Asks the processes and the group of the first to end, waits, and then makes them. */
export async function endAll(pid: number, milliseconds: number): Promise<void> {
  const all = [pid, ...descendants(pid)];
  signal(-pid, 'SIGTERM');
  for (const one of all) if (isRunning(one)) signal(one, 'SIGTERM');
  if (await allEnd(all, milliseconds)) return;
  signal(-pid, 'SIGKILL');
  for (const one of all) if (isRunning(one)) signal(one, 'SIGKILL');
  await allEnd(all, 2000);
}

async function allEnd(pids: number[], milliseconds: number): Promise<boolean> {
  const until = Date.now() + milliseconds;
  while (pids.some(isRunning)) {
    if (Date.now() > until) return false;
    await sleep(10);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
