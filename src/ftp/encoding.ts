/**
 * Names between text and the bytes a server uses for them. Control connection and listings run as latin1 "byte
 * strings", one character a byte; lines and fields are split there, and only whole names are decoded, because in GBK,
 * Big5 and Shift_JIS the second byte of a character may be a backslash or a bar.
 */
import iconv from 'iconv-lite';
import { ConfigError, NameError, printable } from '../model/index.ts';

export interface NameCodec {
  /** The charset as it was asked for. */
  readonly name: string;
  /** Text of a latin1 byte string. Throws a NameError if these bytes are not text, or would not be sent back as such. */
  decode(latin1: string): string;
  /** A latin1 byte string of text. Throws a NameError if the charset has no place for a character. */
  encode(text: string): string;
}

const ASCII_ONLY = /^[\x00-\x7f]*$/;
const LATIN1_ONLY = /^[\x00-\xff]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ALL_ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));

/** The codec of a charset: `utf8`, `latin1` or any that iconv-lite knows. Throws a ConfigError on any other. */
export function nameCodec(charset: string): NameCodec {
  const plain = charset.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'utf8' || plain === 'unicode11utf8') return utf8(charset);
  if (plain === 'latin1' || plain === 'iso88591') return latin1(charset);
  return byTable(charset);
}

/** A fatal decoder accepts exactly the byte strings that encode to themselves again, so no round trip is needed. */
function utf8(name: string): NameCodec {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    name,
    decode(bytes) {
      if (ASCII_ONLY.test(bytes)) return bytes;
      try {
        return decoder.decode(Buffer.from(bytes, 'latin1'));
      } catch {
        throw notText(bytes, name);
      }
    },
    encode(text) {
      if (ASCII_ONLY.test(text)) return text;
      if (LONE_SURROGATE.test(text)) throw notEncodable(text, name);
      return Buffer.from(text, 'utf8').toString('latin1');
    },
  };
}

function latin1(name: string): NameCodec {
  return {
    name,
    decode: (bytes) => bytes,
    encode(text) {
      if (!LATIN1_ONLY.test(text)) throw notEncodable(text, name);
      return text;
    },
  };
}

/** iconv replaces what it cannot convert and says nothing; only the way back and forth shows it. */
function byTable(name: string): NameCodec {
  if (!iconv.encodingExists(name)) {
    throw new ConfigError(
      `no encoding named ${printable(name)} is known: use utf8, latin1 or a name such as windows-1252 or shift_jis`,
    );
  }
  const toText = (bytes: string) => iconv.decode(Buffer.from(bytes, 'latin1'), name, { stripBOM: false });
  const toBytes = (text: string) => iconv.encode(text, name, { addBOM: false }).toString('latin1');
  // Commands, slashes and line ends are ASCII bytes; a charset that writes them otherwise cannot travel by FTP.
  if (toText(ALL_ASCII) !== ALL_ASCII || toBytes(ALL_ASCII) !== ALL_ASCII) {
    throw new ConfigError(`the encoding ${name} cannot be used: it does not contain ASCII, which FTP is made of`);
  }
  return {
    name,
    decode(bytes) {
      if (ASCII_ONLY.test(bytes)) return bytes;
      const text = toText(bytes);
      if (toBytes(text) !== bytes) throw notText(bytes, name);
      return text;
    },
    encode(text) {
      if (ASCII_ONLY.test(text)) return text;
      const bytes = toBytes(text);
      if (toText(bytes) !== text) throw notEncodable(text, name);
      return bytes;
    },
  };
}

function notText(bytes: string, charset: string): NameError {
  return new NameError(
    `the name ${shown(bytes)} (one character a byte) is not valid ${charset}: set encoding to what the server uses`,
  );
}

function notEncodable(text: string, charset: string): NameError {
  return new NameError(`the name ${shown(text)} cannot be written in ${charset}: rename it, or set encoding`);
}

const shown = (name: string) => printable(name.length > 120 ? `${name.slice(0, 120)}…` : name);
