/**
 * Brings together what one directory holds under the same name on both sides and in the baseline. Names that differ
 * only in their Unicode normalisation are the same name. Where names cannot be told apart on a side that would have to
 * hold them both, all of them are barred: never written over, never deleted.
 */
import { type Agreement, type Entry, joinPath, nameOf, type Problem, type RelPath, type Side } from '../model/index.ts';
import type { Filter } from './filter.ts';
import { type Group, groupNames, SIDES, type Trees } from './group.ts';
import { otherSide } from './name.ts';
import { respellings } from './respelt.ts';
import type { Slot } from './slot.ts';

export type { Slot };

export interface Matched {
  readonly slots: readonly Slot[];
  readonly problems: readonly Problem[];
  /** Two names, one on each side, of which it has to be known whether they are one to the server. */
  readonly doubtful: readonly Slot[];
  /** Whether something is left on that side that no slot speaks of: out of scope, or barred. */
  readonly rest: Readonly<Record<Side, boolean>>;
  /** Files in scope, barred ones too. */
  readonly files: Readonly<Record<Side | 'baseline', number>>;
}

export interface MatchInput extends Trees {
  /** The side whose names are the paths: the source, or in a sync the local one. */
  readonly primary: Side;
  /** The sides that may be written. */
  readonly written: readonly Side[];
  /** Whether what the server calls otherwise is one with this to it; by the names of {@link Matched.doubtful}. */
  readonly oneName: ReadonlyMap<RelPath, boolean>;
}

export function match(input: MatchInput, filter: Filter): Matched {
  const { groups, rest, files } = groupNames(input, filter);
  const left = { ...rest };
  const slots: Slot[] = [];
  const problems: Problem[] = [];
  const respelt = respellings(groups, input);
  const doubtful = respelt.map(({ slot }) => slot).filter(({ path }) => !input.oneName.has(path));
  const joined = new Set<Group>();
  for (const one of respelt) {
    if (!input.oneName.get(one.slot.path)) continue;
    for (const group of one.groups) joined.add(group);
    slots.push(one.slot, ...one.rest.map((agreed) => goneSlot(agreed, input)));
  }
  for (const group of groups) {
    if (joined.has(group)) continue;
    const plain = plainSlot(group, input);
    if (plain) {
      slots.push(plain);
      continue;
    }
    const obstacle = group.troubled ? [] : obstacleIn(group, input);
    if (obstacle) {
      for (const side of SIDES) left[side] ||= group[side].length > 0;
      for (const problem of obstacle) problems.push(problem);
    } else for (const slot of slotsOf(group, input)) slots.push(slot);
  }
  return { slots, problems, doubtful, rest: left, files };
}

/** Of what was agreed on and is on neither side. */
function goneSlot(agreed: Agreement, { at, primary }: MatchInput): Slot {
  return { path: joinPath(at[primary], nameOf(agreed.path)), local: null, remote: null, agreed };
}

/** The usual case without a second look: the very same path on every tree that has it. */
function plainSlot({ local, remote, agreed, outside, troubled }: Group, { at }: MatchInput): Slot | null {
  if (troubled || at.local !== at.remote || outside.local.length > 0 || outside.remote.length > 0) return null;
  if (local.length > 1 || remote.length > 1 || agreed.length > 1) return null;
  const path = (local[0] ?? remote[0] ?? agreed[0])?.path;
  if (path === undefined) return null;
  if ((remote[0] && remote[0].path !== path) || (agreed[0] && agreed[0].path !== path)) return null;
  const trees = { path, local: local[0] ?? null, remote: remote[0] ?? null };
  return agreed[0] ? { ...trees, agreed: agreed[0] } : trees;
}

/** Why these names cannot be told apart safely, as a Problem for each; null when they can. */
function obstacleIn(group: Group, input: MatchInput): readonly Problem[] | null {
  const source = input.written.length === 2 ? null : input.primary;
  // With nothing to copy nothing is written, and each name on the other side stands for itself.
  if (source && group[source].length === 0) return null;
  return crowd(group) ?? inTheWay(group, input);
}

function crowd(group: Group): readonly Problem[] | null {
  const [local, remote] = [namesOf(group.local), namesOf(group.remote)];
  const folded = new Set([...local, ...remote].map((name) => name.normalize('NFC'))).size > 1;
  // A system that shows both forms keeps them apart; one that may not is not tried.
  const proven = local.length === remote.length && local.every((name) => remote.includes(name));
  if (!folded && (proven || (local.length <= 1 && remote.length <= 1))) return null;
  const message = folded
    ? 'names that differ only in upper and lower case are one file on the local side; rename all but one'
    : 'names that look the same and differ only in their Unicode form can be one file on the other side; rename all but one';
  return SIDES.flatMap((side) => group[side].map(({ path }): Problem => ({ path, side, code: 'name', message })));
}

/** Something out of scope stands where something would be written. */
function inTheWay(group: Group, input: MatchInput): readonly Problem[] | null {
  for (const side of input.written) {
    const from = otherSide(side);
    if (group[from].length === 0 || group[side].length > 0) continue;
    const names = namesOf(group[from]).map((name) => name.normalize('NFC'));
    const folds = side === 'local' && input.foldsCase;
    if (!group.outside[side].some((name) => folds || names.includes(name.normalize('NFC')))) continue;
    const message = `something that the filters leave out has this name on the ${side} side; rename one of them`;
    return group[from].map(({ path }) => ({ path, side: from, code: 'name', message }));
  }
  return null;
}

function namesOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => nameOf(entry.path));
}

function slotsOf(group: Group, input: MatchInput): Slot[] {
  const { primary, at } = input;
  const other = otherSide(primary);
  // With several names in a group only exact ones belong together.
  const loosely = group.local.length <= 1 && group.remote.length <= 1;
  const theirs = [...group[other]];
  const unclaimed = [...group.agreed];
  const slot = (name: string, mine: Entry | null, their: Entry | null): Slot => {
    const path = joinPath(at[primary], name);
    const there = their ? their.path : joinPath(at[other], name);
    const agreed = take(unclaimed, name, loosely) ?? (their ? take(unclaimed, nameOf(their.path), loosely) : undefined);
    return {
      path,
      ...(there === path ? {} : { alias: there }),
      local: primary === 'local' ? mine : their,
      remote: primary === 'local' ? their : mine,
      ...(agreed ? { agreed } : {}),
    };
  };
  const slots = group[primary].map((mine) => {
    const name = nameOf(mine.path);
    return slot(name, mine, take(theirs, name, loosely) ?? null);
  });
  for (const their of theirs) slots.push(slot(nameOf(their.path), null, their));
  while (unclaimed[0]) slots.push(slot(nameOf(unclaimed[0].path), null, null));
  return slots;
}

/** Takes out the item of exactly that name, or else, loosely, of that name in another Unicode form. */
function take<T extends { readonly path: RelPath }>(items: T[], name: string, loosely: boolean): T | undefined {
  let at = items.findIndex((item) => nameOf(item.path) === name);
  const composed = name.normalize('NFC');
  if (at < 0 && loosely) at = items.findIndex((item) => nameOf(item.path).normalize('NFC') === composed);
  return at < 0 ? undefined : items.splice(at, 1)[0];
}
