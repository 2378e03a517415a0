/**
 * The small file beside the store that vouches for it. It is written once the store can hold records, so a store without
 * one never held any and may be made anew; one with it that cannot be read is damaged and is never taken for empty.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../model/index.ts';

/** The way records are stored, as this version writes it. */
export const FORMAT = 1;

export interface Marker {
  readonly format: number;
  /** Counts the runs that wrote; the store has the same number. A store with a smaller one has lost a run. */
  readonly session: number;
  /** How many records the store held when it was last closed; null while it is open, or after a kill. */
  readonly records: number | null;
}

const NAME = 'format.json';

/** Undefined where there is none. Rejects with a StateError where it cannot be understood. */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, NAME), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const marker = parse(text);
  if (!marker) throw new StateError(`${NAME} is damaged`);
  return marker;
}

function parse(text: string): Marker | undefined {
  try {
    const { format, session, records } = JSON.parse(text) as Record<string, unknown>;
    if (typeof format !== 'number') return undefined;
    // A newer version may have other fields: its number alone is enough to refuse it.
    return {
      format,
      session: typeof session === 'number' ? session : 0,
      records: typeof records === 'number' ? records : null,
    };
  } catch {
    return undefined;
  }
}

/** Replaces the marker as a whole, durably. */
export async function writeMarker(directory: string, marker: Marker): Promise<void> {
  const path = join(directory, NAME);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncDirectory(directory);
}

async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return; // cannot be done there
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
