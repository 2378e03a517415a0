import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameCodec } from '../../src/ftp/encoding.ts';
import { ConfigError, NameError } from '../../src/model/index.ts';

const byteString = (...bytes: number[]) => String.fromCharCode(...bytes);

describe('names travel in the charset of the server', () => {
  const cases: [what: string, charset: string, text: string, bytes: string][] = [
    ['ASCII in UTF-8', 'utf8', 'a b;c.txt', 'a b;c.txt'],
    ['umlauts in UTF-8', 'utf-8', 'ä', byteString(0xc3, 0xa4)],
    ['a character beyond the basic plane in UTF-8', 'UTF-8', '😀', byteString(0xf0, 0x9f, 0x98, 0x80)],
    ['a byte order mark is a character like any other', 'utf8', '\ufeffa', byteString(0xef, 0xbb, 0xbf, 0x61)],
    ['a byte order mark in CESU-8', 'cesu8', '\ufeffä', byteString(0xef, 0xbb, 0xbf, 0xc3, 0xa4)],
    ['decomposed letters stay decomposed', 'utf8', 'a\u0308', byteString(0x61, 0xcc, 0x88)],
    ['the replacement character where it is really meant', 'utf8', '\ufffd', byteString(0xef, 0xbf, 0xbd)],
    ['umlauts in latin1', 'latin1', 'ä', byteString(0xe4)],
    ['latin1 by its other name', 'ISO-8859-1', 'ÿ', byteString(0xff)],
    ['the euro sign in windows-1252', 'windows-1252', '€', byteString(0x80)],
    ['Chinese in GBK', 'gbk', '中文', byteString(0xd6, 0xd0, 0xce, 0xc4)],
    ['a backslash as the second byte in GBK', 'gbk', '乗', byteString(0x81, 0x5c)],
    ['a bar as the second byte in Big5', 'big5', '育', byteString(0xa8, 0x7c)],
    ['a backslash as the second byte in Shift_JIS', 'shift_jis', '表', byteString(0x95, 0x5c)],
    ['a question mark is no replacement', 'shift_jis', '表?', byteString(0x95, 0x5c, 0x3f)],
    ['Cyrillic in KOI8-R', 'koi8-r', 'Ж', byteString(0xf6)],
  ];
  it.each(cases)('%s', (_, charset, text, bytes) => {
    const codec = nameCodec(charset);
    expect(codec.decode(bytes)).toBe(text);
    expect(codec.encode(text)).toBe(bytes);
    expect(codec.name).toBe(charset);
  });
});

describe('bytes that are no text in the charset are refused, never replaced', () => {
  const cases: [what: string, charset: string, bytes: string][] = [
    ['latin1 read as UTF-8', 'utf8', byteString(0xe4)],
    ['a UTF-8 character cut in half', 'utf8', byteString(0x61, 0xc3)],
    ['a slash in two bytes', 'utf8', byteString(0xc0, 0xaf)],
    ['half a surrogate pair in UTF-8', 'utf8', byteString(0xed, 0xa0, 0x80)],
    ['a first byte alone in GBK', 'gbk', byteString(0x61, 0x81)],
    ['a byte that Shift_JIS has no character for', 'shift_jis', byteString(0xa0)],
    ['a byte above ASCII', 'ascii', byteString(0xe4)],
    ['a byte that windows-1252 has no character for', 'windows-1252', byteString(0x81)],
  ];
  it.each(cases)('%s', (_, charset, bytes) => {
    expect(() => nameCodec(charset).decode(bytes)).toThrow(NameError);
  });

  it('says which name and which charset, printably', () => {
    expect(() => nameCodec('utf8').decode(byteString(0x1b, 0xe4))).toThrow(/the name \\x1bä .* is not valid utf8/);
  });
});

describe('text that the charset cannot hold is refused, never replaced', () => {
  const cases: [what: string, charset: string, text: string][] = [
    ['Chinese in latin1', 'latin1', '中'],
    ['Chinese in windows-1252', 'windows-1252', 'a中'],
    ['an emoji in GBK', 'gbk', '😀'],
    ['a lone surrogate in UTF-8', 'utf8', 'a\ud800'],
    ['an umlaut in ASCII', 'ascii', 'ä'],
  ];
  it.each(cases)('%s', (_, charset, text) => {
    expect(() => nameCodec(charset).encode(text)).toThrow(NameError);
  });
});

describe('a charset that cannot be used is a fault of the configuration', () => {
  it.each(['klingon', '', '__proto__', 'constructor'])('%j is not known', (charset) => {
    expect(() => nameCodec(charset)).toThrow(ConfigError);
  });
  it('names what it does not know', () => {
    expect(() => nameCodec('klingon')).toThrow(/klingon/);
  });
  it.each(['utf-16le', 'utf-7', 'utf-7-imap', 'base64', 'hex'])('%s does not contain ASCII', (charset) => {
    expect(() => nameCodec(charset)).toThrow(/does not contain ASCII/);
  });
});

const CHARSETS = ['utf8', 'latin1', 'gbk', 'gb18030', 'big5', 'shift_jis', 'euc-jp', 'euc-kr', 'windows-1251', 'cp437'];

describe.each(CHARSETS)('%s', (charset) => {
  const codec = nameCodec(charset);
  it('gives back the same bytes, or refuses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (raw) => {
        const bytes = byteString(...raw);
        let text: string;
        try {
          text = codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(NameError);
          return;
        }
        expect(codec.encode(text)).toBe(bytes);
      }),
      { numRuns: 300 },
    );
  });
  it('gives back the same text, or refuses it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (text) => {
        let bytes: string;
        try {
          bytes = codec.encode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(NameError);
          return;
        }
        expect(codec.decode(bytes)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});
