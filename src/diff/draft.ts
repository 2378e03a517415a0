/** A decision in the making, and the small steps that every kind of decision is made of. */
import {
  type Action,
  type Agreement,
  type Conflict,
  type DeleteAction,
  type Direction,
  type Entry,
  type Fingerprint,
  fingerprintOf,
  type Problem,
  type Reason,
  type RelPath,
  type Side,
  type TransferAction,
} from '../model/index.ts';
import { directoryAgreement, sameAgreement } from './agreement.ts';
import type { Verdict } from './compare.ts';
import type { Ask, Evidence } from './evidence.ts';
import { aliasIfOther, nameOn, otherSide, primarySide } from './name.ts';
import type { Slot } from './slot.ts';
import { mergeStamps } from './stamps.ts';

/** A directory to look at next. */
export interface Descent {
  /** The name on the source (in a sync: local) side: the next `View.directory`. */
  readonly path: RelPath;
  /** The name on the destination (in a sync: remote) side where it differs: the next `View.alias`. */
  readonly alias?: RelPath;
  /** The name under which what is in it is remembered, too: its case changed. */
  readonly known?: RelPath;
  /** On which sides it exists; on neither where only the baseline still knows it (nothing to list then). */
  readonly local: boolean;
  readonly remote: boolean;
  /** The side that was not seen to have it, by a listing that was cut off, and may have it all the same. */
  readonly unseen?: Side;
}

export class Draft {
  readonly actions: Action[] = [];
  readonly optional: RelPath[] = [];
  readonly learned: Agreement[] = [];
  readonly forgotten: RelPath[] = [];
  readonly conflicts: Conflict[] = [];
  readonly problems: Problem[] = [];
  readonly asks: Ask[] = [];
  readonly descend: Descent[] = [];
  readonly drifted: RelPath[] = [];
  readonly vanished: Agreement[] = [];
  holds = false;
  links = 0;
  respelt = 0;
  unchanged = 0;
  sameBySize = 0;
  kept = 0;
  withheld = 0;
  readonly direction: Direction;
  readonly evidence: Evidence;

  constructor(direction: Direction, evidence: Evidence) {
    this.direction = direction;
    this.evidence = evidence;
  }

  ask(slot: Slot, ask: Ask['ask']): void {
    this.asks.push({ path: slot.path, ...aliasOf(slot), ask });
  }

  problem(slot: Slot, side: Side, code: Problem['code'], message: string): void {
    this.problems.push({ path: nameOn(side, this.direction, slot), side, code, message });
    this.holds = true;
  }

  /** Something that is not at the source stays. */
  keep(slot?: Slot): void {
    this.kept++;
    this.holds = true;
    if (slot) this.drifted.push(slot.path);
  }

  same(slot: Slot, verdict: Verdict & { readonly is: 'same' }): void {
    this.unchanged++;
    if (verdict.bySize) this.sameBySize++;
    this.learn(slot, verdict.agreement);
  }

  learn(slot: Slot, agreement: Agreement): void {
    // What is remembered tells what it is to be renamed from.
    if (slot.recased !== undefined) return;
    if (slot.agreed && sameAgreement(slot.agreed, agreement)) return;
    this.learned.push(agreement);
    if (slot.agreed && slot.agreed.path !== agreement.path) this.forgotten.push(slot.agreed.path);
  }

  learnDirectory(slot: Slot): void {
    this.learn(slot, directoryAgreement(slot.path));
  }

  walk(slot: Slot, sides: Omit<Descent, 'path' | 'alias' | 'known'>): void {
    const known = slot.recased === undefined ? {} : { known: slot.agreed!.path };
    this.descend.push({ path: slot.path, ...aliasOf(slot), ...known, ...sides });
  }

  /** Gives it the name on the server that it has here; everything else in the plan goes by that. */
  recase(slot: Slot, from: RelPath): void {
    const expected = this.seen(slot, 'remote', slot.remote!);
    const directory = slot.remote?.kind === 'directory' ? ({ directory: true } as const) : {};
    this.actions.push({
      action: 'rename',
      side: 'remote',
      from,
      path: slot.path,
      reason: 'moved',
      expected,
      ...directory,
    });
  }

  /** Copies what `slot` is on the side opposite of `to`. `over`: what is there under the final name by then. */
  transfer(slot: Slot, from: Entry, to: Side, reason: Reason, over: Entry | null): void {
    const told = to === 'local' ? this.evidence.remoteTime.get(slot.path)?.mtime : undefined;
    const action: TransferAction = {
      action: to === 'remote' ? 'upload' : 'download',
      path: slot.path,
      ...aliasOf(slot),
      reason,
      size: from.size ?? 0,
      source: fingerprintOf(from),
      replaces: over ? this.seen(slot, to, over) : null,
      // A time in an unknown zone is worse than none.
      mtime: from.zoned ? from.mtime : (told ?? null),
      ...(from.mode === undefined ? {} : { mode: from.mode }),
    };
    this.actions.push(action);
  }

  /** `wanted`: even if nothing goes into it. */
  mkdir(slot: Slot, side: Side, reason: Reason, wanted = true): void {
    const path = nameOn(side, this.direction, slot);
    const there = nameOn(otherSide(side), this.direction, slot);
    this.actions.push({ action: 'mkdir', path, ...aliasIfOther(path, there), side, reason });
    if (!wanted) this.optional.push(path);
  }

  remove(slot: Slot, action: DeleteAction['action'], side: Side, entry: Entry, reason: Reason): void {
    const kind = entry.kind === 'directory' ? 'directory' : 'file';
    const { path } = entry;
    // It may be gone from the other side: then its name there is the one that was agreed on.
    const known = side === primarySide(this.direction) ? slot.alias : (slot.agreed?.path ?? slot.path);
    const expected = this.seen(slot, side, entry);
    this.actions.push({ action, side, path, ...aliasIfOther(path, known ?? path), kind, reason, expected });
  }

  /**
   * What was seen of it, with every mark that is known of that very version: a listing's date has none in common with
   * what the server answers when it is asked once more, and then the size alone would tell an edit from none.
   */
  seen(slot: Slot, side: Side, entry: Entry): Fingerprint {
    const { size, stamps } = fingerprintOf(entry);
    if (side !== 'remote' || entry.kind !== 'file') return { size, stamps };
    const { agreed } = slot;
    const known = agreed?.kind === 'file' && agreed.remote.size === size;
    const told = this.evidence.remoteTime.get(slot.path)?.stamps;
    return { size, stamps: { ...(known ? mergeStamps(agreed.remote.stamps, stamps) : stamps), ...told } };
  }
}

function aliasOf(slot: Slot): { readonly alias?: RelPath } {
  return slot.alias === undefined ? {} : { alias: slot.alias };
}
