// Passwords: hashed with scrypt, compared in constant time.
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const cost = { N: 16_384, r: 8, p: 1 } as const;

/** The text to keep instead of a password: `scrypt:N:r:p:salt:key`, salt and key in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, 32, cost.N, cost.r, cost.p);
  return `scrypt:${cost.N}:${cost.r}:${cost.p}:${salt.toString('base64')}:${key.toString('base64')}`;
}

/** Whether `kept` is a hash that `hashPassword` made. */
export function isHash(kept: string): boolean {
  return /^scrypt:\d+:\d+:\d+:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(kept);
}

/** Compares a password with what is kept: a hash, or the password itself. */
export async function matches(password: string, kept: string): Promise<boolean> {
  if (!isHash(kept)) return timingSafeEqual(digest(password), digest(kept));
  const [, N, r, p, salt, key] = kept.split(':');
  const expected = Buffer.from(key!, 'base64');
  const got = await derive(password, Buffer.from(salt!, 'base64'), expected.length, Number(N), Number(r), Number(p));
  return timingSafeEqual(got, expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function derive(password: string, salt: Buffer, size: number, N: number, r: number, p: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const maxmem = 256 * N * r;
    scrypt(password, salt, size, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
