/**
 * The folder that the next snapshot is made in: `.ferry/unfinished` below that of the snapshots. A marker in it says since
 * when and from which snapshot it is being filled, and whether that is done: a run that was cut off is gone on from.
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { localError } from '../local/failure.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { readManifest } from './manifest.ts';
import { syncFolder, unfinishedIn } from './store.ts';

const MARKER = 'unfinished.json';

export interface Marker {
  /** ISO 8601, UTC. */
  readonly begun: string;
  /** The snapshot that it is filled from; null for the first one. */
  readonly from: string | null;
  /** Whether all is taken over that is to be. */
  readonly filled: boolean;
}

/** What is known of an unfinished snapshot; undefined where there is none, or it was not begun in earnest. */
export async function readMarker(home: string): Promise<Marker | undefined> {
  try {
    const text = await readFile(join(unfinishedIn(home), OWN_FOLDER, MARKER), 'utf8');
    const marker = JSON.parse(text) as Marker;
    return typeof marker.begun === 'string' && typeof marker.filled === 'boolean' ? marker : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What an earlier run left to go on from: a folder that is filled. One that was finished but for its name is, too. What is
 * anything less is removed: filled by halves, from whatever snapshot, it would be in the way. @throws LocalError.
 */
export async function takeUp(home: string): Promise<Marker | undefined> {
  const marker = (await readMarker(home)) ?? (await markerOfFinished(home));
  if (marker?.filled) return marker;
  try {
    await rm(unfinishedIn(home), { recursive: true, force: true });
  } catch (error) {
    throw localError(error, 'remove', unfinishedIn(home));
  }
  return undefined;
}

/** A run that was cut off between taking its marker away and giving the snapshot its name has left a whole manifest. */
async function markerOfFinished(home: string): Promise<Marker | undefined> {
  const manifest = await readManifest(unfinishedIn(home)).catch(() => undefined);
  if (!manifest) return undefined;
  const { began, previous = null } = manifest.header;
  const marker: Marker = { begun: began, from: previous, filled: true };
  await writeMarker(home, marker);
  return marker;
}

/** When an unfinished snapshot was last worked on, in ms since the epoch; undefined where there is none. */
export async function unfinishedSince(home: string): Promise<number | undefined> {
  return (await stat(unfinishedIn(home)).catch(() => undefined))?.mtimeMs;
}

/** Makes the folder where it is missing, and notes how far it is. @throws LocalError. */
export async function writeMarker(home: string, marker: Marker): Promise<void> {
  const folder = join(unfinishedIn(home), OWN_FOLDER);
  try {
    await mkdir(unfinishedIn(home), { recursive: true });
    await mkdir(folder, { recursive: true });
    const temporary = join(folder, `${MARKER}.new`);
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(marker)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, join(folder, MARKER));
    await syncFolder(folder);
  } catch (error) {
    throw localError(error, 'begin a snapshot in', unfinishedIn(home));
  }
}

/** A snapshot that is finished has none. */
export async function dropMarker(work: string): Promise<void> {
  await rm(join(work, OWN_FOLDER, MARKER), { force: true });
  await rm(join(work, OWN_FOLDER, `${MARKER}.new`), { force: true });
}
