/** How the fingerprint of a certificate is written: 64 hexadecimal digits, with or without colons. */

export const FINGERPRINT = /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i;
export const A_FINGERPRINT = 'a SHA-256 fingerprint: 64 hexadecimal digits';

/** Upper-case pairs with colons, as Node prints `fingerprint256`. Throws a RangeError. */
export function parseFingerprint(written: string): string {
  const text = written.trim();
  if (!FINGERPRINT.test(text)) throw new RangeError(`${JSON.stringify(text)} is not ${A_FINGERPRINT}`);
  return text
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/..(?=.)/g, '$&:');
}
