/**
 * What is on neither side is forgotten. But a listing can be empty, or leave a name out, and be none the wiser: so the
 * server is asked for that very path once more, as it is before anything is deleted.
 */
import { sightInAnyForm } from '../act/spellings.ts';
import { type Decision, keyOf, nameOn, type View } from '../diff/index.ts';
import {
  type Direction,
  joinPath,
  nameOf,
  type Pair,
  type Problem,
  type RelPath,
  type Sighting,
} from '../model/index.ts';

interface Asking {
  readonly pair: Pair;
  readonly direction: Direction;
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** The decision without what the server still has, or will not speak of; what it has and did not list is a Problem. */
export async function confirmGone(decision: Decision, view: View, asking: Asking): Promise<Decision> {
  const { pair, direction } = asking;
  // What is below a directory that neither side has was asked for with that directory.
  if ((!view.local && !view.remote) || decision.forgotten.length === 0) return decision;
  const shown = new Set(view.remote?.entries.map(({ path }) => path));
  const remoteName = (path: RelPath) =>
    nameOn('remote', direction, { path, alias: joinPath(view.alias ?? view.directory, nameOf(path)) });
  const asked = decision.forgotten.filter((path) => !shown.has(remoteName(path)));
  if (asked.length === 0) return decision;
  const sightings = await sightInAnyForm(pair.remote, asked.map(remoteName), asking);
  // To a server that folds case it is what is shown under another name, which is all that there is.
  const folded = new Set(view.remote?.entries.map(({ path }) => keyOf(nameOf(path), true)));
  const isKept = ({ path, found }: Sighting) =>
    found === 'unknown' || (found === 'present' && !folded.has(keyOf(nameOf(path), true)));
  const kept = new Set(asked.filter((_, index) => isKept(sightings[index]!)));
  if (kept.size === 0) return decision;
  const problems = sightings
    .filter(isKept)
    .flatMap(({ path, found }): Problem[] =>
      found === 'present'
        ? [{ path, side: 'remote', code: 'incomplete', message: 'it is there, though the listing did not show it' }]
        : [],
    );
  return {
    ...decision,
    forgotten: decision.forgotten.filter((path) => !kept.has(path)),
    // Nor is anything below it.
    descend: decision.descend.filter(({ path, local, remote }) => local || remote || !kept.has(path)),
    problems: [...decision.problems, ...problems],
  };
}
