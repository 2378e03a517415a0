/**
 * What was on the server at a time, as the releases after it tell: the first of them that did something to a path says
 * what was there before; a path that none of them names is what it is now. Pure.
 */
import { isHash, type Kept, keeps, keptPath, type Manifest } from '../act/manifest.ts';
import { isSameOld } from '../act/thinning.ts';
import { type Entry, type Fingerprint, fingerprintOf, type RelPath, type Sighting } from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';

/** What was under a path, and where it is now. */
export type Was =
  | { readonly found: 'absent' }
  | { readonly found: 'present'; readonly entry: Entry; readonly sha256?: string }
  /** It was there and is kept nowhere, or nobody can tell. */
  | { readonly found: 'lost'; readonly why: string };

/** What is under a path on the server now, as far as anybody asked. */
export type Look = (path: RelPath) => Sighting | undefined;

export class RemotePast {
  readonly #releases: readonly { readonly manifest: Manifest; readonly byPath: ReadonlyMap<RelPath, Kept> }[];
  readonly #movedOn: readonly ReadonlyMap<RelPath, RelPath>[];

  /** @param manifests of the releases after the time, the oldest first */
  constructor(manifests: readonly Manifest[]) {
    this.#releases = manifests.map((manifest) => ({ manifest, byPath: strongest(manifest.kept) }));
    this.#movedOn = manifests.map(
      ({ kept }) => new Map(kept.flatMap(({ from, path }) => (from === undefined ? [] : [[from, path] as const]))),
    );
  }

  /** Every path that any of the releases says something of. */
  get paths(): Set<RelPath> {
    return new Set(
      this.#releases.flatMap(({ manifest }) =>
        manifest.kept.flatMap(({ did, path, from }) =>
          did === 'made' ? [] : from === undefined ? [path] : [path, from],
        ),
      ),
    );
  }

  /** Where on the server what was under a path may lie: all of these have to be asked for. */
  placesOf(path: RelPath): RelPath[] {
    const places = new Set<RelPath>([path]);
    for (const [index, { manifest, byPath }] of this.#releases.entries()) {
      for (const place of placesIn(manifest, byPath.get(path))) places.add(place);
      for (const one of sparesOf(manifest, path)) places.add(keptPath(one.of!, path));
      const next = this.#movedOn[index]!.get(path);
      if (next !== undefined) for (const place of this.placesOf(next)) places.add(place);
    }
    return [...places];
  }

  was(path: RelPath, look: Look): Was {
    return this.#after(0, path, look);
  }

  #after(index: number, path: RelPath, look: Look): Was {
    const release = this.#releases[index];
    if (!release) return now(path, look);
    const one = release.byPath.get(path);
    if (one && keeps(one)) return this.#kept(index, one, look);
    const next = this.#movedOn[index]!.get(path);
    if (next !== undefined) return this.#after(index + 1, next, look);
    return one ? { found: 'absent' } : this.#after(index + 1, path, look);
  }

  #kept(index: number, one: Kept, look: Look): Was {
    // Where the release never came to it, or was taken back, the same version was kept by a later one, or is there now.
    for (const { manifest, byPath } of this.#releases.slice(index)) {
      const other = byPath.get(one.path);
      const isSame = other !== undefined && (other === one || isSameOld(one, other));
      const spares = sparesOf(manifest, one.path).filter((spare) => isSameOld(one, spare));
      const places = [
        ...(isSame ? placesIn(manifest, other) : []),
        ...spares.map((spare) => keptPath(spare.of!, one.path)),
      ];
      for (const place of places) {
        const sighting = look(place);
        if (sighting?.found === 'unknown') return lost(sighting.because);
        if (sighting?.found === 'present') return present(sighting.entry, one);
      }
    }
    const there = now(one.path, look);
    if (there.found === 'lost') return there;
    if (there.found === 'present' && one.was && sameVersion(fingerprintOf(there.entry), one.was)) {
      return present(there.entry, one);
    }
    return lost('it was not kept when it was replaced or deleted');
  }
}

/** What was kept says more than that something was added: a file may have made way for a folder in the same release. */
function strongest(kept: readonly Kept[]): Map<RelPath, Kept> {
  const found = new Map<RelPath, Kept>();
  for (const one of kept) {
    if (one.did === 'made') continue;
    if (!found.has(one.path) || keeps(one)) found.set(one.path, one);
  }
  return found;
}

function placesIn({ release }: Manifest, one: Kept | undefined): RelPath[] {
  if (!one || !keeps(one)) return [];
  return [keptPath(release, one.path), ...(one.of === undefined ? [] : [keptPath(one.of, one.path)])];
}

function sparesOf({ spare = [] }: Manifest, path: RelPath): Kept[] {
  return spare.filter((one) => one.path === path);
}

function now(path: RelPath, look: Look): Was {
  const sighting = look(path);
  if (sighting?.found === 'unknown') return lost(sighting.because);
  if (sighting?.found !== 'present' || sighting.entry.kind === 'directory') return { found: 'absent' };
  return { found: 'present', entry: sighting.entry };
}

function present(entry: Entry, { was, sha256 }: Kept): Was {
  if (was && entry.size !== null && entry.size !== was.size) {
    return lost(`what was kept of it has ${entry.size} bytes, and it had ${(was as Fingerprint).size}`);
  }
  return { found: 'present', entry, ...(isHash(sha256) ? { sha256 } : {}) };
}

function lost(why: string): Was {
  return { found: 'lost', why };
}
