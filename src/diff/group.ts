/** Gathers what one directory holds under names that some system would take for the same. */
import {
  type Agreement,
  type Entry,
  type EntryKind,
  type Listing,
  nameOf,
  type RelPath,
  type Side,
} from '../model/index.ts';
import type { Filter } from './filter.ts';

/** Everything under one key. */
export class Group {
  local: readonly Entry[] = NO_ENTRIES;
  remote: readonly Entry[] = NO_ENTRIES;
  agreed: readonly Agreement[] = NO_AGREEMENTS;
  /** Names out of scope, which would be in the way all the same. */
  outside: Readonly<Record<Side, readonly string[]>> = NOTHING_OUTSIDE;
  /** A listing has a problem with this name. */
  troubled = false;
  // The filter's last answer: the next question is mostly about the same name on another tree.
  #name: string | undefined;
  #kind: EntryKind | undefined;
  #admitted = false;

  admits(path: RelPath, name: string, kind: EntryKind, filter: Filter): boolean {
    if (this.#name !== name || this.#kind !== kind) {
      this.#name = name;
      this.#kind = kind;
      this.#admitted = filter.admits(path, kind);
    }
    return this.#admitted;
  }
}

const NO_ENTRIES: readonly Entry[] = [];
const NO_AGREEMENTS: readonly Agreement[] = [];
const NOTHING_OUTSIDE = { local: [], remote: [] };
export const SIDES = ['local', 'remote'] as const;

export interface Trees {
  /** The directory's path on each side. */
  readonly at: Readonly<Record<Side, RelPath>>;
  readonly local: Listing | null;
  readonly remote: Listing | null;
  readonly baseline: readonly Agreement[];
  /** Whether two names that differ only in case are one file on the local side. */
  readonly foldsCase: boolean;
}

export interface Grouped {
  readonly groups: readonly Group[];
  /** Whether a side has something out of scope, or something that its listing has a problem with. */
  readonly rest: Readonly<Record<Side, boolean>>;
  /** How many files are in scope. */
  readonly files: Readonly<Record<Side | 'baseline', number>>;
}

export function groupNames(trees: Trees, filter: Filter): Grouped {
  const rest = { local: false, remote: false };
  const files = { local: 0, remote: 0, baseline: 0 };
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const key = keyOf(name, trees.foldsCase);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = new Group()));
    return group;
  };
  for (const side of SIDES) {
    for (const entry of trees[side]?.entries ?? NO_ENTRIES) {
      const name = nameOf(entry.path);
      const group = groupOf(name);
      if (group.admits(entry.path, name, entry.kind, filter)) {
        group[side] = appended(group[side], entry);
        if (entry.kind === 'file') files[side]++;
      } else {
        group.outside = { ...group.outside, [side]: [...group.outside[side], name] };
        rest[side] = true;
      }
    }
    for (const { path } of trees[side]?.problems ?? []) {
      if (path === trees.at[side]) continue;
      groupOf(nameOf(path)).troubled = true;
      rest[side] = true;
    }
  }
  for (const agreed of trees.baseline) {
    const name = nameOf(agreed.path);
    const group = groupOf(name);
    if (!group.admits(agreed.path, name, agreed.kind, filter)) continue;
    group.agreed = appended(group.agreed, agreed);
    if (agreed.kind === 'file') files.baseline++;
  }
  return { groups: [...groups.values()], rest, files };
}

function appended<T>(items: readonly T[], item: T): readonly T[] {
  return items.length === 0 ? [item] : [...items, item];
}

/** Names with the same key are one name to some system: composed, and without case where the local side folds it. */
export function keyOf(name: string, foldsCase: boolean): string {
  const plain = !/[^\0-\x7f]/.test(name);
  if (!foldsCase) return plain ? name : name.normalize('NFC');
  if (plain) return name.toLowerCase();
  // Through upper case, so that what folds to several letters does too. To fold too much bars a name needlessly; to
  // fold too little would write one file over another.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}
