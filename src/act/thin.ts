/**
 * Lets kept versions go that no rule keeps. Where two releases become one, that is written down first; only then the
 * files go over, each by a rename to a name that is free, and last goes what nothing needs. Cut off anywhere, what is
 * written down says where each file is (`Kept.of`), and the next time ends it.
 */
import type { Keep } from '../diff/index.ts';
import {
  isWithin,
  lineage,
  MismatchError,
  parentOf,
  type RelPath,
  ReplyError,
  type Tell,
  UntrustedError,
} from '../model/index.ts';
import { endOf, keeps, keptPath, type Manifest, missingBetween, type Release, VERSIONS } from './manifest.ts';
import { isSameOld, joined, type State, statesOf, thinningOf } from './thinning.ts';
import type { VersionShelf } from './version-shelf.ts';

export interface Thinned {
  /** The oldest first. */
  readonly states: readonly State[];
  /** What could not be done, in words; each was said as a warning, too. */
  readonly failures: readonly string[];
}

/** Failures that leave what is there as it is, for another time. */
function isForLater(error: unknown): error is Error {
  return [ReplyError, UntrustedError, MismatchError].some((kind) => error instanceof kind);
}

/** What cannot be let go is said, and is no reason to fail. */
export async function thin(shelf: VersionShelf, keep: Keep, tell: Tell): Promise<Thinned> {
  const failures: string[] = [];
  const attempt = async <T>(what: string, step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      if (!isForLater(error)) throw error;
      const message = `${what} could not be removed: ${error.message}`;
      failures.push(message);
      tell({ type: 'warning', message });
      return undefined;
    }
  };
  const releases = await attempt('old versions', () => shelf.releases());
  if (!releases) return { states: [], failures };
  const { whole, takenIn, unwritten } = releases;
  for (const one of unwritten) {
    await attempt(`what was left of ${one.release}, which was cut off`, () => shelf.removeUnwritten(one));
  }
  for (const release of whole) {
    if (takenIn.some((one) => isIn(one, release)))
      await attempt(`what the old version ${release.release} took in`, async () =>
        clearAway(shelf, await shelf.read(release)),
      );
  }
  const states = statesOf(whole, keep);
  const { drop, join } = thinningOf(states);
  for (const release of drop) {
    await attempt(`the old version ${release.release}`, async () => {
      // One that cannot be read is of no more use.
      const manifest = await shelf.read(release).catch((error) => {
        if (!(error instanceof UntrustedError)) throw error;
      });
      await shelf.removeFolder(release.release, manifest?.kept);
      await shelf.removeManifest(release);
    });
  }
  for (const [first, ...others] of join) {
    await attempt(`what lies between the old version ${first.release} and the next`, async () => {
      let one = await shelf.read(first);
      for (const other of others) one = await takeIn(shelf, one, await shelf.read(other));
    });
  }
  return { states, failures };
}

function isIn(one: Release, release: Release): boolean {
  return release.until !== undefined && release.release <= one.release && one.release <= release.until;
}

async function takeIn(shelf: VersionShelf, earlier: Manifest, later: Manifest): Promise<Manifest> {
  const missing = missingBetween(endOf(earlier), later);
  if (missing !== undefined)
    throw new UntrustedError(
      `between ${earlier.release} and ${later.release} there was ${missing}, which is not there`,
    );
  const isThere = await presence(shelf, [earlier, later].flatMap(placesOf));
  const manifest = joined(earlier, later, (of, one) => keeps(one) && isThere(keptPath(of.release, one.path)));
  await shelf.withLane((lane) => shelf.write(lane, manifest));
  await clearAway(shelf, manifest);
  return manifest;
}

function placesOf({ release, kept }: Manifest): RelPath[] {
  return kept.filter(keeps).map(({ path }) => keptPath(release, path));
}

/** Asks which of these are there. @throws UntrustedError where that cannot be told. */
async function presence(shelf: VersionShelf, paths: readonly RelPath[]): Promise<(path: RelPath) => boolean> {
  const there = new Set<RelPath>();
  for (const [path, sighting] of await shelf.sight(paths)) {
    if (sighting.found === 'unknown')
      throw new UntrustedError(`the server does not tell of ${path}: ${sighting.because}`);
    if (sighting.found === 'present') there.add(path);
  }
  return (path) => there.has(path);
}

/** Brings over what was kept in the folders of those that it took in, and removes what is left of them. */
async function clearAway(shelf: VersionShelf, manifest: Manifest): Promise<void> {
  const { whole, takenIn } = await shelf.releases();
  for (const one of takenIn.filter((other) => isIn(other, manifest))) {
    if (one.release !== manifest.release) {
      const over = manifest.kept.filter((kept) => keeps(kept) && kept.of === one.release);
      await move(
        shelf,
        over.map(({ path }) => [keptPath(one.release, path), keptPath(manifest.release, path)]),
      );
      const gone = await shelf.read(one);
      await giveBack(shelf, manifest, gone, whole);
      await shelf.removeFolder(one.release, gone.kept);
    }
    await shelf.removeManifest(one);
  }
}

/**
 * What a release kept went back to its place when it was taken back, and was kept anew by whatever replaced it there. Where
 * that is to go, it returns to where it was kept first: the newest that lacks it, for those before look for it there.
 */
async function giveBack(shelf: VersionShelf, to: Manifest, gone: Manifest, whole: readonly Release[]): Promise<void> {
  const { tookBack = [] } = to;
  const lenders = whole.filter((one) => tookBack.some((release) => one.release <= release && release <= endOf(one)));
  for (const lender of [...lenders].reverse()) {
    const { release, kept } = await shelf.read(lender);
    const lent = new Map(kept.map((one) => [one.path, one]));
    const same = gone.kept.filter((one) => lent.has(one.path) && isSameOld(lent.get(one.path)!, one));
    const isThere = await presence(
      shelf,
      same.map(({ path }) => keptPath(release, path)),
    );
    const missing = same.map(({ path }) => path).filter((path) => !isThere(keptPath(release, path)));
    await move(
      shelf,
      missing.map((path) => [keptPath(gone.release, path), keptPath(release, path)]),
    );
  }
}

/** Renames what is there, never over another. */
async function move(shelf: VersionShelf, all: readonly (readonly [from: RelPath, to: RelPath])[]): Promise<void> {
  const isThere = await presence(shelf, all.flat());
  const moves = all.filter(([from]) => isThere(from));
  const taken = moves.find(([, to]) => isThere(to));
  if (taken) throw new UntrustedError(`both ${taken[0]} and ${taken[1]} are there; look which one is wanted`);
  if (moves.length === 0) return;
  const folders = new Set<RelPath>();
  for (const [, to] of moves) {
    for (const at of [...lineage(parentOf(to))].reverse())
      if (at !== VERSIONS && isWithin(at, VERSIONS)) folders.add(at);
  }
  await shelf.withLane(async (lane) => {
    await Promise.all([...folders].map((folder) => lane.makeDirectory(folder)));
    await Promise.all(moves.map(([from, to]) => lane.rename(from, to)));
  });
}
