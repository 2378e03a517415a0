/**
 * A line of the shell, cut into words. Blanks part them; quotes and backslashes keep blanks, and take their meaning from
 * `*`, `?` and `[`. Pure.
 */
import { literally } from '../../config/index.ts';
import { UsageError } from '../../model/index.ts';

/** A line with a quote that nothing closes. */
export class OpenQuoteError extends UsageError {}

export interface Word {
  /** As a pattern: what was quoted stands behind a backslash where it would be one. */
  readonly pattern: string;
  /** Where it begins in the line. */
  readonly start: number;
}

/** The words of a line; none for a comment. @throws OpenQuoteError. */
export function wordsOf(line: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line[at]!)) {
      at++;
      continue;
    }
    if (line[at] === '#' && words.length === 0) return [];
    const start = at;
    let pattern = '';
    while (at < line.length && !/\s/.test(line[at]!)) {
      const character = line[at]!;
      if (character === '\\' && at + 1 < line.length) {
        pattern += literally(line[at + 1]!);
        at += 2;
      } else if (character === "'" || character === '"') {
        const { text, end } = quoted(line, at);
        pattern += literally(text);
        at = end;
      } else {
        pattern += character;
        at++;
      }
    }
    words.push({ pattern, start });
  }
  return words;
}

/** Single quotes keep everything; in double ones a backslash keeps a quote or a backslash. */
function quoted(line: string, start: number): { text: string; end: number } {
  const quote = line[start]!;
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const character = line[at]!;
    if (character === quote) return { text, end: at + 1 };
    if (quote === '"' && character === '\\' && /["\\]/.test(line[at + 1] ?? '')) text += line[++at];
    else text += character;
  }
  throw new OpenQuoteError(`the quote ${quote} is not closed`);
}

/** A name as it is typed without quotes. */
export function escaped(name: string): string {
  return name.replace(/[\s'"\\*?[\]#]/g, '\\$&');
}
