/** Logins take a time that tells neither how much of a password was right, nor whether the name is known. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hashPassword, matches } from '../../src/server/password.ts';
import { Users } from '../../src/server/users.ts';

/** What was done, in order: the calls that take their time, or keep it the same. */
const done: string[] = [];

beforeAll(() => {
  const { timingSafeEqual, scrypt } = crypto;
  vi.spyOn(crypto, 'timingSafeEqual').mockImplementation((a, b) => {
    done.push(`compared ${a.byteLength}`);
    return timingSafeEqual(a, b);
  });
  vi.spyOn(crypto, 'scrypt').mockImplementation((...given: unknown[]) => {
    done.push('scrypt');
    Reflect.apply(scrypt, crypto, given);
  });
  syncBuiltinESMExports();
});
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

// What is compared has one length, however long the password is.
const WAYS = [
  ['as it is', async () => 'right', ['compared 32']],
  ['hashed', () => hashPassword('right'), ['scrypt', 'compared 32']],
] as const;

test.each(WAYS)('a password kept %s is compared in constant time', async (_, keep, work) => {
  const kept = await keep();
  for (const password of ['right', 'righs', '', 'x'.repeat(10_000)]) {
    done.length = 0;
    expect(await matches(password, kept)).toBe(password === 'right');
    expect(done).toEqual(work);
  }
});

test.each(WAYS)(
  'where passwords are kept %s, an unknown name is as much work as a known one',
  async (_, keep, work) => {
    const users = new Users([{ name: 'ann', password: await keep() }], undefined, '/');
    // What nobody's password is compared with is made once.
    await users.login('nobody', 'wrong');
    for (const name of ['ann', 'nobody', '__proto__']) {
      done.length = 0;
      expect(await users.login(name, 'wrong')).toBeUndefined();
      expect([name, ...done]).toEqual([name, ...work]);
    }
  },
);
