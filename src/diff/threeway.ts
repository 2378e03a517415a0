/** The three-way table for sync: what changed since both agreed travels, whichever side it changed on. */
import type { Entry, Side } from '../model/index.ts';
import { compare } from './compare.ts';
import { settleFiles, settleKinds } from './conflict.ts';
import { agreedFile, type Context, isSpecial, mayDelete } from './context.ts';
import type { Draft } from './draft.ts';
import type { Slot } from './match.ts';
import { stillAgreed } from './moved.ts';
import { otherSide } from './name.ts';
import { pairOf } from './oneway.ts';

export function decideThreeWay(slot: Slot, context: Context, draft: Draft): void {
  const { local, remote } = slot;
  if (isSpecial(local) || isSpecial(remote)) leaveOut(slot, context, draft);
  else if (local && remote) onBoth(slot, local, remote, context, draft);
  else if (local) onOne(slot, local, 'local', context, draft);
  else if (remote) onOne(slot, remote, 'remote', context, draft);
  else if (slot.agreed && !context.unseen.local && !context.unseen.remote) draft.forgotten.push(slot.agreed.path);
}

function leaveOut(slot: Slot, context: Context, draft: Draft): void {
  const side = isSpecial(slot.local) ? 'local' : 'remote';
  const other = slot[otherSide(side)];
  draft.links++;
  draft.holds = true;
  if (side === 'local' && slot.local?.kind === 'link' && context.options.links === 'follow')
    draft.problem(
      slot,
      side,
      'kind',
      'the link leads out of the folder, in a circle, or to nothing; it was not followed',
    );
  else if (other && !isSpecial(other))
    draft.problem(
      slot,
      side,
      'kind',
      'a link or special file is in the way of what is on the other side; remove it, or leave it out by a filter',
    );
}

function onBoth(slot: Slot, local: Entry, remote: Entry, context: Context, draft: Draft): void {
  if (local.kind !== remote.kind) {
    otherKind(slot, local, remote, context, draft);
    return;
  }
  if (local.kind === 'directory') {
    draft.learnDirectory(slot);
    draft.walk(slot, { local: true, remote: true });
    return;
  }
  const verdict = compare(pairOf(slot, local, remote, 'local'), context.options, draft.evidence);
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
      if (verdict.moved === 'local') draft.transfer(slot, local, 'remote', 'changed', remote);
      else if (verdict.moved === 'remote') draft.transfer(slot, remote, 'local', 'changed', local);
      else settleFiles(slot, local, remote, context, draft);
  }
}

/** On `side` only: new there, or gone from the other. Unseen is not gone, and then nothing is done. */
function onOne(slot: Slot, entry: Entry, side: Side, context: Context, draft: Draft): void {
  const other = otherSide(side);
  if (context.unseen[other]) return;
  const { agreed } = slot;
  if (agreed?.kind === entry.kind) {
    gone(slot, entry, side, context, draft);
    return;
  }
  draft.holds = true;
  const reason = agreed ? 'changed' : 'new';
  if (entry.kind === 'file') draft.transfer(slot, entry, other, reason, null);
  else {
    draft.mkdir(slot, other, reason, context.filter.wants(slot.path, 'directory'));
    draft.walk(slot, only(side));
  }
}

/** Deleted on the other side. It goes here too if it is still what was agreed on; an edited file comes back. */
function gone(slot: Slot, entry: Entry, side: Side, context: Context, draft: Draft): void {
  const agreed = agreedFile(slot);
  const moved = agreed ? stillAgreed(side, slot.path, entry, agreed, context.options, draft.evidence) : 'unmoved';
  if (typeof moved === 'object') draft.ask(slot, moved.ask);
  else if (moved === 'moved') {
    draft.transfer(slot, entry, otherSide(side), 'changed', null);
    draft.holds = true;
  } else if (context.options.delete === 'none') {
    draft.keep();
    // It is made anew on the way to what is new or was edited in it, and only then.
    if (entry.kind === 'directory') {
      draft.mkdir(slot, otherSide(side), 'directory of a new file', false);
      draft.walk(slot, only(side));
    }
  } else if (mayDelete(context)) {
    // Of a directory provisional: if something in it stays or comes back, so does the directory.
    draft.remove(slot, 'delete', side, entry, 'deleted at the source');
    // It may only have another name here by now.
    if (agreed && side === 'remote') draft.vanished.push(agreed);
    if (entry.kind === 'directory') draft.walk(slot, only(side));
  }
}

/** A file here, a directory there: the side that is still what was agreed on gives way. */
function otherKind(slot: Slot, local: Entry, remote: Entry, context: Context, draft: Draft): void {
  const fileSide: Side = local.kind === 'file' ? 'local' : 'remote';
  const directorySide = otherSide(fileSide);
  const [file, directory] = fileSide === 'local' ? [local, remote] : [remote, local];
  if (!mayDelete(context)) {
    draft.problem(
      slot,
      fileSide,
      'kind',
      'a file on one side is a directory on the other, and nothing is removed while a listing here is incomplete',
    );
    return;
  }
  if (slot.agreed?.kind === 'directory') {
    draft.remove(slot, 'replace', directorySide, directory, 'kind changed');
    draft.transfer(slot, file, directorySide, 'kind changed', null);
    draft.walk(slot, only(directorySide));
    return;
  }
  const moved = slot.agreed
    ? stillAgreed(fileSide, slot.path, file, slot.agreed, context.options, draft.evidence)
    : 'moved';
  if (typeof moved === 'object') draft.ask(slot, moved.ask);
  else if (moved === 'moved') settleKinds(slot, file, fileSide, context, draft);
  else {
    draft.remove(slot, 'replace', fileSide, file, 'kind changed');
    draft.mkdir(slot, fileSide, 'kind changed');
    draft.walk(slot, only(directorySide));
  }
}

function only(side: Side): { readonly local: boolean; readonly remote: boolean } {
  return { local: side === 'local', remote: side === 'remote' };
}
