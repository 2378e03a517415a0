/**
 * Lines in the manner of `ls -l`: `-rw-r--r-- 1 owner group 12 Nov 20 13:20 a name`, with or without link count, owner
 * and group, and NetWare's `- [RWCEAFMS] owner 12 Nov 20 13:20 a name`. What stands between the permissions and the
 * size varies and may hold spaces, so a line is read from its first `size date` on.
 */
import type { EntryKind } from '../../model/index.ts';
import { type Modified, monthOf, type WallClock } from './dates.ts';
import { byteCount, type LineReader, roleOf } from './seen.ts';

const PERMISSIONS = /^[-a-zA-Z?][-rwxsStTlL]{9}[+.@]? /;
const NETWARE = /^[-d] +\[[-A-Z]{8}\] /;

// Size (for a device, its two numbers), a date in one of three orders, its time or year, and the one space that
// separates the name; any further space belongs to the name. Each run is bounded by a space before it, so that a
// hostile line takes linear time.
const SIZE_AND_DATE =
  / (-?\d{1,19}|\d{1,9}, *\d{1,9}) +(?:(?:([A-Za-z]{3}) +(\d{1,2})|(\d{1,2}) +([A-Za-z]{3})) +(?:(\d{1,2}):(\d\d)|(\d{4}))|(\d{4})-(\d\d)-(\d\d) +(\d\d):(\d\d)) /g;

export function unixLine(clock: WallClock): LineReader {
  return (line) => {
    const plain = PERMISSIONS.test(line);
    if (!plain && !NETWARE.test(line)) return undefined;
    // The space that ends the permissions may already be the one before the size.
    SIZE_AND_DATE.lastIndex = plain ? 10 : 2;
    for (let match = SIZE_AND_DATE.exec(line); match; match = SIZE_AND_DATE.exec(line)) {
      const modified = dateOf(match, clock);
      if (modified === undefined) {
        SIZE_AND_DATE.lastIndex = match.index + 1;
        continue;
      }
      const kind = kindOf(line.charCodeAt(0));
      let name = line.slice(SIZE_AND_DATE.lastIndex);
      if (kind === 'link') {
        const arrow = name.indexOf(' -> ');
        // Name and target may both hold an arrow: where there are two, which of them ends the name is anyone's guess.
        if (arrow >= 0 && name.indexOf(' -> ', arrow + 1) >= 0) return undefined;
        if (arrow >= 0) name = name.slice(0, arrow);
      }
      return {
        name,
        role: roleOf(name),
        kind,
        size: kind === 'file' ? byteCount(match[1]!) : null,
        mode: plain ? modeOf(line) : undefined,
        mtime: modified.mtime,
        precision: modified.precision,
        zoned: modified.zoned,
        stamps: modified.stamps,
      };
    }
    return undefined;
  };
}

function dateOf(match: RegExpExecArray, clock: WallClock): Modified | undefined {
  if (match[9] !== undefined) {
    return clock.minute(+match[9], +match[10]!, +match[11]!, +match[12]!, +match[13]!);
  }
  const month = monthOf(match[2] ?? match[5]!);
  if (month === undefined) return undefined;
  const day = +(match[3] ?? match[4]!);
  if (match[8] !== undefined) return clock.day(+match[8], month, day);
  const hour = +match[6]!;
  const minute = +match[7]!;
  return clock.minute(clock.yearOf(month, day, hour, minute), month, day, hour, minute);
}

function kindOf(letter: number): EntryKind {
  switch (letter) {
    case 0x2d: // -
      return 'file';
    case 0x64: // d
      return 'directory';
    case 0x6c: // l
      return 'link';
    default:
      return 'other';
  }
}

/** The bits of `-rwxr-sr-T`: the execute places also tell set-uid, set-gid and sticky, in capitals if not executable. */
function modeOf(line: string): number {
  let mode = 0;
  for (let place = 1; place <= 9; place += 1) {
    const letter = line[place]!;
    const bit = 1 << (9 - place);
    if (letter === '-') continue;
    if (!'STlL'.includes(letter)) mode |= bit;
    if (!'rwx'.includes(letter)) mode |= place === 3 ? 0o4000 : place === 6 ? 0o2000 : 0o1000;
  }
  return mode;
}
