/** The trees that trials move: every byte tells which version of which file it is of, and where in it. */
import type { Drawing } from '../../builders/drawing.ts';

/** `size` bytes that tell, every eight of them, whose they are and where they stand: no splice goes unseen. */
export function stripes(mark: string, size: number): string {
  const parts: string[] = [];
  for (let at = 0; at < size; at += 8)
    parts.push(`${mark.slice(0, 2).padEnd(2, '-')}${(at / 8).toString(36).padStart(5, '0')}\n`);
  return parts.join('').slice(0, size);
}

const BIG_OLD = stripes('bo', 700_001);
const BIG_NEW = stripes('bn', 1_300_003);

/** What both sides agreed on. */
export const OLD: Drawing = {
  'a.txt': 'a, old',
  'b/c.txt': 'c, old',
  'b/d.txt': 'd',
  'b/gone.txt': 'will go',
  'big.bin': BIG_OLD,
  'e.txt': 'e',
  'gone/x.txt': 'x',
};

/** What the source holds when the fault strikes. */
export const NEW: Drawing = {
  'a.txt': 'a, which is new',
  'b/c.txt': 'c, new',
  'b/d.txt': 'd',
  'b/new.txt': 'new in an old directory',
  'big.bin': BIG_NEW,
  'e.txt': 'e',
  'fresh/n.txt': 'new in a new directory',
};
