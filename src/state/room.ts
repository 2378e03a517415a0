/** A disk without room below what is remembered: told as that, and never as damage. */
import { printable, StateError } from '../model/index.ts';

/** What the system says, by its codes; the embedded store hands on no code, only the words. */
const SAYINGS: readonly [RegExp, string][] = [
  [/\bENOSPC\b|No space left on device/, 'no room left on the disk'],
  [/\bEDQUOT\b|Disk quota exceeded/, 'the disk quota is used up'],
];

/** @returns undefined where the failure is another one */
export function noRoom(error: unknown, directory: string): StateError | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const what = SAYINGS.find(([saying]) => saying.test(`${code} ${message}`))?.[1];
  if (what === undefined) return undefined;
  return new StateError(
    `${what} for what Ferry remembers, in ${printable(directory)}: free some space and run again. ` +
      'What was transferred by then is whole, and what was agreed on before is still known',
    { cause: error, unsaved: true },
  );
}
