/** The server of a push job, with what it keeps there: connected for one verb, without the local side and what a run remembers. */
import { VersionShelf } from '../act/version-shelf.ts';
import type { JobSettings } from '../config/settings.ts';
import { type Memory, type Remote, type Tell, UsageError } from '../model/index.ts';
import { retrying } from '../queue/index.ts';
import { memoryInRam } from '../state/index.ts';
import { connect, keepOf, lockJob, lockRemote, waitingFor } from '../sync/index.ts';

export interface SessionOptions {
  readonly tell: Tell;
  readonly signal: AbortSignal;
  /** Where states are kept; the user's state folder otherwise. */
  readonly stateBase?: string;
  readonly wire?: (line: string) => void;
}

export interface RemoteSession {
  readonly remote: Remote;
  readonly shelf: VersionShelf;
  /** Remembers for as long as the session lasts. */
  readonly memory: Memory;
  readonly signal: AbortSignal;
}

/**
 * @param locked whether no run of the job may go on meanwhile, on this machine or, where the job locks its server, on any
 * @throws UsageError for a job that keeps nothing on its server; LockError; ConnectError, LoginError, TlsError; whatever
 * `body` throws.
 */
export async function onServer<T>(
  job: JobSettings,
  { tell, signal, stateBase, wire }: SessionOptions,
  locked: boolean,
  body: (session: RemoteSession) => Promise<T>,
): Promise<T> {
  if (keepOf(job) === undefined) {
    throw new UsageError(
      `the job ${job.name} keeps nothing of what its pushes replace; "backup": {} in the configuration keeps it from now on`,
    );
  }
  const lock = locked ? await waitingFor(() => lockJob(job, stateBase), job, { tell, signal }) : undefined;
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  try {
    const remoteLock = locked ? await lockRemote(job, { tell, signal, wire }) : undefined;
    if (remoteLock) remoteLock.onLost = (error) => stop.abort(error);
    try {
      const settings = remoteLock?.job ?? job;
      const options = { ...(wire === undefined ? {} : { wire }) };
      const connected = await retrying(() => connect(settings, options, until), {
        attempts: job.retries + 1,
        signal: until,
      });
      const remote = remoteLock ? remoteLock.guard(connected) : connected;
      const memory = memoryInRam();
      try {
        const shelf = new VersionShelf({ pair: { remote, memory }, job: job.name, signal: until });
        return await body({ remote, shelf, memory, signal: until });
      } finally {
        // Where it has no connection of its own, the lock goes before that is closed.
        if (remoteLock?.shared) await remoteLock.release();
        await connected.close();
      }
    } finally {
      await remoteLock?.release();
    }
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    await lock?.release();
  }
}
