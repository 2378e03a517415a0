/**
 * Lines in the manner of `ls -l`: `-rw-r--r-- 1 owner group 12 Nov 20 13:20 a name`, with or without link count, owner
 * and group, and NetWare's `- [RWCEAFMS] owner 12 Nov 20 13:20 a name`. What stands between the permissions and the
 * size varies and may hold spaces, so a line is read from its first `size date` on.
 */
import type { EntryKind } from '../../model/index.ts';
import { type Modified, monthOf, type WallClock } from './dates.ts';
import { byteCount, type LineReader, roleOf, type Seen } from './seen.ts';

const PERMISSIONS = /^[-a-zA-Z?][-rwxsStTlL]{9}[+.@]? /;
const NETWARE = /^[-d] +\[[-A-Z]{8}\] /;

// Size (for a device, its two numbers), a date in one of three orders, its time or year, and the one space that
// separates the name; any further space belongs to the name. Every run of spaces or digits has a fixed beginning or a
// bound, so that a hostile line takes linear time.
const SIZE = /(-?\d{1,19}|\d{1,9}, *\d{1,9})/.source;
const NAMED = /(?:([A-Za-z]{3}) +(\d{1,2})|(\d{1,2}) +([A-Za-z]{3})) +(?:(\d{1,2}):(\d\d)|(\d{4}))/.source;
const NUMERIC = /(\d{4})-(\d\d)-(\d\d) +(\d\d):(\d\d)/.source;
const SIZE_AND_DATE = `${SIZE} +(?:${NAMED}|${NUMERIC}) `;

// Link count, owner, group. It goes first, since `1 jan 20 2026 Nov 20 13:20 x` is not a file of January 20.
// LIMIT: where a server prints none of the three, `12 Nov 20 2026 Jan  1  2020 x` is read as a file `x` all the same.
const USUAL = new RegExp(`[+.@]? +\\d+ +\\S+ +\\S+ +${SIZE_AND_DATE}`, 'y');
const ANYWHERE = new RegExp(` ${SIZE_AND_DATE}`, 'g');

export function unixLine(clock: WallClock): LineReader {
  return (line) => {
    const plain = PERMISSIONS.test(line);
    if (!plain && !NETWARE.test(line)) return undefined;
    if (plain) {
      USUAL.lastIndex = 10;
      const match = USUAL.exec(line);
      const modified = match && dateOf(match, clock);
      if (modified) return seen(line, match[1]!, modified, line.slice(USUAL.lastIndex), modeOf(line));
    }
    // The space that ends the permissions may already be the one before the size.
    ANYWHERE.lastIndex = plain ? 10 : 2;
    for (let match = ANYWHERE.exec(line); match; match = ANYWHERE.exec(line)) {
      const modified = dateOf(match, clock);
      if (modified) {
        return seen(line, match[1]!, modified, line.slice(ANYWHERE.lastIndex), plain ? modeOf(line) : undefined);
      }
      ANYWHERE.lastIndex = match.index + 1;
    }
    return undefined;
  };
}

function seen(
  line: string,
  size: string,
  modified: Modified,
  rest: string,
  mode: number | undefined,
): Seen | undefined {
  const kind = kindOf(line.charCodeAt(0));
  let name = rest;
  if (kind === 'link') {
    const arrow = rest.indexOf(' -> ');
    // Name and target may both hold an arrow: where there are two, which of them ends the name is anyone's guess.
    if (arrow >= 0 && rest.indexOf(' -> ', arrow + 1) >= 0) return undefined;
    if (arrow >= 0) name = rest.slice(0, arrow);
  }
  const { mtime, precision, zoned, stamps } = modified;
  return {
    name,
    role: roleOf(name),
    kind,
    size: kind === 'file' ? byteCount(size) : null,
    mode,
    mtime,
    precision,
    zoned,
    stamps,
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
