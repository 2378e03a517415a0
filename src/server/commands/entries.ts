// The entries of a folder as all listings show them: which are shown, and as what.
import type { Stats } from 'node:fs';
import { native } from '../filesystem.ts';
import type { FactSource } from '../format/facts.ts';
import type { Place } from '../sandbox.ts';
import type { Session } from '../session.ts';
import { isLeftover } from '../upload.ts';

export interface ShownEntry {
  readonly name: string;
  readonly path: string;
  readonly real: string;
  readonly stats: Stats;
  readonly link: string | undefined;
}

// After so many entries the event loop gets its turn.
const turn = 200;

/**
 * The entries of one folder, sorted by name, in portions. Left out: names that would break a listing's lines, temporary files
 * of uploads under way, what vanished meanwhile; with `links: 'follow'` also links that lead nowhere or out of the home.
 */
export async function* entriesOf(session: Session, folder: Place): AsyncGenerator<ShownEntry[]> {
  const { fileSystem } = session.host.settings;
  const names = (await fileSystem.readdir(native(folder.real))).filter((name) => !/[\r\n]/.test(name)).sort();
  for (let from = 0; from < names.length; from += turn) {
    const shown: ShownEntry[] = [];
    for (const name of names.slice(from, from + turn)) {
      const entry = await shownEntry(session, folder, name);
      if (entry !== undefined) shown.push(entry);
    }
    yield shown;
    if (from + turn < names.length) await new Promise(setImmediate);
  }
}

// A server that was killed leaves the temporary files of its uploads. They are shown to nobody, and go after a day.
const leftoverAge = 24 * 3600 * 1000;

async function shownEntry(session: Session, folder: Place, name: string): Promise<ShownEntry | undefined> {
  const { host } = session;
  const path = `${folder.path === '/' ? '' : folder.path}/${name}`;
  const real = `${folder.real === '/' ? '' : folder.real}/${name}`;
  if (host.temporary.has(real)) return undefined;
  try {
    const stats = await host.settings.fileSystem.lstat(native(real));
    if (stats === undefined) return undefined;
    if (host.settings.temporaryUploads && isLeftover(name) && stats.isFile()) {
      const old = Date.now() - stats.mtimeMs > leftoverAge;
      if (old) await host.settings.fileSystem.unlink(native(real)).catch(() => {});
      return undefined;
    }
    return { name, path, real, ...(await shownAs(session, { path, real, stats })) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function shownAs(
  session: Session,
  place: Place & { stats: Stats },
): Promise<{ stats: Stats; link: string | undefined }> {
  const { stats } = place;
  if (!stats.isSymbolicLink()) return { stats, link: undefined };
  if (session.host.settings.links === 'follow') {
    const target = await session.sandbox.existing(place.path);
    return { stats: target.stats, link: undefined };
  }
  return { stats, link: await session.sandbox.linkText(place.real) };
}

function isGone(error: unknown): boolean {
  if (error instanceof Error && error.name === 'Refusal') return true;
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR';
}

/** What MLST and MLSD print of one place. */
export async function listedFacts(session: Session, place: Place & { stats: Stats }): Promise<FactSource> {
  const { stats, link } = await shownAs(session, place);
  return factsOf(session, { ...place, name: '', stats, link });
}

export function factsOf(session: Session, entry: ShownEntry): FactSource {
  return {
    stats: entry.stats,
    permissions: session.user?.permissions.at(entry.path) ?? '',
    mtime: session.told(entry.stats.mtimeMs),
    fractions: session.host.settings.fractions,
    link: entry.link,
  };
}
