// Hashes of files on the server: HASH (draft-bryan-ftp-hash) and the older XCRC, XMD5, XSHA1, XSHA256, XSHA512.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { OpenFile } from './filesystem.ts';
import { Refusal } from './replies.ts';

/** As HASH names them, the default first. */
export const algorithms = ['SHA-256', 'SHA-512', 'SHA-1', 'MD5', 'CRC32'] as const;
export type Algorithm = (typeof algorithms)[number];

const names: Record<Exclude<Algorithm, 'CRC32'>, string> = {
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  'SHA-1': 'sha1',
  MD5: 'md5',
};

const piece = 1024 * 1024;

/** The hash of the bytes from `start` up to but without `end`, in lower-case hexadecimal; ends as soon as `wanted` says no. */
export async function hashFile(
  file: OpenFile,
  algorithm: Algorithm,
  start: number,
  end: number,
  wanted: () => boolean,
): Promise<string> {
  const buffer = Buffer.allocUnsafe(Math.min(piece, Math.max(1, end - start)));
  const hash = algorithm === 'CRC32' ? undefined : createHash(names[algorithm]);
  let crc = 0;
  let position = start;
  while (position < end) {
    if (!wanted()) throw new Refusal(426, 'Nobody waits for the hash any more.');
    const bytes = await file.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    if (bytes === 0) throw new Refusal(451, 'The file became shorter while it was read.');
    const part = buffer.subarray(0, bytes);
    if (hash === undefined) crc = crc32(part, crc);
    else hash.update(part);
    position += bytes;
  }
  return hash?.digest('hex') ?? crc.toString(16).padStart(8, '0');
}
