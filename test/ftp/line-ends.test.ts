/** Line ends, against the plainest way to say what they become, in pieces cut anywhere. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CrlfToLf, FromNetwork, LfToCrlf, ToNetwork } from '../../src/ftp/client/index.ts';

/** Texts that are mostly line ends, in pieces. */
const pieces = fc.array(
  fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', '\0', '\xff'), { maxLength: 6 }).map((parts) => parts.join('')),
  { maxLength: 8 },
);

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function throughWriter(parts: readonly string[], writer: LfToCrlf): string {
  return parts.map((part) => Buffer.from(writer.convert(bytes(part))).toString('latin1')).join('');
}

function throughReader(parts: readonly string[]): string {
  const reader = new CrlfToLf();
  const converted = parts.map((part) => Buffer.from(reader.convert(bytes(part))).toString('latin1'));
  return converted.join('') + Buffer.from(reader.end()).toString('latin1');
}

describe('line ends', () => {
  test('to the network: every LF gets its CR, one that has one keeps it', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(throughWriter(parts, new LfToCrlf())).toBe(parts.join('').replace(/(?<!\r)\n/g, '\r\n'));
      }),
    );
  });

  test('from the network: CR LF becomes LF, a lone CR stays', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(throughReader(parts)).toBe(parts.join('').replaceAll('\r\n', '\n'));
      }),
    );
  });

  test('there and back is the same, byte for byte, where CR LF is doubled', () => {
    fc.assert(
      fc.property(pieces, fc.nat(9), (parts, cut) => {
        const sent = throughWriter(parts, new LfToCrlf({ crlf: 'doubled' }));
        expect(throughReader([sent.slice(0, cut), '', sent.slice(cut)])).toBe(parts.join(''));
      }),
    );
  });

  test('the pieces that come in are left as they are', () => {
    const piece = bytes('a\nb\r\n\r');
    new LfToCrlf().convert(piece);
    new CrlfToLf().convert(piece);
    expect(piece.toString('latin1')).toBe('a\nb\r\n\r');
  });

  test('as streams they do the same', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const out = await buffer(Readable.from(parts.map(bytes)).pipe(new ToNetwork()));
        expect(out.toString('latin1')).toBe(throughWriter(parts, new LfToCrlf()));
        const back = await buffer(Readable.from(parts.map(bytes)).pipe(new FromNetwork()));
        expect(back.toString('latin1')).toBe(throughReader(parts));
      }),
      { numRuns: 30 },
    );
  });
});
