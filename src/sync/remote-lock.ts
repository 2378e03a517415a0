/** The lock of a remote folder (`lock: remote`), on a connection of its own where more than one may be had. */
import { randomUUID } from 'node:crypto';
import type { JobSettings } from '../config/settings.ts';
import { LockError, printable, type Remote, type Tell } from '../model/index.ts';
import { retrying } from '../queue/index.ts';
import { acquireServerLock, breakServerLock, heldRemote, inspectServerLock, sayHolder } from '../state/index.ts';
import { makeRoot, remoteOf } from './remote-side.ts';

export interface RemoteLockOptions {
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly wire?: ((line: string) => void) | undefined;
}

/** A lock that is held, and what it means for the connections of the run. */
export interface RemoteLock {
  /** The job, with as many connections as the lock leaves it. */
  readonly job: JobSettings;
  /** Whether it has no connection of its own. */
  readonly shared: boolean;
  /** The remote side, only written to while the lock is held. */
  guard(remote: Remote): Remote;
  /** Told once when another run has taken the lock over. */
  onLost: (error: LockError) => void;
  release(): Promise<void>;
}

/** Most ms between heartbeats. */
const BEAT = 5000;
/** Heartbeats that may fail before others take the lock over. */
const BEATS = 6;

/** ms between heartbeats. */
export function beatOf(staleAfter: number): number {
  return Math.max(20, Math.min(BEAT, staleAfter / BEATS));
}

/**
 * Waits for the lock as long as the job says. Undefined where the job does not lock the server.
 * @throws LockError that names who holds it; ConnectError, LoginError, TlsError.
 */
export async function lockRemote(job: JobSettings, options: RemoteLockOptions): Promise<RemoteLock | undefined> {
  const { tell, signal, wire } = options;
  if (!job.serverLock) return undefined;
  const { staleAfter } = job.serverLock;
  const attempts = { attempts: job.retries + 1, signal };
  const server = { ...job.server, connections: 1 };
  const remote = remoteOf({ server, remote: job.remote }, wire);
  try {
    await retrying(() => remote.open(signal), attempts);
    if (job.direction !== 'pull') await retrying(() => makeRoot(remote, job, signal), attempts);
    const id = randomUUID();
    const lock = await retrying(
      () =>
        acquireServerLock(remote, {
          job: job.name,
          id,
          wait: job.wait ?? 0,
          beat: beatOf(staleAfter),
          staleAfter,
          run: runOf(process.env),
          waiting: (message) => tell({ type: 'warning', message }),
          signal,
        }),
      attempts,
    );
    const alone = job.server.connections > 1;
    // LIMIT: where only one connection may be had, no heartbeat gets through while a long file is on its way. Should the
    // lock be taken over meanwhile, this run notices before it renames anything.
    const left = alone ? { ...job.server, connections: job.server.connections - 1 } : job.server;
    if (!alone) await remote.close();
    let released: Promise<void> | undefined;
    const held: RemoteLock = {
      job: { ...job, server: left },
      shared: !alone,
      guard(ours) {
        if (!alone) lock.use(ours);
        return heldRemote(ours, () => lock.hold());
      },
      onLost: () => {},
      release() {
        released ??= lock.release().finally(() => remote.close());
        return released;
      },
    };
    lock.onLost = (error) => held.onLost(error);
    return held;
  } catch (error) {
    await remote.close();
    throw error;
  }
}

export interface UnlockOptions {
  /** Whether even one that shows a heartbeat is to go. */
  readonly force: boolean;
  /** Told who holds it: whether someone made sure that nobody does. Asked where it only stands still. */
  readonly sure: (holder: string) => Promise<boolean>;
  /** Told who held it, before it is removed. */
  readonly say: (holder: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Removes the lock of a job on the server; false if there is none.
 * @throws LockError where it shows a heartbeat, or nobody is sure that it is dead.
 */
export async function unlockRemote(job: JobSettings, options: UnlockOptions): Promise<boolean> {
  const { force, sure, signal, say } = options;
  const remote = remoteOf({ server: { ...job.server, connections: 1 }, remote: job.remote });
  try {
    await remote.open(signal);
    const look = () => inspectServerLock(remote, beatOf(job.serverLock?.staleAfter ?? BEAT * BEATS));
    let held = await look();
    if (held === null) return false;
    const holder = sayHolder(held.notice);
    if (held.life === 'still' && !force) {
      if (!(await sure(holder))) {
        throw new LockError(
          `the lock on the server was not removed: no heartbeat was seen, but the run that holds it (${holder}) may have ` +
            `only one connection, which is busy. Make sure that it is gone, then "ferry unlock ${printable(job.name)} --yes"`,
        );
      }
      // It may have moved while that was asked.
      held = await look();
      if (held === null) return false;
    }
    if (held.life === 'alive' && !force) {
      throw new LockError(
        `the lock on the server was not removed: it is alive, held by ${sayHolder(held.notice)}. ` +
          `Wait for it, or stop it; "ferry unlock ${printable(job.name)} --force" removes it, and that run will stop`,
      );
    }
    say(sayHolder(held.notice));
    await breakServerLock(remote, held);
    return true;
  } finally {
    await remote.close();
  }
}

/** Where the log of this run can be read, as CI services say it. */
function runOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CI_JOB_URL } = env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID) {
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  }
  return CI_JOB_URL;
}
