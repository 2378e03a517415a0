/**
 * Brings together what one directory holds under the same name on both sides and in the baseline. Names that differ
 * only in their Unicode normalisation are the same name. Where names cannot be told apart on a side that would have to
 * hold them both, all of them are barred: never written over, never deleted.
 */
import {
  type Agreement,
  type Entry,
  joinPath,
  type Listing,
  nameOf,
  type Problem,
  type RelPath,
  type Side,
} from '../model/index.ts';
import type { Filter } from './filter.ts';

/** One name, with what it stands for on each of the three trees. */
export interface Slot {
  readonly path: RelPath;
  readonly alias?: RelPath;
  readonly local: Entry | null;
  readonly remote: Entry | null;
  readonly agreed?: Agreement;
}

export interface Matched {
  readonly slots: readonly Slot[];
  readonly problems: readonly Problem[];
  /** Whether something is left on that side that no slot speaks of: out of scope, or barred. */
  readonly rest: Readonly<Record<Side, boolean>>;
  /** Files in scope, barred ones too. */
  readonly files: Readonly<Record<Side | 'baseline', number>>;
}

export interface MatchInput {
  /** The directory's path on each side. */
  readonly at: Readonly<Record<Side, RelPath>>;
  readonly local: Listing | null;
  readonly remote: Listing | null;
  readonly baseline: readonly Agreement[];
  /** The side whose names are the paths: the source, or in a sync the local one. */
  readonly primary: Side;
  /** The sides that may be written. */
  readonly written: readonly Side[];
  readonly foldsCase: boolean;
}

/** Everything under one key: names that some system would take for the same. */
interface Group {
  readonly local: Entry[];
  readonly remote: Entry[];
  /** Names out of scope, which would be in the way all the same. */
  readonly outside: Record<Side, string[]>;
  readonly agreed: Agreement[];
  /** The listing has a problem with this name. */
  troubled: boolean;
}

const SIDES = ['local', 'remote'] as const;
const NOTHING: readonly Entry[] = [];

export function match(input: MatchInput, filter: Filter): Matched {
  const rest = { local: false, remote: false };
  const files = { local: 0, remote: 0, baseline: 0 };
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const key = keyOf(name, input.foldsCase);
    let group = groups.get(key);
    if (!group) {
      group = { local: [], remote: [], outside: { local: [], remote: [] }, agreed: [], troubled: false };
      groups.set(key, group);
    }
    return group;
  };
  for (const side of SIDES) {
    for (const entry of input[side]?.entries ?? NOTHING) {
      const name = nameOf(entry.path);
      if (filter.admits(entry.path, entry.kind)) {
        groupOf(name)[side].push(entry);
        if (entry.kind === 'file') files[side]++;
      } else {
        groupOf(name).outside[side].push(name);
        rest[side] = true;
      }
    }
    for (const { path } of input[side]?.problems ?? []) {
      if (path === input.at[side]) continue;
      groupOf(nameOf(path)).troubled = true;
      rest[side] = true;
    }
  }
  for (const agreed of input.baseline) {
    if (!filter.admits(agreed.path, agreed.kind)) continue;
    groupOf(nameOf(agreed.path)).agreed.push(agreed);
    if (agreed.kind === 'file') files.baseline++;
  }

  const slots: Slot[] = [];
  const problems: Problem[] = [];
  for (const group of groups.values()) {
    if (group.troubled) {
      bar(group, rest);
      continue;
    }
    const obstacle = obstacleIn(group, input);
    if (obstacle) {
      bar(group, rest);
      problems.push(...obstacle);
    } else slots.push(...slotsOf(group, input));
  }
  return { slots, problems, rest, files };
}

/** Names with the same key are one name to some system: composed, and without case where the local side folds it. */
function keyOf(name: string, foldsCase: boolean): string {
  const plain = /^[\0-\x7f]*$/.test(name);
  if (!foldsCase) return plain ? name : name.normalize('NFC');
  if (plain) return name.toLowerCase();
  // Through upper case, so that what folds to several letters does too. To fold too much bars a name needlessly; to
  // fold too little would write one file over another.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

function bar(group: Group, rest: Record<Side, boolean>): void {
  for (const side of SIDES) if (group[side].length > 0) rest[side] = true;
}

/** Why these names cannot be told apart safely, as a Problem for each; null when they can. */
function obstacleIn(group: Group, input: MatchInput): readonly Problem[] | null {
  if (isPlain(group)) return null;
  const names = (side: Side) => group[side].map((entry) => nameOf(entry.path));
  const source = input.written.length === 2 ? null : input.primary;
  // With nothing to copy nothing is written, and each name on the other side stands for itself.
  if (source && group[source].length === 0) return null;
  const crowded = group.local.length > 1 || group.remote.length > 1;
  const [local, remote] = [names('local'), names('remote')];
  const folded = new Set([...local, ...remote].map((name) => name.normalize('NFC'))).size > 1;
  // A system that shows both forms keeps them apart; one that may not is not tried.
  const proven = !folded && local.length === remote.length && local.every((name) => remote.includes(name));
  if ((crowded && !proven) || folded) {
    const message = folded
      ? 'names that differ only in upper and lower case are one file on the local side; rename all but one'
      : 'names that look the same and differ only in their Unicode form can be one file on the other side; rename all but one';
    return everyEntry(group).map(([side, entry]) => ({ path: entry.path, side, code: 'name', message }));
  }
  for (const side of input.written) {
    const from = side === 'local' ? 'remote' : 'local';
    const inTheWay = group.outside[side].some(
      (name) =>
        (side === 'local' && input.foldsCase) ||
        names(from).some((other) => other.normalize('NFC') === name.normalize('NFC')),
    );
    if (!inTheWay || group[from].length === 0 || group[side].length > 0) continue;
    const message = `something that the filters leave out has this name on the ${side} side; rename one of them`;
    return group[from].map((entry) => ({ path: entry.path, side: from, code: 'name', message }));
  }
  return null;
}

/** The usual case, without a second look: one name, the same on both sides or on one only. */
function isPlain({ local, remote, outside }: Group): boolean {
  if (local.length > 1 || remote.length > 1 || outside.local.length > 0 || outside.remote.length > 0) return false;
  return !local[0] || !remote[0] || nameOf(local[0].path) === nameOf(remote[0].path);
}

function everyEntry(group: Group): [Side, Entry][] {
  return SIDES.flatMap((side) => group[side].map((entry): [Side, Entry] => [side, entry]));
}

function slotsOf(group: Group, input: MatchInput): Slot[] {
  const other = input.primary === 'local' ? 'remote' : 'local';
  const theirs = [...group[other]];
  const unclaimed = [...group.agreed];
  const take = <T extends { readonly path: RelPath }>(from: T[], name: string, loosely: boolean): T | undefined => {
    const exact = from.findIndex((item) => nameOf(item.path) === name);
    const composed = name.normalize('NFC');
    const at = exact < 0 && loosely ? from.findIndex((item) => nameOf(item.path).normalize('NFC') === composed) : exact;
    return at < 0 ? undefined : from.splice(at, 1)[0];
  };
  // With several names in a group only exact ones belong together.
  const loosely = group.local.length <= 1 && group.remote.length <= 1;
  const slot = (name: string, mine: Entry | null, their: Entry | null): Slot => {
    const path = joinPath(input.at[input.primary], name);
    const there = their ? their.path : joinPath(input.at[other], name);
    const agreed = take(unclaimed, name, loosely) ?? (their ? take(unclaimed, nameOf(their.path), loosely) : undefined);
    return {
      path,
      ...(there === path ? {} : { alias: there }),
      local: input.primary === 'local' ? mine : their,
      remote: input.primary === 'local' ? their : mine,
      ...(agreed ? { agreed } : {}),
    };
  };
  const slots = group[input.primary].map((mine) =>
    slot(nameOf(mine.path), mine, take(theirs, nameOf(mine.path), loosely) ?? null),
  );
  for (const their of theirs) slots.push(slot(nameOf(their.path), null, their));
  while (unclaimed[0]) slots.push(slot(nameOf(unclaimed[0].path), null, null));
  return slots;
}
