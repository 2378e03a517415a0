/** Which names a walk is about, where it is not about everything: the paths that changed, and what is below them. */
import { isWithin, nameOf, parentOf, type RelPath, ROOT } from '../model/index.ts';
import { keyOf } from './group.ts';

/** What of a name is in scope: all that is below it, some of that, or nothing. */
export type Part = 'whole' | Scope | null;

/** The names of one directory that a walk is about. */
export class Scope {
  readonly #parts = new Map<string, 'whole' | Scope>();

  /**
   * What is in scope of the thing that is called so here. Names that some system takes for the same are in it together:
   * those that differ in case, too, which may be one on either side.
   */
  part(name: string): Part {
    return this.#parts.get(keyOf(name, true)) ?? null;
  }

  covers(path: RelPath): boolean {
    return this.part(nameOf(path)) !== null;
  }

  /** Takes a path in, given by its names below this directory; with it, all that is below it. */
  add(names: readonly string[]): void {
    const [name, ...rest] = names;
    if (name === undefined) return;
    const key = keyOf(name, true);
    const part = this.#parts.get(key);
    if (part === 'whole') return;
    if (rest.length === 0) this.#parts.set(key, 'whole');
    else if (part) part.add(rest);
    else {
      const below = new Scope();
      below.add(rest);
      this.#parts.set(key, below);
    }
  }
}

/** The paths without those that lie below another one of them. */
export function topmost(paths: Iterable<RelPath>): RelPath[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let at = path; at !== ROOT; ) {
      at = parentOf(at);
      if (all.has(at)) return false;
    }
    return true;
  });
}

/** The names of a path below one of its ancestors. */
export function namesBelow(path: RelPath, ancestor: RelPath): string[] {
  if (!isWithin(path, ancestor)) throw new RangeError(`${path} is not in ${ancestor}`);
  return (ancestor === ROOT ? path : path.slice(ancestor.length + 1)).split('/');
}
