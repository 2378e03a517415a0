/** A user who may not use the files of what is remembered: told as that, and never as damage. */
import { ConfigError, printable } from '../model/index.ts';

/** What the system says, by its codes; the embedded store hands on no code, only the words. */
const SAYINGS = /\b(?:EACCES|EPERM|EROFS)\b|Permission denied|Operation not permitted|Read-only file system/;

/** @returns undefined where the failure is another one */
export function noRights(error: unknown, directory: string): ConfigError | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const what = SAYINGS.exec(`${code} ${message}`)?.[0];
  if (what === undefined) return undefined;
  return new ConfigError(
    `Ferry may not use all that it remembers in ${printable(directory)} (${what}). Did it run as another user, with sudo? ` +
      'Make those files readable and writable for this one, and run again',
    { cause: error },
  );
}
