/**
 * Finds out whether a server takes names that differ in case for one: it folds case, as Windows does, or stores all names
 * in one case. What it has is looked up in other spellings, which changes nothing.
 */
import { fingerprintOf, joinPath, nameOf, parentOf, type RelPath, type Remote, ReplyError } from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { sightPatiently } from './sight-patiently.ts';

type Asking = Parameters<typeof sightPatiently>[2];

export class CaseProbe {
  readonly #remote: Remote;
  /** By directory: a server may be made of several disks. What holds for one name in it holds for all. */
  readonly #known = new Map<RelPath, Promise<boolean | undefined>>();

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** @param there a name that a listing shows @param here one that it does not show, and that differs in case alone */
  async isOne(here: RelPath, there: RelPath, asking: Asking): Promise<boolean> {
    const directory = parentOf(there);
    let known = this.#known.get(directory);
    if (!known) this.#known.set(directory, (known = this.#look(here, there, asking)));
    const isOne = await known;
    // Of that name nothing could be said; another one may do.
    if (isOne === undefined) this.#known.delete(directory);
    return isOne ?? false;
  }

  /** Whether the very same thing is there under every spelling. */
  async #look(here: RelPath, there: RelPath, asking: Asking): Promise<boolean | undefined> {
    const names = new Set([nameOf(here), ...spellings(nameOf(there))]);
    names.delete(nameOf(there));
    const others = [...names].map((name) => joinPath(parentOf(there), name));
    const [own, ...found] = await sightPatiently(this.#remote, [there, ...others], asking);
    if (own?.found !== 'present') return undefined;
    // Servers without MLST tell of no directory but by listing it.
    if (own.entry.kind === 'directory') return this.#areOneDirectory([there, ...others], asking.signal);
    if (found.some((one) => one.found === 'unknown')) return undefined;
    const version = fingerprintOf(own.entry);
    return found.every(
      (one) => one.found === 'present' && one.entry.kind === 'file' && sameVersion(fingerprintOf(one.entry), version),
    );
  }

  async #areOneDirectory(paths: readonly RelPath[], signal: AbortSignal): Promise<boolean | undefined> {
    try {
      const listings = await Promise.all(paths.map((path) => this.#remote.list(path, signal)));
      if (listings.some(({ incomplete }) => incomplete !== undefined)) return undefined;
      const [own, ...others] = listings.map(({ entries }) =>
        entries
          .map(({ path }) => nameOf(path))
          .sort()
          .join('/'),
      );
      return others.every((other) => other === own);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      return error.retryable ? undefined : false;
    }
  }
}

/** A listing that left the one name out could pass for a server that folds case; hardly one that left out all of these. */
function spellings(name: string): string[] {
  const swapped = name.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
  return [name.toLowerCase(), name.toUpperCase(), swapped];
}
