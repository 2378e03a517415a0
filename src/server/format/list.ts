// LIST's lines, as `ls -l` prints them or as IIS does.
import type { Stats } from 'node:fs';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const halfAYear = 182 * 86_400_000;

export interface ListedEntry {
  readonly name: string;
  readonly stats: Stats;
  /** ms since 1970, already moved to the zone that the listing is in. */
  readonly mtime: number;
  /** A link's text, when it may be shown. */
  readonly link: string | undefined;
}

/** `-rw-r--r--   1 0        0            1234 Jan 31 03:45 name`; `now` (same zone) decides between time and year. */
export function unixLine({ name, stats, mtime, link }: ListedEntry, now: number): string {
  const owner = `${String(stats.nlink).padStart(3)} ${String(stats.uid).padEnd(8)} ${String(stats.gid).padEnd(8)}`;
  const arrow = link === undefined ? '' : ` -> ${link}`;
  return `${modeText(stats)} ${owner} ${String(stats.size).padStart(12)} ${unixTime(mtime, now)} ${name}${arrow}`;
}

function unixTime(mtime: number, now: number): string {
  const date = new Date(mtime);
  const day = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  // A time in the future (a clock that is off) must not read as one of last year.
  const recent = mtime > now - halfAYear && mtime < now + 86_400_000;
  if (!recent) return `${day}  ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** `01-31-24  03:45PM                 1234 name` */
export function dosLine({ name, stats, mtime }: ListedEntry): string {
  const date = new Date(mtime);
  const hour = date.getUTCHours();
  const day = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}-${two(date.getUTCFullYear() % 100)}`;
  const time = `${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(date.getUTCMinutes())}${hour < 12 ? 'AM' : 'PM'}`;
  const size = stats.isDirectory() ? '<DIR>         ' : String(stats.size);
  return `${day}  ${time} ${size.padStart(20)} ${name}`;
}

function modeText(stats: Stats): string {
  const { mode } = stats;
  const kind = stats.isDirectory()
    ? 'd'
    : stats.isSymbolicLink()
      ? 'l'
      : stats.isFIFO()
        ? 'p'
        : stats.isSocket()
          ? 's'
          : stats.isBlockDevice()
            ? 'b'
            : stats.isCharacterDevice()
              ? 'c'
              : '-';
  const bits = (shift: number, special: number, letter: string) => {
    const group = (mode >> shift) & 7;
    const run = group & 1;
    const last = mode & special ? (run ? letter : letter.toUpperCase()) : run ? 'x' : '-';
    return `${group & 4 ? 'r' : '-'}${group & 2 ? 'w' : '-'}${last}`;
  };
  return kind + bits(6, 0o4000, 's') + bits(3, 0o2000, 's') + bits(0, 0o1000, 't');
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
