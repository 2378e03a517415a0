/** `ferry serve --hash`: a password in, on a terminal or through a pipe; its hash out, for the configuration. */
import { text } from 'node:stream/consumers';
import { UsageError } from '../../model/index.ts';
import { hashPassword } from '../../server/index.ts';
import { askSecret, someoneIsThere } from '../ask.ts';

/** @throws UsageError for an empty password, one with a line break, and two that differ. */
export async function readHash(): Promise<string> {
  return await hashPassword(usable(someoneIsThere() ? await askTwice() : await piped()));
}

async function askTwice(): Promise<string> {
  const password = await askSecret('Password: ');
  if ((await askSecret('Once more: ')) !== password) throw new UsageError('these were two different passwords');
  return password;
}

async function piped(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

function usable(password: string): string {
  if (password === '') {
    throw new UsageError('no password was given; type it, or pipe it: printf %s "$PASSWORD" | ferry serve --hash');
  }
  if (/[\r\n\0]/.test(password)) throw new UsageError('a password is one line');
  return password;
}
