/** What one line of a listing says, before its name is decoded and has become a path. */
import type { Entry } from '../../model/index.ts';

export interface Seen extends Pick<Entry, 'kind' | 'size' | 'mtime' | 'precision' | 'zoned' | 'stamps'> {
  /** A latin1 byte string, exactly as printed. */
  readonly name: string;
  /** Whether it is one of the directory's entries, the directory itself, or the one above. */
  readonly role: 'entry' | 'self' | 'parent';
  /** Permission bits. */
  readonly mode: number | undefined;
}

/** Reads one line; undefined if it is not a line of this dialect. */
export type LineReader = (line: string) => Seen | undefined;

/** Bytes; null where a number cannot be one, such as the negative sizes of servers that count in 32 bits. */
export function byteCount(digits: string): number | null {
  if (!/^\d+$/.test(digits)) return null;
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : null;
}

/** What a name stands for where nothing else tells. */
export function roleOf(name: string): Seen['role'] {
  return name === '.' ? 'self' : name === '..' ? 'parent' : 'entry';
}
