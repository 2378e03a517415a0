/** Both sides changed to different content: what the job says shall become of it. */
import { type Entry, fingerprintOf, nameOf, type Reason, type Side } from '../model/index.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { aliasIfOther, nameOn, otherSide } from './name.ts';
import type { Slot } from './slot.ts';
import { later } from './times.ts';

const REASON: Reason = 'conflict';

export function settleFiles(slot: Slot, local: Entry, remote: Entry, context: Context, draft: Draft): void {
  const told = draft.evidence.remoteTime.get(slot.path);
  const byTime = context.options.conflict === 'newer' || context.options.conflict === 'keep-both';
  if (byTime && told === undefined && !remote.zoned && context.options.canAskTime) {
    draft.ask(slot, 'remote-time');
    return;
  }
  const timed = remote.zoned || !told ? remote : { ...remote, mtime: told.mtime, precision: 1_000, zoned: true };
  const winner = winnerOf(local, timed, context);
  if (winner === null) leave(slot, draft);
  else if (context.options.conflict === 'keep-both') {
    const loser = winner === 'local' ? remote : local;
    const name = setAside(slot, loser, otherSide(winner), context, draft);
    if (name === null) leave(slot, draft);
    else draft.transfer(slot, winner === 'local' ? local : remote, otherSide(winner), REASON, null);
  } else if (winner === 'local') draft.transfer(slot, local, 'remote', REASON, remote);
  else draft.transfer(slot, remote, 'local', REASON, local);
}

/**
 * A file on one side and a directory on the other. Only keeping both settles it: the file takes another name. Every
 * other rule would have to remove a whole directory that changed.
 */
export function settleKinds(slot: Slot, file: Entry, fileSide: Side, context: Context, draft: Draft): void {
  if (context.options.conflict !== 'keep-both' || !setAside(slot, file, fileSide, context, draft)) {
    leave(slot, draft);
    return;
  }
  draft.mkdir(slot, fileSide, REASON);
  draft.walk(slot, { local: fileSide === 'remote', remote: fileSide === 'local' });
}

function leave(slot: Slot, draft: Draft): void {
  draft.conflicts.push({
    path: slot.path,
    local: slot.local && fingerprintOf(slot.local),
    remote: slot.remote && fingerprintOf(slot.remote),
  });
}

/** Whose content gets, or keeps, the name. Null: no rule says. */
function winnerOf(local: Entry, remote: Entry, { options }: Context): Side | null {
  const newer = later(local, remote);
  switch (options.conflict) {
    case 'local':
    case 'remote':
      return options.conflict;
    case 'newer':
      return newer && (newer === 'a' ? 'local' : 'remote');
    case 'keep-both':
      // Where the times do not tell, the name stays with who sits at this machine.
      return newer === 'b' ? 'remote' : 'local';
    case 'fail':
      return null;
  }
}

/** Renames a file on its side and copies it to the other under that name. Null: there is no stamp to name it by. */
function setAside(slot: Slot, entry: Entry, side: Side, context: Context, draft: Draft): Slot | null {
  const stamp = context.options.conflictStamp;
  if (stamp === undefined) return null;
  const name = conflictName(nameOf(slot.path), side, stamp, context.taken());
  const rename = (path: Slot['path']): Slot['path'] =>
    (path.slice(0, path.length - nameOf(path).length) + name) as Slot['path'];
  const aside: Slot = {
    path: rename(slot.path),
    ...(slot.alias === undefined ? {} : aliasIfOther(rename(slot.path), rename(slot.alias))),
    local: null,
    remote: null,
  };
  draft.actions.push({
    action: 'rename',
    side,
    path: nameOn(side, draft.direction, aside),
    from: entry.path,
    reason: REASON,
    expected: draft.seen(slot, side, entry),
  });
  draft.transfer(aside, entry, otherSide(side), REASON, null);
  return aside;
}

const LONGEST_NAME = 255;

/** `name.conflict-<side>-<UTC time>.ext`, within 255 bytes, and none of the names in use. */
export function conflictName(name: string, side: Side, stamp: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 1; ; number++) {
    const mark = `.conflict-${side}-${stamp}${number > 1 ? `-${number}` : ''}`;
    // An extension that long is none.
    const whole = Buffer.byteLength(mark + extension) < LONGEST_NAME;
    const tail = whole ? mark + extension : mark;
    const candidate = cut(whole ? stem : name, LONGEST_NAME - Buffer.byteLength(tail)) + tail;
    if (!taken.has(candidate)) return candidate;
  }
}

/** At most so many bytes of UTF-8, cut between characters. */
function cut(text: string, bytes: number): string {
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    kept += character;
  }
  return kept;
}
