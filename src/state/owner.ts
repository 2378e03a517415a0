/**
 * Who holds a lock, told so well that a process which happens to get the same number later is not taken for it, and
 * that a process which cannot be seen from here is not taken for dead.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

export interface Owner {
  /** The job's name. */
  readonly job: string;
  readonly pid: number;
  /** When the process started, in the system's own words; null where it does not say. */
  readonly started: string | null;
  readonly host: string;
  /** The machine's boot and the space that process numbers are counted in, where the system names them (Linux). */
  readonly boot: string | null;
  readonly space: string | null;
  /** When the lock was taken: ISO 8601, UTC. */
  readonly since: string;
}

/** `alive` or `dead` where it can be seen from here, else `unseen`. */
export type Life = 'alive' | 'dead' | 'unseen';

// How far a clock may be set back before a lock seems older than the machine's start, in ms.
const CLOCK_SLACK = 120_000;

// It does not change, and macOS has a program started to tell.
let ownStart: string | null | undefined;

export function thisOwner(job: string): Owner {
  return {
    job,
    pid: process.pid,
    started: (ownStart ??= startOf(process.pid)),
    host: hostname(),
    boot: bootOf(),
    space: spaceOf(),
    since: new Date().toISOString(),
  };
}

export function lifeOf(owner: Owner): Life {
  const boot = bootOf();
  if (boot !== null && owner.boot !== null) {
    // Another boot of this machine ended all its processes. Another machine's boot says nothing about them.
    if (owner.boot !== boot) return owner.host === hostname() ? 'dead' : 'unseen';
    if (owner.space !== spaceOf()) return 'unseen'; // in a container, or outside of ours
  } else {
    if (owner.host !== hostname()) return 'unseen';
    const booted = Date.now() - uptime() * 1000;
    if (Date.parse(owner.since) < booted - CLOCK_SLACK) return 'dead';
  }
  if (!exists(owner.pid)) return 'dead';
  const started = startOf(owner.pid);
  return started !== null && owner.started !== null && started !== owner.started ? 'dead' : 'alive';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // someone else's, so it exists
  }
}

function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // The second field is the program's name in brackets and may hold anything; the 22nd is the start (proc(5)).
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19] ?? null;
    }
    if (process.platform === 'win32') return null;
    const options = { encoding: 'utf8', timeout: 5000, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } } as const;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || null;
  } catch {
    return null;
  }
}

function bootOf(): string | null {
  return readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
}

function spaceOf(): string | null {
  return readOrNull(() => readlinkSync('/proc/self/ns/pid'));
}

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
