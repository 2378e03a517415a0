/**
 * Which of the states of the remote folder stay, and what follows for the releases that lie between them. Pure.
 *
 * A release keeps what was there before it, so the states are one more than the releases: what was before the first, what
 * each made, the last of which is what is there now. To let the oldest state go is to let go what the first release
 * kept. To let go one in the middle is to make one release of the two beside it: what the later one kept goes over to the
 * earlier one, unless that has kept an older version, or noted that there was none.
 */
import { type Keep, type Retained, retention } from '../diff/index.ts';
import { lineage } from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { endOf, type Kept, keeps, type Manifest, type Release, timeOf } from './manifest.ts';

/** What was in the remote folder for a while. */
export interface State extends Retained {
  /** When it began; undefined for what was before the first release that is kept. */
  readonly since: string | undefined;
  /** The release that ended it; undefined for what is there now. */
  readonly before: Release | undefined;
  /** Whether it stays for `ferry rollback`, whatever the rules say. */
  readonly rollback: boolean;
}

/** @param releases the oldest first */
export function statesOf(releases: readonly Release[], keep: Keep): State[] {
  const sinces = [undefined, ...releases.map(endOf)];
  // What was before all of them is older than anything.
  const verdicts = retention(
    sinces.map((since) => (since === undefined ? 0 : timeOf(since))),
    keep,
  );
  return sinces.map((since, index) => {
    const rollback = index >= releases.length - 1;
    const { stays, rules } = verdicts[index]!;
    return { since, before: releases[index], stays: stays || rollback, rules, rollback: rollback && !stays };
  });
}

export interface Thinning {
  /** Releases that go altogether, the oldest first. */
  readonly drop: readonly Release[];
  /** Releases that follow each other and become one. */
  readonly join: readonly (readonly [Release, ...Release[]])[];
}

export function thinningOf(states: readonly State[]): Thinning {
  const drop: Release[] = [];
  const join: [Release, ...Release[]][] = [];
  let seen = false;
  let group: Release[] = [];
  for (const { stays, before } of states) {
    if (stays && group.length > 1) join.push(group as [Release, ...Release[]]);
    if (stays) group = [];
    seen ||= stays;
    if (!before) continue;
    if (seen) group.push(before);
    else drop.push(before);
  }
  return { drop, join };
}

/**
 * What two releases are as one. What the earlier one says of a path holds: that was there before.
 * @param isKept whether the old version of a path lies in the folder of a release, as it does not where the release never
 * came to that path, or was taken back
 */
export function joined(
  earlier: Manifest,
  later: Manifest,
  isKept: (manifest: Manifest, one: Kept) => boolean,
): Manifest {
  const kept = new Map(earlier.kept.filter(({ did }) => did !== 'made').map((one) => [one.path, one]));
  const files = new Set(earlier.kept.filter((one) => isKept(earlier, one)).map(({ path }) => path));
  const folders = new Set([...files].flatMap((path) => [...lineage(path)].slice(1)));
  const spare: Kept[] = [];
  for (const { now: _, ...one } of later.kept) {
    if (one.did === 'made') continue;
    const own = kept.get(one.path);
    const goesOver = { ...one, of: later.release };
    if (!own) {
      // Where a file was there cannot have been a folder, nor the other way round: it came in between, by other hands.
      const impossible = folders.has(one.path) || [...lineage(one.path)].slice(1).some((at) => files.has(at));
      kept.set(one.path, impossible ? { did: 'added', path: one.path } : keeps(one) ? goesOver : one);
    } else if (isSameOld(own, one) && !files.has(own.path) && isKept(later, one)) {
      // The earlier one never came to it, so that it was still there for the later one to keep.
      kept.set(one.path, goesOver);
    }
    if (kept.get(one.path) !== goesOver && isKept(later, one)) spare.push(goesOver);
  }
  const { until: _, ended: __, rollbackOf: ___, tookBack: ____, spare: _____, ...rest } = earlier;
  const ended = earlier.ended === true && later.ended === true;
  const tookBack = [...tookBackBy(earlier), ...tookBackBy(later)].filter((release) => release < earlier.release);
  return {
    ...rest,
    until: endOf(later),
    ...(tookBack.length > 0 ? { tookBack } : {}),
    ...(tookBack.length > 0 && spare.length > 0 ? { spare } : {}),
    ...(ended ? { ended } : {}),
    kept: [...kept.values()],
  };
}

function tookBackBy({ rollbackOf, tookBack = [] }: Manifest): readonly string[] {
  return rollbackOf === undefined ? tookBack : [rollbackOf];
}

/** Whether two releases met the same version under a path. */
export function isSameOld(a: Kept, b: Kept): boolean {
  return keeps(a) && keeps(b) && a.was !== undefined && b.was !== undefined && sameVersion(a.was, b.was);
}
