// Reads a listing that a test has written down, as if it had come over a data connection.
import { nameCodec } from '../../../src/ftp/encoding.ts';
import { type ListingOptions, type ListingParser, listParser, mlsdParser } from '../../../src/ftp/listing/parser.ts';
import { type Listing, ROOT } from '../../../src/model/index.ts';

export const DONE = { clean: true, code: 226, text: 'Transfer complete.' } as const;

/** A Friday, noon. */
export const NOW = new Date('2026-11-20T12:00:00Z');

const defaults: ListingOptions = { directory: ROOT, codec: nameCodec('utf8'), now: NOW, offsetMinutes: 0 };

export type Change = Partial<ListingOptions> & { readonly end?: Parameters<ListingParser['finish']>[0] };

/** @param text a byte string, unless it has characters beyond latin1: then it is sent as UTF-8 */
export function readList(text: string | Uint8Array, change: Change = {}): Listing {
  return read(listParser, text, change);
}

export function readMlsd(text: string | Uint8Array, change: Change = {}): Listing {
  return read(mlsdParser, text, change);
}

export function read(
  parser: (options: ListingOptions) => ListingParser,
  text: string | Uint8Array,
  { end, ...change }: Change = {},
): Listing {
  const parse = parser({ ...defaults, ...change });
  parse.push(typeof text === 'string' ? bytes(text) : text);
  return parse.finish(end ?? DONE);
}

export function options(change: Partial<ListingOptions> = {}): ListingOptions {
  return { ...defaults, ...change };
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, /^[\x00-\xff]*$/.test(text) ? 'latin1' : 'utf8');
}

/** Lines as servers send them. */
export const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('');
