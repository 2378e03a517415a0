import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineEnd, LineSplitter } from '../../../src/ftp/listing/lines.ts';
import { bytes } from './read.ts';

function split(chunks: string[], longest = 100): { lines: [string, LineEnd | 'overlong'][]; rest: string } {
  const lines: [string, LineEnd | 'overlong'][] = [];
  const splitter = new LineSplitter(
    {
      line: (text, end) => lines.push([text, end]),
      overlong: (text) => lines.push([text, 'overlong']),
    },
    longest,
  );
  for (const chunk of chunks) splitter.push(bytes(chunk));
  return { lines, rest: splitter.rest };
}

describe('bytes become lines', () => {
  const cases: [what: string, chunks: string[], lines: [string, LineEnd | 'overlong'][], rest: string][] = [
    ['nothing', [], [], ''],
    ['one line', ['a\r\n'], [['a', 'crlf']], ''],
    ['a line that ends in LF alone', ['a\nb\r\n'], [['a', 'lf'], ['b', 'crlf']], ''],
    ['a line in three pieces', ['a', 'b', 'c\r\n'], [['abc', 'crlf']], ''],
    ['CR and LF in two pieces', ['a\r', '\nb\r\n'], [['a', 'crlf'], ['b', 'crlf']], ''],
    ['an empty line', ['\r\n'], [['', 'crlf']], ''],
    ['a CR within a line belongs to it', ['a\rb\r\r\n'], [['a\rb\r', 'crlf']], ''],
    ['an unterminated last line is kept apart', ['a\r\nb'], [['a', 'crlf']], 'b'],
    ['a last line without its LF is not terminated', ['a\r'], [], 'a\r'],
    ['the longest line', [`${'x'.repeat(100)}\r\n`], [['x'.repeat(100), 'crlf']], ''],
    ['a line one byte too long', [`${'x'.repeat(101)}\r\na\r\n`], [['x'.repeat(100), 'overlong'], ['a', 'crlf']], ''],
    ['a line much too long', ['x'.repeat(300), 'x'.repeat(300), '\na\n'], [['x'.repeat(100), 'overlong'], ['a', 'lf']], ''],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, chunks, lines, rest) => {
    expect(split(chunks)).toEqual({ lines, rest });
  });

  it('and it does not matter where they were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'bc', '\r', '\n', '\r\n', 'x'.repeat(60))), (pieces) => {
        expect(split(pieces)).toEqual(split([pieces.join('')]));
      }),
    );
  });

  it('whatever happens to the bytes afterwards', () => {
    const chunk = bytes('ab');
    const lines: string[] = [];
    const splitter = new LineSplitter({ line: (text) => lines.push(text), overlong: () => {} }, 100);
    splitter.push(chunk);
    chunk.fill(0x78);
    splitter.push(bytes('\n'));
    expect(lines).toEqual(['ab']);
  });
});
