/** Decides one directory: what to do, what was learnt, what to ask, where to go on. Pure: no clock, no I/O. */
import {
  type Action,
  type Agreement,
  type Conflict,
  nameOf,
  type Problem,
  type RelPath,
  type Side,
  type Untouched,
} from '../model/index.ts';
import type { Context, DecideOptions } from './context.ts';
import { type Descent, Draft } from './draft.ts';
import type { Ask, Evidence } from './evidence.ts';
import type { Filter } from './filter.ts';
import { match } from './match.ts';
import { aliasIfOther, nameOn, otherSide, primarySide } from './name.ts';
import { decideOneWay } from './oneway.ts';
import { isRespelt } from './respelt.ts';
import type { Slot } from './slot.ts';
import { decideThreeWay } from './threeway.ts';
import { trust } from './trust.ts';
import { scoped, type View } from './view.ts';

export interface Decision {
  readonly directory: RelPath;
  readonly alias?: RelPath;
  /** Not yet in order, and the removals of directories are provisional: the `Collector` settles both. */
  readonly actions: readonly Action[];
  /** Directories made only if something goes into them: `include` asks for none of them by name. */
  readonly optional: readonly RelPath[];
  /** To be written to the baseline now: already the same on both sides. */
  readonly learned: readonly Agreement[];
  /** Gone on both sides: to be dropped from the baseline. */
  readonly forgotten: readonly RelPath[];
  /** Those that no rule settled; settled ones are actions. */
  readonly conflicts: readonly Conflict[];
  /** With those of the two listings as far as they are in scope, and one `incomplete` for a listing that is. */
  readonly problems: readonly Problem[];
  /** Not empty: everything else here is void. Gather all of it and decide this view again. */
  readonly asks: readonly Ask[];
  readonly descend: readonly Descent[];
  /**
   * Of a directory that is on one side only: whether something in it stays, so that it cannot be removed. Always so
   * where a listing is incomplete.
   */
  readonly holds: boolean;
  /** Why nothing in or below this directory may be deleted: a listing was incomplete. */
  readonly untrusted?: string;
  /** Sides whose listing was incomplete. */
  readonly unseen: readonly Side[];
  /** Removals left out because the source's listing was incomplete: what it did not show may be there. */
  readonly withheld: number;
  readonly untouched: Untouched;
  /** Files that stay although the source says otherwise, because the destination changed on its own. */
  readonly drifted: readonly RelPath[];
  /** What was agreed about files that are to be deleted because they are gone at the source. */
  readonly vanished: readonly Agreement[];
  /** Links and special files at the source, left out of scope. */
  readonly links: number;
  /** Names that are in other upper and lower case on the server, to which that is one. */
  readonly respelt: number;
  /** Files in scope seen here and in the baseline here; in a sync the source is the local side. */
  readonly total: { readonly source: number; readonly destination: number; readonly baseline: number };
}

export function decide(view: View, filter: Filter, options: DecideOptions, evidence: Evidence): Decision {
  const { direction } = options;
  const source = primarySide(direction);
  const destination = otherSide(source);
  const here = { path: view.directory, ...(view.alias === undefined ? {} : { alias: view.alias }) };
  const at = { local: nameOn('local', direction, here), remote: nameOn('remote', direction, here) };
  const written = direction === 'sync' ? (['local', 'remote'] as const) : [destination];
  const { local, remote, baseline } = scoped(view);
  const { foldsCase } = options;
  const { oneName } = evidence;
  const { slots, problems, doubtful, rest, files } = match(
    { at, local, remote, baseline, primary: source, written, foldsCase, oneName },
    filter,
  );
  const trusted = {
    local: trust(local, 'local', at.local, filter),
    remote: trust(remote, 'remote', at.remote, filter),
  };
  const untrusted = trusted.local.why ?? trusted.remote.why;
  const context: Context = {
    filter,
    options,
    unseen: {
      local: trusted.local.why !== undefined || view.unseen === 'local',
      remote: trusted.remote.why !== undefined || view.unseen === 'remote',
    },
    strange: { local: trusted.local.strange, remote: trusted.remote.strange },
    taken: once(() => namesIn(view)),
  };
  const draft = new Draft(direction, evidence);
  draft.holds = untrusted !== undefined || written.some((side) => rest[side] || trusted[side].strange);
  for (const found of [trusted.local.problems, trusted.remote.problems, problems])
    for (const problem of found) draft.problems.push(problem);
  // What a listing cut short does not show may be there under this very name.
  if (!untrusted)
    for (const { path, alias, recased } of doubtful)
      draft.asks.push({ path, ...aliasIfOther(path, recased ?? alias ?? path), ask: 'one-name' });
  for (const slot of slots) {
    if (slot.recased !== undefined) draft.recase(slot, slot.recased);
    if (slot.alias !== undefined && isRespelt(slot.path, slot.alias)) draft.respelt++;
    if (direction === 'sync') decideThreeWay(slot, context, draft);
    else decideOneWay(slot, context, draft, source);
    forgetBelow(slot, context, draft);
  }
  return {
    directory: view.directory,
    ...(view.alias === undefined ? {} : { alias: view.alias }),
    actions: draft.actions,
    optional: draft.optional,
    learned: draft.learned,
    forgotten: draft.forgotten,
    conflicts: draft.conflicts,
    problems: draft.problems,
    asks: draft.asks,
    descend: draft.descend,
    holds: draft.holds,
    ...(untrusted === undefined ? {} : { untrusted }),
    unseen: (['local', 'remote'] as const).filter((side) => trusted[side].why !== undefined),
    withheld: draft.withheld,
    untouched: { unchanged: draft.unchanged, sameBySize: draft.sameBySize, kept: draft.kept },
    drifted: draft.drifted,
    vanished: draft.vanished,
    links: draft.links,
    respelt: draft.respelt,
    total: { source: files[source], destination: files[destination], baseline: files.baseline },
  };
}

/** What the baseline still knows below a name that is no directory any more is looked through, to be forgotten. */
function forgetBelow(slot: Slot, context: Context, draft: Draft): void {
  const { agreed } = slot;
  if (agreed?.kind !== 'directory' || slot.recased !== undefined) return;
  const nowhere = { local: false, remote: false };
  if (agreed.path !== slot.path) draft.walk({ path: agreed.path, local: null, remote: null }, nowhere);
  else if (isNoDirectory(slot, 'local', context) && isNoDirectory(slot, 'remote', context)) draft.walk(slot, nowhere);
}

function isNoDirectory(slot: Slot, side: Side, context: Context): boolean {
  const entry = slot[side];
  return entry ? entry.kind === 'file' : !context.unseen[side];
}

function namesIn(view: View): ReadonlySet<string> {
  return new Set([...(view.local?.entries ?? []), ...(view.remote?.entries ?? [])].map((entry) => nameOf(entry.path)));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
