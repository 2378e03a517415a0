/** What is under one path on a server, whatever the server has to say it with. */
import {
  type Entry,
  FerryError,
  nameOf,
  parentOf,
  type RelPath,
  type Remote,
  ReplyError,
  ROOT,
} from '../model/index.ts';

/**
 * Null where nothing is. MLST tells of that very path; without it the listing of its folder says what it is, as SIZE
 * is answered for folders too, and MDTM tells its time more exactly. Rejects where that cannot be found out.
 */
export async function lookAt(remote: Remote, path: RelPath, signal: AbortSignal): Promise<Entry | null> {
  if (path === ROOT) return root(remote, signal);
  const [sighting] = await remote.sight([path], signal);
  if (sighting?.found === 'absent') return null;
  if (sighting?.found !== 'present') {
    // A folder that may be entered but not asked about, as some servers have their users' home.
    throw new FerryError('reply', `${nameOf(path)}: ${sighting?.because ?? 'the server does not say'}`);
  }
  const { entry } = sighting;
  if (entry.stamps.mlst !== undefined || remote.capabilities.mlst) return entry;
  const listing = await remote.list(parentOf(path), signal).catch((error) => {
    if (error instanceof ReplyError) return undefined;
    throw error;
  });
  const listed = listing?.entries.find((one) => one.path === path);
  if (listed?.kind !== 'file') return listed ?? entry;
  const { mtime, precision, zoned, stamps } = entry.mtime === null ? listed : entry;
  return {
    ...listed,
    mtime,
    precision,
    zoned,
    stamps: { ...listed.stamps, ...stamps },
    size: entry.size ?? listed.size,
  };
}

/** The top cannot be asked about on many servers, but listed. */
async function root(remote: Remote, signal: AbortSignal): Promise<Entry> {
  await remote.list(ROOT, signal);
  return { path: ROOT, kind: 'directory', size: null, mtime: null, precision: 1, zoned: false, stamps: {} };
}

/** What a link on the server leads to: a folder if it can be listed, else a file. */
export async function followed(remote: Remote, entry: Entry, signal: AbortSignal): Promise<Entry> {
  if (entry.kind !== 'link') return entry;
  try {
    await remote.list(entry.path, signal);
    return { ...entry, kind: 'directory', size: null };
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable) throw error;
  }
  const lane = await remote.lane(signal);
  try {
    const { size, mtime, stamps } = await lane.inspect(entry.path);
    return { ...entry, kind: 'file', size, mtime, precision: 1000, zoned: mtime !== null, stamps };
  } finally {
    lane.release();
  }
}
