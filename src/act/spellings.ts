/**
 * Asks the server about what it is not seen to have, under every form that its name may have there: the two sides may
 * spell one file in two Unicode forms, and of one that a listing left out the server's own is not known.
 */
import { joinPath, nameOf, parentOf, type RelPath, type Remote, type Sighting } from '../model/index.ts';
import { sightPatiently } from './sight-patiently.ts';

const FORMS = ['NFC', 'NFD'] as const;

/** The name itself first. Most have one form only. */
function spellingsOf(path: RelPath): readonly RelPath[] {
  if (!/[^\0-\x7f]/.test(path)) return [path];
  const others = FORMS.flatMap((form) => [
    path.normalize(form) as RelPath,
    joinPath(parentOf(path), nameOf(path).normalize(form)),
  ]);
  return [...new Set([path, ...others])];
}

/** As {@link sightPatiently}; absent is only what is there under no form of its name. */
export async function sightInAnyForm(
  remote: Remote,
  paths: readonly RelPath[],
  asking: Parameters<typeof sightPatiently>[2],
): Promise<readonly Sighting[]> {
  const spellings = paths.map(spellingsOf);
  const sightings = (await sightPatiently(remote, spellings.flat(), asking)).values();
  return spellings.map((some) => inOne(some.map(() => sightings.next().value!)));
}

function inOne([own, ...others]: readonly Sighting[]): Sighting {
  if (own!.found !== 'absent') return own!;
  const { path } = own!;
  // A form that cannot be written to this server is no name of anything on it.
  const other = others.find(({ found }) => found === 'present') ?? others.find(isInDoubt);
  return other ? { ...other, path } : own!;
}

function isInDoubt(sighting: Sighting): boolean {
  return sighting.found === 'unknown' && !sighting.unspeakable;
}
