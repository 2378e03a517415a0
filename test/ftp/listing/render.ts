// Writes made-up directories down as servers do, so that reading them back can be compared with what was there.
import fc from 'fast-check';
import type { EntryKind } from '../../../src/model/index.ts';

export interface Thing {
  readonly name: string;
  readonly kind: EntryKind;
  readonly size: number;
  /** Whole minutes, UTC. */
  readonly at: Date;
}

const MINUTE = 60_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Any name that can be a segment of a path, with much of what confuses parsers. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(
        ' ',
        ';',
        '=',
        '-',
        '>',
        ' -> ',
        '.',
        'a',
        '1',
        'Nov',
        ' Nov 20 11:20 ',
        '<DIR>',
        '"',
        'é',
        '\t',
        '\\',
      ),
      minLength: 1,
      maxLength: 8,
    }),
    fc.constantFrom('__proto__', 'constructor', '...', ' ', 'total 12', '226 x', '-rw-r--r-- 1 o g 1 Nov 20 11:20 x'),
  )
  .filter((text) => !/[/\0\r\n]/.test(text) && text !== '.' && text !== '..' && !/\p{Surrogate}/u.test(text));

/** @param days how old things are at most */
export function directory(now: Date, kinds: readonly EntryKind[], days: number): fc.Arbitrary<Thing[]> {
  const thing = fc.record({
    name,
    kind: fc.constantFrom(...kinds),
    size: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.maxSafeNat()),
    at: fc
      .integer({ min: 0, max: days * 24 * 60 })
      .map((minutes) => new Date(Math.floor(now.getTime() / MINUTE - minutes) * MINUTE)),
  });
  return fc.uniqueArray(thing, { selector: (one) => one.name, maxLength: 12 });
}

const LETTER: Record<EntryKind, string> = { file: '-', directory: 'd', link: 'l', other: 'p' };
const TYPE: Record<EntryKind, string> = {
  file: 'file',
  directory: 'dir',
  link: 'OS.unix=symlink',
  other: 'OS.unix=fifo',
};
const two = (n: number) => String(n).padStart(2, '0');

export function asUnix({ name, kind, size, at }: Thing): string {
  const date = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 16)}`;
  const shown = kind === 'link' ? `${name} -> target` : name;
  return `${LETTER[kind]}rw-r--r--    1 0        users ${String(size).padStart(13)} ${date} ${shown}`;
}

export function asUnixWithYears({ name, kind, size, at }: Thing): string {
  const date = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}  ${at.getUTCFullYear()}`;
  return `${LETTER[kind]}rw-r--r-- owner group ${size} ${date} ${name}`;
}

export function asDos({ name, kind, size, at }: Thing): string {
  const hour = at.getUTCHours();
  const date = `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}-${at.toISOString().slice(2, 4)}`;
  const time = `${two(hour % 12 || 12)}:${two(at.getUTCMinutes())}${hour < 12 ? 'AM' : 'PM'}`;
  return `${date}  ${time} ${kind === 'directory' ? '      <DIR>         ' : String(size).padStart(20)} ${name}`;
}

export function asFacts({ name, kind, size, at }: Thing): string {
  const modify = at.toISOString().replace(/[-:T]|\..*/g, '');
  return `modify=${modify};perm=adfrw;size=${size};type=${TYPE[kind]};unique=FE00U2380E6;UNIX.mode=0644; ${name}`;
}

export function asEplf({ name, kind, size, at }: Thing): string {
  return `+i1.2,m${at.getTime() / 1000},${kind === 'directory' ? '/' : `r,s${size}`},\t${name}`;
}
