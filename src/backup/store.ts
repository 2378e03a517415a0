/**
 * The folder of a pulled backup: a folder a snapshot, named by its time, and `.ferry` with what is under way. What is
 * neither a snapshot by its name nor by its manifest is nobody's business here.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSettings } from '../config/settings.ts';
import { localError } from '../local/failure.ts';
import { LocalError, StateError, systemReason, UsageError } from '../model/index.ts';
import { acquireLock, type Lock, OWN_FOLDER } from '../state/index.ts';
import { type Header, readHeader } from './manifest.ts';
import { timeOfName } from './name.ts';

/** A snapshot that was finished. */
export interface Snapshot {
  readonly name: string;
  /** ms since the epoch, UTC. */
  readonly time: number;
  /** Absolute path of its tree. */
  readonly root: string;
  readonly header: Header;
}

/** What is named like a snapshot, and is none. */
export interface Oddity {
  readonly name: string;
  readonly why: string;
}

export interface Stored {
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  readonly oddities: readonly Oddity[];
}

/** Where the next snapshot comes to be; a run that was cut off leaves it for the next one. */
export function unfinishedIn(home: string): string {
  return join(home, OWN_FOLDER, 'unfinished');
}

/** Where snapshots are that are being removed. */
export function removingIn(home: string): string {
  return join(home, OWN_FOLDER, 'removing');
}

/** The snapshots of a folder; none where it is missing. @throws LocalError where it cannot be read. */
export async function readStore(home: string): Promise<Stored> {
  const snapshots: Snapshot[] = [];
  const oddities: Oddity[] = [];
  for (const name of (await namesIn(home)).sort()) {
    const time = timeOfName(name);
    if (time === undefined) continue;
    const root = join(home, name);
    try {
      const header = await readHeader(root);
      if (header.snapshot !== name) throw new StateError(`its manifest is that of ${header.snapshot}`);
      snapshots.push({ name, time, root, header });
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      oddities.push({ name, why: error.message });
    }
  }
  return { snapshots, oddities };
}

async function namesIn(home: string): Promise<string[]> {
  try {
    const entries = await readdir(home, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new LocalError(`cannot read the folder of the snapshots, ${home}: ${systemReason(error)}`, code, {
      cause: error,
    });
  }
}

/** Where the snapshots of a job are. @throws UsageError where the job keeps none, or keeps them on the server. */
export function homeOf({ name, direction, backup, local }: JobSettings): string {
  if (backup === undefined) throw notABackup(name);
  if (direction !== 'pull') throw new UsageError(`the job ${name} is a ${direction}, and keeps nothing here`);
  return local;
}

/** Whether a job makes snapshots here, of what a server holds. */
export function makesSnapshots({ direction, backup }: JobSettings): boolean {
  return backup !== undefined && direction === 'pull';
}

/** For a job that is no backup. */
export function notABackup(name: string): UsageError {
  return new UsageError(
    `the job ${name} is no backup; "backup": { "keep": { "daily": 7 } } in its configuration makes it one`,
  );
}

/** Made with the rights of any folder: what Ferry has for itself in it is private. @throws LocalError. */
export async function makeFolder(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
  } catch (error) {
    throw localError(error, 'make the folder of the snapshots', home);
  }
}

/** Keeps all others from changing a folder of snapshots, whichever job they do it for. @throws LockError. */
export function lockStore(home: string, job: string): Promise<Lock> {
  return acquireLock(join(home, OWN_FOLDER), { job });
}

/** Makes the names in a folder durable, where the system can do that. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32' || !existsSync(folder)) return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}
