/** Finds out in which dialect a LIST is written: the first line that one of them can read decides for all. */
import type { WallClock } from './dates.ts';
import { dosLine } from './dos.ts';
import { eplfLine } from './eplf.ts';
import type { LineReader } from './seen.ts';
import { unixLine } from './unix.ts';

// `ls` begins with the blocks in use, in its own language.
const TOTAL = /^(?:total|totale|totaal|totalt|insgesamt|gesamt|razem|celkem|summa):? \d+[\d.,]*[KMGT]?$/i;

/**
 * One dialect for a whole listing, as a line in another one is more likely the second half of a name with a line break
 * in it. VMS, z/OS and AS/400 are not read: their lines are reported, and the listing is incomplete.
 */
export function dialectOf(clock: WallClock): {
  readonly read: LineReader;
  readonly isNoise: (line: string, first: boolean) => boolean;
} {
  const dialects: readonly LineReader[] = [unixLine(clock), dosLine(clock), eplfLine];
  let spoken: LineReader | undefined;
  return {
    read(line) {
      if (spoken) return spoken(line);
      for (const dialect of dialects) {
        const seen = dialect(line);
        if (seen === undefined) continue;
        spoken = dialect;
        return seen;
      }
      return undefined;
    },
    isNoise: (line, first) => line === '' || (first && TOTAL.test(line)),
  };
}
