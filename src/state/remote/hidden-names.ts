/**
 * Names as they are kept where others can read them: the first 128 bits of an HMAC-SHA-256 under a salt, in base64url.
 * Whoever knows a path can look it up; nobody can read one.
 * LIMIT: the salt is in the same file, so a path that can be guessed can be confirmed.
 */
import { createHmac, randomBytes } from 'node:crypto';

export type HideName = (text: string) => string;

const BITS = 128;

export function newSalt(): string {
  return randomBytes(16).toString('base64url');
}

export function hiddenNames(salt: string): HideName {
  const key = Buffer.from(salt, 'base64url');
  return (text) =>
    createHmac('sha256', key)
      .update(text)
      .digest()
      .subarray(0, BITS / 8)
      .toString('base64url');
}
