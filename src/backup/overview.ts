/** What there is of a backup: its snapshots, one that is not finished, and what is wrong with any. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSettings } from '../config/settings.ts';
import { openLocal } from '../local/index.ts';
import { printable, type RelPath, StateError } from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { readManifest } from './manifest.ts';
import { several } from './several.ts';
import { homeOf, type Oddity, readStore, type Snapshot, unfinishedIn } from './store.ts';
import { readMarker } from './work-folder.ts';

export interface Unfinished {
  /** ISO 8601, UTC. */
  readonly begun: string;
  /** What is there so far. */
  readonly files: number;
  readonly bytes: number;
}

export interface Overview {
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  readonly oddities: readonly Oddity[];
  readonly unfinished: Unfinished | undefined;
}

/** @throws UsageError where the job is no backup by pulling; LocalError. */
export async function snapshotsOf(job: JobSettings): Promise<Overview> {
  const home = homeOf(job);
  const marker = await readMarker(home);
  const unfinished = marker && { begun: marker.begun, ...(await countIn(unfinishedIn(home))) };
  return { ...(await readStore(home)), unfinished };
}

async function countIn(folder: string): Promise<{ files: number; bytes: number }> {
  const count = { files: 0, bytes: 0 };
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  await several(entries, 8, async (entry) => {
    if (!entry.isFile() || entry.parentPath === join(folder, OWN_FOLDER)) return;
    const stats = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (!stats) return;
    count.files++;
    count.bytes += stats.size;
  });
  return count;
}

/** What is wrong with one file of a snapshot. */
export interface Damage {
  readonly path: RelPath;
  readonly why: string;
}

/** Reads all of a snapshot, and holds it against its manifest. @throws what the signal was aborted for. */
export async function inspect(snapshot: Snapshot, signal: AbortSignal): Promise<readonly Damage[]> {
  const damaged: Damage[] = [];
  try {
    const { files } = await readManifest(snapshot.root);
    const local = await openLocal(snapshot.root);
    await several(files.values(), 4, async ({ path, sha256 }) => {
      signal.throwIfAborted();
      const found = await local.sha256(path).catch((error: unknown) => (error as Error).message);
      if (found !== sha256) {
        damaged.push({ path, why: /^[0-9a-f]{64}$/.test(found) ? 'its content is not what was backed up' : found });
      }
    });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    damaged.push({ path: '' as RelPath, why: printable(error.message) });
  }
  return damaged;
}
