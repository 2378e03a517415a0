/** The remote side of a job, and its folder there. */
import type { JobSettings } from '../config/settings.ts';
import { connectFtp } from '../ftp/remote.ts';
import { FerryError, type Remote, ReplyError } from '../model/index.ts';

/** Not connected yet. */
export function remoteOf(job: Pick<JobSettings, 'server' | 'remote'>, wire?: (line: string) => void): Remote {
  return connectFtp({ ...job.server, root: job.remote, ...(wire ? { wire } : {}) });
}

/**
 * Makes the remote folder of a job where it is missing; false where it was there. @throws what says which one, and what
 * to do.
 */
export async function makeRoot(remote: Remote, job: JobSettings, signal: AbortSignal): Promise<boolean> {
  try {
    return await remote.makeRoot(signal);
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable) throw error;
    throw new FerryError(
      'reply',
      `the remote folder of ${job.remoteUrl} is not there and cannot be made: ${error.message}; check the path and what this user may do there, or make it yourself`,
      { cause: error },
    );
  }
}
