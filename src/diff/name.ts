/** Which of its two names something goes by on a side. */
import type { Direction, RelPath, Side } from '../model/index.ts';

/** The side whose names are the paths: the source, and in a sync the local one. The other side's may be an alias. */
export function primarySide(direction: Direction): Side {
  return direction === 'pull' ? 'remote' : 'local';
}

/** The name that something has on one side, given its `path` and `alias`. */
export function nameOn(
  side: Side,
  direction: Direction,
  item: { readonly path: RelPath; readonly alias?: RelPath },
): RelPath {
  return side === primarySide(direction) ? item.path : (item.alias ?? item.path);
}

export function otherSide(side: Side): Side {
  return side === 'local' ? 'remote' : 'local';
}

export function aliasIfOther(path: RelPath, alias: RelPath): { readonly alias?: RelPath } {
  return path === alias ? {} : { alias };
}

/** Under which path something that is on one side is remembered. */
export function rememberedAs(
  { side, path, alias }: { readonly side: Side; readonly path: RelPath; readonly alias?: RelPath },
  direction: Direction,
): RelPath {
  return side === primarySide(direction) ? path : (alias ?? path);
}
