/**
 * Makes a snapshot of the folder that a run has made like the server: what is stored is held against what arrived, a
 * manifest says what there is, all of it is on the disk, and only then it gets its name.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSettings } from '../config/settings.ts';
import { type Filter, textsOf } from '../diff/index.ts';
import { isAbsence, localError } from '../local/failure.ts';
import { type Entry, fingerprintOf, LocalError, type Pair, printable, type RelPath } from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { type Header, type Manifest, type StoredFile, writeManifest } from './manifest.ts';
import { nameOfTime, SECOND } from './name.ts';
import { several } from './several.ts';
import { type Snapshot, syncFolder } from './store.ts';
import { survey } from './survey.ts';
import { dropMarker } from './work-folder.ts';

/** Files that are read, and folders that are synced, at a time. */
const WIDTH = 4;

export interface Finishing {
  readonly job: JobSettings;
  /** Where the snapshots are. */
  readonly home: string;
  /** Where it was made. */
  readonly work: string;
  readonly pair: Pair;
  readonly filter: Filter;
  readonly previous:
    | { readonly snapshot: Snapshot; readonly manifest: Manifest; readonly look: Pair['local'] }
    | undefined;
  /** When the run began, in ms since the epoch. */
  readonly began: number;
  /** The time of the newest snapshot, which this one comes after. */
  readonly newest: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Resolves with the header of the snapshot. @throws LocalError; what the signal was aborted for. */
export async function finish(finishing: Finishing): Promise<Header> {
  const { job, home, work, pair, filter, previous, began, newest, signal } = finishing;
  const admits = filter.admits.bind(filter);
  const found = await survey(pair.local, admits, signal);
  await pair.local.flush();
  const files = new Map<RelPath, StoredFile>();
  const fresh = { files: 0, bytes: 0 };
  await several(found.files, WIDTH, async (entry) => {
    signal.throwIfAborted();
    const shared = await sharedWith(previous, entry);
    const stored = shared ?? (await arrived(finishing, entry));
    if (!shared) {
      fresh.files++;
      fresh.bytes += stored.size;
    }
    files.set(entry.path, stored);
  });
  const name = freeName(home, Math.max(began, newest + SECOND));
  const header: Header = {
    ferry: 'snapshot',
    version: 1,
    snapshot: name,
    job: job.name,
    remote: job.remoteUrl,
    began: new Date(began).toISOString(),
    finished: new Date(finishing.now()).toISOString(),
    ...(previous === undefined ? {} : { previous: previous.snapshot.name }),
    files: files.size,
    directories: found.directories.length,
    bytes: [...files.values()].reduce((sum, { size }) => sum + size, 0),
    newFiles: fresh.files,
    newBytes: fresh.bytes,
    changed: previous === undefined || differs(previous.manifest, files, found.directories),
  };
  try {
    await writeManifest(work, { header, files, directories: found.directories });
    await dropMarker(work);
    await several(['', OWN_FOLDER, ...found.directories], WIDTH, (at) => syncFolder(join(work, at)));
    signal.throwIfAborted();
    await rename(work, join(home, name));
    await syncFolder(home);
    await syncFolder(join(home, OWN_FOLDER));
  } catch (error) {
    if (signal.aborted) throw error;
    throw localError(error, 'finish the snapshot', join(home, name));
  }
  return header;
}

/** What the manifest of the previous snapshot says of a file, if it is the very same one. */
async function sharedWith(previous: Finishing['previous'], entry: Entry): Promise<StoredFile | undefined> {
  const known = previous?.manifest.files.get(entry.path);
  if (previous === undefined || known === undefined) return undefined;
  if (known.size !== entry.size || known.mtime !== entry.mtime) return undefined;
  const there = await previous.look.look(entry.path).catch((error: unknown) => {
    if (isAbsence(error)) return null;
    throw error;
  });
  return there !== null && sameVersion(fingerprintOf(there), fingerprintOf(entry)) ? known : undefined;
}

/**
 * What is known of a file that the previous snapshot does not have. What was hashed on its way is not read again: that would
 * show what the system has in its memory, and not what is on the disk.
 * @throws LocalError where it is not what arrived; it is fetched anew by the next run.
 */
async function arrived({ job, pair }: Finishing, entry: Entry): Promise<StoredFile> {
  const { path, mtime } = entry;
  const size = entry.size ?? 0;
  const agreed = await pair.memory.get(path);
  if (agreed !== undefined && agreed.remote.size !== size && !textsOf(job.ascii)(path)) {
    await pair.local.remove(path);
    throw new LocalError(
      `${printable(path)} has ${size} bytes on the disk, and ${agreed.remote.size} arrived; it was taken away, and the next run fetches it anew`,
      'EIO',
    );
  }
  const untouched = agreed !== undefined && sameVersion(agreed.local, fingerprintOf(entry));
  const sha256 = (untouched ? agreed.sha256 : undefined) ?? (await pair.local.sha256(path));
  return { path, size, mtime: mtime ?? 0, sha256 };
}

function differs(before: Manifest, files: ReadonlyMap<RelPath, StoredFile>, directories: readonly RelPath[]): boolean {
  if (before.files.size !== files.size || before.directories.length !== directories.length) return true;
  const known = new Set(before.directories);
  if (directories.some((path) => !known.has(path))) return true;
  for (const { path, sha256 } of files.values()) if (before.files.get(path)?.sha256 !== sha256) return true;
  return false;
}

/** Names are taken one by one: nothing of that name may be there, whatever it is. */
function freeName(home: string, from: number): string {
  let time = from;
  while (existsSync(join(home, nameOfTime(time)))) time += SECOND;
  return nameOfTime(time);
}
