/** The table for push and pull: the destination becomes what the source is. One name at a time. */
import type { Entry, Side } from '../model/index.ts';
import { compare } from './compare.ts';
import { agreedFile, type Context, isSpecial, mayDelete } from './context.ts';
import type { Draft } from './draft.ts';
import { stillAgreed } from './moved.ts';
import { otherSide } from './name.ts';
import type { Slot } from './slot.ts';
import { movement } from './stamps.ts';

export function decideOneWay(slot: Slot, context: Context, draft: Draft, source: Side): void {
  const destination = otherSide(source);
  const from = slot[source];
  const to = slot[destination];
  const step: Step = { slot, context, draft, source, destination };
  if (from && isSpecial(from)) leaveOut(step, from);
  else if (!from) goneAtSource(step, to);
  else if (!to) newAtDestination(step, from);
  else if (isSpecial(to)) {
    draft.problem(
      slot,
      destination,
      'kind',
      `a ${noun(to)} is in the way; it is not written over: remove it, or leave it out by a filter`,
    );
  } else if (from.kind !== to.kind) otherKind(step, from, to);
  else if (from.kind === 'directory') {
    draft.learnDirectory(slot);
    draft.walk(slot, { local: true, remote: true });
  } else fileOnBoth(step, from, to);
}

interface Step {
  readonly slot: Slot;
  readonly context: Context;
  readonly draft: Draft;
  readonly source: Side;
  readonly destination: Side;
}

/** A link at the source is out of scope, and so is what has its name on the other side. */
function leaveOut({ slot, context, draft, source }: Step, from: Entry): void {
  draft.links++;
  if (source === 'local' && from.kind === 'link' && context.options.links === 'follow')
    draft.problem(
      slot,
      source,
      'kind',
      'the link leads out of the folder, in a circle, or to nothing; it was not followed',
    );
}

function newAtDestination({ slot, context, draft, source, destination }: Step, from: Entry): void {
  const { options, filter, unseen } = context;
  // Unseen is not absent. It is written all the same where that is what would happen to it anyway.
  if (unseen[destination] && options.drift !== 'overwrite') return;
  if (from.kind === 'file') {
    // It was there when both agreed: only the destination moved.
    const lost = agreedFile(slot) && !unseen[destination];
    draft.transfer(slot, from, destination, lost ? 'drift' : 'new', null);
    return;
  }
  draft.mkdir(slot, destination, 'new', filter.wants(slot.path, 'directory'));
  // What was agreed on below it is not forgotten then: it may be there still.
  draft.walk(slot, { ...only(source), ...(unseen[destination] ? { unseen: destination } : {}) });
}

function fileOnBoth(step: Step, from: Entry, to: Entry): void {
  const { slot, context, draft, destination } = step;
  const verdict = compare(pairOf(slot, from, to, step.source), context.options, draft.evidence);
  switch (verdict.is) {
    case 'ask':
      draft.ask(slot, verdict.ask);
      return;
    case 'unreadable':
      draft.problem(slot, verdict.side, 'unreadable', verdict.message);
      return;
    case 'same':
      draft.same(slot, verdict);
      return;
    case 'differs':
      if (verdict.moved !== destination) draft.transfer(slot, from, destination, 'changed', to);
      else if (mayOverwriteDrift(step)) draft.transfer(slot, from, destination, 'drift', to);
  }
}

/** Only the destination changed: by default it becomes what the source is, and the plan says so. */
function mayOverwriteDrift({ slot, context, draft, destination }: Step): boolean {
  switch (context.options.drift) {
    case 'overwrite':
      return true;
    case 'keep':
      draft.keep(slot);
      return false;
    case 'fail':
      draft.problem(
        slot,
        destination,
        'failed',
        'it changed here while the source did not; look at it, then say drift: overwrite or keep',
      );
      return false;
  }
}

/**
 * A file where a directory was, or the other way round. What makes way is removed by steps of its own; what is in the
 * directory follows the rules for what is gone at the source, and if any of it stays the file cannot come.
 */
function otherKind(step: Step, from: Entry, to: Entry): void {
  const { slot, context, draft, source, destination } = step;
  if (!mayDelete(context)) {
    draft.problem(
      slot,
      destination,
      'kind',
      `a ${noun(to)} is in the way of a ${noun(from)}, and nothing is removed while a listing here is incomplete`,
    );
    return;
  }
  if (context.options.drift !== 'overwrite' && slot.agreed?.kind === from.kind) {
    const moved =
      slot.agreed.kind === 'file'
        ? stillAgreed(source, slot.path, from, slot.agreed, context.options, draft.evidence)
        : 'unmoved';
    if (typeof moved === 'object') {
      draft.ask(slot, moved.ask);
      return;
    }
    if (moved === 'unmoved' && !mayOverwriteDrift(step)) return;
  }
  draft.remove(slot, 'replace', destination, to, 'kind changed');
  if (from.kind === 'file') {
    draft.transfer(slot, from, destination, 'kind changed', null);
    draft.walk(slot, only(destination));
  } else {
    draft.mkdir(slot, destination, 'kind changed');
    draft.walk(slot, only(source));
  }
}

function goneAtSource(step: Step, to: Entry | null): void {
  const { slot, context, draft, source, destination } = step;
  if (context.unseen[source]) {
    if (to && wouldGo(step, to)) draft.withheld++;
    return;
  }
  if (!to) {
    if (slot.agreed && !context.unseen[destination]) draft.forgotten.push(slot.agreed.path);
  } else if (isSpecial(to)) draft.keep();
  else if (!mayDelete(context)) return;
  else if (to.kind === 'directory') removeDirectory(step, to);
  else removeFile(step, to);
}

/** Whether it would be removed, or looked at for it, were it known to be gone at the source. */
function wouldGo({ slot, context }: Step, to: Entry): boolean {
  const rule = context.options.delete;
  return !isSpecial(to) && (rule === 'all' || (rule === 'tracked' && slot.agreed !== undefined));
}

function removeFile(step: Step, to: Entry): void {
  const { slot, context, draft, destination } = step;
  const { options } = context;
  const agreed = agreedFile(slot);
  const isRules = destination === 'local' && slot.path === options.rules;
  if (options.delete === 'none' || isRules) draft.keep();
  else if (!agreed) removeStranger(step, to);
  else if (options.delete === 'all') {
    draft.remove(slot, 'delete', destination, to, 'deleted at the source');
    if (movement(to, agreed.remote) === 'unmoved') draft.vanished.push(agreed);
  } else {
    const moved = stillAgreed(destination, slot.path, to, agreed, options, draft.evidence);
    if (typeof moved === 'object') draft.ask(slot, moved.ask);
    else if (moved === 'moved') draft.keep(slot);
    else {
      draft.remove(slot, 'delete', destination, to, 'deleted at the source');
      draft.vanished.push(agreed);
    }
  }
}

/** Something that no run ever saw on both sides. */
function removeStranger({ slot, context, draft, source, destination }: Step, to: Entry): boolean {
  const may = context.options.delete === 'all' && !context.strange[source];
  if (may) draft.remove(slot, 'delete', destination, to, 'not at the source');
  else draft.keep();
  return may;
}

/** Provisional: it goes only if everything in it goes, which is seen when it has been walked. */
function removeDirectory(step: Step, to: Entry): void {
  const { slot, context, draft, destination } = step;
  const { options, filter } = context;
  if (options.delete === 'none') draft.keep();
  else if (slot.agreed?.kind === 'directory') {
    draft.remove(slot, 'delete', destination, to, 'deleted at the source');
    draft.walk(slot, only(destination));
  } else if (options.delete === 'all' && !filter.wants(slot.path, 'directory')) {
    // Only a way to what `include` asks for.
    draft.holds = true;
    draft.walk(slot, only(destination));
  } else if (removeStranger(step, to)) draft.walk(slot, only(destination));
}

export function pairOf(slot: Slot, a: Entry, b: Entry, sideOfA: Side) {
  const agreed = agreedFile(slot);
  const [local, remote] = sideOfA === 'local' ? [a, b] : [b, a];
  return { path: slot.path, local, remote, ...(agreed ? { agreed } : {}) };
}

function only(side: Side): { readonly local: boolean; readonly remote: boolean } {
  return { local: side === 'local', remote: side === 'remote' };
}

function noun(entry: Entry): string {
  return entry.kind === 'other' ? 'special file' : entry.kind;
}
