/**
 * Names that are in other upper and lower case on the server than here. Where it takes both for one (it folds case, or
 * stores all names in one), they are one thing: not new here and gone there. Whether it does is asked for by the pair.
 */
import {
  type Agreement,
  type Entry,
  type EntryKind,
  joinPath,
  nameOf,
  type RelPath,
  type Side,
} from '../model/index.ts';
import { type Group, keyOf } from './group.ts';
import { aliasIfOther } from './name.ts';
import type { Slot } from './slot.ts';

export interface Respelling {
  /** What it is, should the two names be one. */
  readonly slot: Slot;
  /** What was agreed under yet other names for it. */
  readonly rest: readonly Agreement[];
  /** What it is made of. */
  readonly groups: readonly Group[];
}

interface Sides {
  readonly at: Readonly<Record<Side, RelPath>>;
  readonly primary: Side;
  readonly written: readonly Side[];
}

/** Pairs of names in one directory, each of which has no other partner. */
export function respellings(groups: Iterable<Group>, sides: Sides): Respelling[] {
  const here: Group[] = [];
  const there: Group[] = [];
  const found: Respelling[] = [];
  for (const group of groups) {
    if (group.troubled || group.outside.local.length > 0 || group.outside.remote.length > 0) continue;
    const { local, remote, agreed } = group;
    if (remote.length === 0 && local.length + agreed.length > 0) here.push(group);
    else if (remote.length === 1 && local.length === 0) there.push(group);
    // The local side folds case itself.
    else if (remote.length === 1 && local.length === 1 && isRespelt(local[0]!.path, remote[0]!.path))
      found.push(...respellingOf([group], remote[0]!, sides));
  }
  if (here.length === 0 || there.length === 0) return found;
  const partners = byFoldedName(here);
  for (const [name, group] of byFoldedName(there)) {
    const mine = partners.get(name);
    if (mine && group.length === 1) found.push(...respellingOf([...mine, group[0]!], group[0]!.remote[0]!, sides));
  }
  return found;
}

/** Whether two names of one thing differ in more than their Unicode form. */
export function isRespelt(a: RelPath, b: RelPath): boolean {
  return a !== b && nameOf(a).normalize('NFC') !== nameOf(b).normalize('NFC');
}

function byFoldedName(groups: readonly Group[]): Map<string, Group[]> {
  const found = new Map<string, Group[]>();
  for (const group of groups) {
    const { path } = (group.local[0] ?? group.remote[0] ?? group.agreed[0])!;
    const name = keyOf(nameOf(path), true);
    found.set(name, [...(found.get(name) ?? []), group]);
  }
  return found;
}

function respellingOf(groups: readonly Group[], remote: Entry, { at, primary, written }: Sides): Respelling[] {
  const locals = groups.flatMap(({ local }) => local);
  const agreements = groups.flatMap(({ agreed }) => agreed);
  if (locals.length > 1) return [];
  const [local = null] = locals;
  const there = nameOf(remote.path);
  const called = (name: string) => agreements.find(({ path }) => nameOf(path) === name);
  const agreed = (local && called(nameOf(local.path))) ?? called(there) ?? agreements[0];
  // Gone here, and the server has it as it was agreed on: that is no other spelling.
  if (!local && (!agreed || nameOf(agreed.path) === there)) return [];
  // A pull takes the names as the server lists them: there is room here for both, and one that is not listed any more goes.
  if (primary === 'remote') return [];
  if (!isOf(remote.kind, local, agreed)) return [];
  const rest = agreements.filter((one) => one !== agreed);
  const here = joinPath(at.local, nameOf((local ?? agreed)!.path));
  const recased =
    local &&
    written.includes('remote') &&
    at.local === at.remote &&
    agreed &&
    nameOf(agreed.path) === there &&
    agreed.kind === remote.kind;
  const slot = recased
    ? { path: here, local, remote: { ...remote, path: here }, agreed, recased: remote.path }
    : {
        path: primary === 'local' ? here : remote.path,
        ...aliasIfOther(primary === 'local' ? here : remote.path, primary === 'local' ? remote.path : here),
        local,
        remote,
        ...(agreed ? { agreed } : {}),
      };
  return [{ slot, rest, groups }];
}

/** Another kind is another thing: its own name on each side is dealt with as ever. */
function isOf(kind: EntryKind, local: Entry | null, agreed: Agreement | undefined): boolean {
  if (kind !== 'file' && kind !== 'directory') return false;
  return local ? local.kind === kind : agreed?.kind === kind;
}
