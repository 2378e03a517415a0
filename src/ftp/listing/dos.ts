/** Lines in the manner of IIS and `dir`: `11-20-26  01:20PM       <DIR>          a name`. */
import type { EntryKind } from '../../model/index.ts';
import type { WallClock } from './dates.ts';
import { byteCount, type LineReader, roleOf } from './seen.ts';

// Month first, or year first. Dates with slashes or dots may put the day first, so they are not read.
const LINE =
  /^(?:(\d\d)-(\d\d)-(\d{4}|\d\d)|(\d{4})-(\d\d)-(\d\d)) +(\d{1,2}):(\d\d) ?([AP])?M? +(?:<([A-Z]{1,12})>( +)|(\d+|\d{1,3}(?:,\d{3})+) )/i;

/** Columns from the `<` of a kind to the name: as many as a size and its space take. */
const KIND_COLUMNS = 15;

export function dosLine(clock: WallClock): LineReader {
  return (line) => {
    const match = LINE.exec(line);
    if (!match) return undefined;
    const year = yearOf(match[3] ?? match[4]!);
    const modified = clock.minute(
      year,
      +(match[1] ?? match[5]!),
      +(match[2] ?? match[6]!),
      hourOf(+match[7]!, match[9]),
      +match[8]!,
    );
    const kind = kindOf(match[10]);
    if (modified === undefined || kind === undefined) return undefined;
    // More spaces than IIS prints: they may begin the name or be another server's layout, and a guess can be wrong.
    if (match[10] !== undefined && match[10].length + 2 + match[11]!.length > KIND_COLUMNS) return undefined;
    let name = line.slice(match[0].length);
    if (kind === 'link') name = name.replace(/ \[(?:[A-Za-z]:|\\)[^\]]*\]$/, '');
    return {
      name,
      role: roleOf(name),
      kind,
      size: kind === 'file' ? byteCount(match[12]!.replaceAll(',', '')) : null,
      mode: undefined,
      mtime: modified.mtime,
      precision: modified.precision,
      zoned: modified.zoned,
      stamps: modified.stamps,
    };
  };
}

/** DOS dates begin in 1980 and those of Windows in 1970, so two digits below 70 are of this century. */
function yearOf(digits: string): number {
  const year = Number(digits);
  return digits.length === 4 ? year : year < 70 ? 2000 + year : 1900 + year;
}

/** 12 AM is midnight and 12 PM noon; without either it is a 24-hour clock. */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
}

function kindOf(tag: string | undefined): EntryKind | undefined {
  if (tag === undefined) return 'file';
  switch (tag.toUpperCase()) {
    case 'DIR':
      return 'directory';
    case 'JUNCTION':
    case 'SYMLINK':
    case 'SYMLINKD':
      return 'link';
    default:
      return undefined;
  }
}
