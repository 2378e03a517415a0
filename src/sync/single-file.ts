/** A job keeps folders in step. Whoever names a single file is told of the tool for that. */
import { stat } from 'node:fs/promises';
import type { JobSettings } from '../config/settings.ts';
import { type Direction, printable, type Remote, ROOT, UsageError } from '../model/index.ts';

/** @throws UsageError where the local side is a file. */
export async function refuseLocalFile(job: Pick<JobSettings, 'local' | 'remoteUrl' | 'direction'>): Promise<void> {
  const here = await stat(job.local).catch(() => undefined);
  if (here?.isFile()) throw singleFile(job.local, 'push', job);
}

/** To be asked where the remote folder could not be entered. @throws UsageError where it is a file. */
export async function refuseRemoteFile(
  remote: Remote,
  job: Pick<JobSettings, 'local' | 'remoteUrl' | 'direction'>,
  signal: AbortSignal,
): Promise<void> {
  const [sighting] = await remote.sight([ROOT], signal);
  if (sighting?.found === 'present' && sighting.entry.kind === 'file') throw singleFile(job.remoteUrl, 'pull', job);
}

/** `source`: in which direction it would be what is copied. */
function singleFile(
  which: string,
  source: 'push' | 'pull',
  { direction, local, remoteUrl }: Parameters<typeof refuseLocalFile>[0],
): UsageError {
  const tools: Readonly<Record<Direction, string>> = {
    push: `ferry put ${local} ${remoteUrl}`,
    pull: `ferry get ${remoteUrl} ${local}`,
    sync: 'ferry get or ferry put',
  };
  const what = `${which} is a file, and ferry ${direction} keeps folders in step`;
  if (direction !== 'sync' && direction !== source) return new UsageError(printable(`${what}; name a folder instead`));
  return new UsageError(printable(`${what}; to copy one file: ${tools[direction]}`));
}
