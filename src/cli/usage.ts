/** Turns what is wrong with a command line into one sentence with a way on. */
import type { CommanderError } from 'commander';
import { EXIT } from '../model/index.ts';
import type { Failure } from './failure.ts';

const SHOWN_ALREADY = new Set(['commander.helpDisplayed', 'commander.version']);

export function usageOf(error: CommanderError): Failure {
  if (SHOWN_ALREADY.has(error.code)) return { exitCode: EXIT.agreed, message: '' };
  // Without a verb the help is shown, but nothing was done.
  if (error.code === 'commander.help') return { exitCode: EXIT.usage, message: '' };
  return { exitCode: EXIT.usage, message: `ferry: ${sentence(error.message)}` };
}

/** `error: unknown option '--exlude'`, `(Did you mean --exclude?)` on two lines become one sentence. */
function sentence(message: string): string {
  const [what = '', ...hints] = message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (?:one of )?(.*)\?\)/.exec(hints.join(' '))?.[1];
  const named = what.replace('unknown command', 'unknown verb');
  if (meant !== undefined) return `${named}; did you mean ${meant}?`;
  return named === what && !what.startsWith('unknown option') ? what : `${named}; --help lists them`;
}
