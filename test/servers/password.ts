// A throw-away login for each server started, and its password as the servers' password files want it.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export interface Login {
  user: string;
  password: string;
}

export const newLogin = (): Login => ({ user: 'ferry', password: randomBytes(12).toString('hex') });

/** The crypt(3) form, SHA-512. */
export const hashed = (password: string): string =>
  execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, encoding: 'utf8' }).trim();
