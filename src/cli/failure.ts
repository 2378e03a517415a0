/** What is said, and with which exit code, when a command could not even begin its run or met a bug. */
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, FerryError } from '../model/index.ts';

export interface Failure {
  readonly exitCode: number;
  /** Empty where everything was said already. */
  readonly message: string;
}

/** What an error about the words behind a verb is given on its way: how the verb is used. */
export interface WrongUse {
  readonly usage: string;
}

const SHOWN_ALREADY = new Set(['commander.helpDisplayed', 'commander.version']);

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return usageOf(error);
  if (error instanceof FerryError) return { exitCode: exitCodeOf(error), message: `ferry: ${error.message}` };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.unforeseen,
    message: `ferry: this is a bug, please report it together with what follows\n${trace}`,
  };
}

/** Turns what is wrong with a command line into one sentence with a way on. */
function usageOf(error: CommanderError): Failure {
  if (SHOWN_ALREADY.has(error.code)) return { exitCode: EXIT.agreed, message: '' };
  // Without a verb the help is shown, but nothing was done.
  if (error.code === 'commander.help') return { exitCode: EXIT.usage, message: '' };
  return { exitCode: EXIT.usage, message: `ferry: ${sentence(error)}` };
}

/** Mistakes in how many words there are: the usage of the verb says more than a list of flags. */
const COUNTED = new Set(['commander.excessArguments', 'commander.missingArgument']);

/** `error: unknown option '--exlude'`, `(Did you mean --exclude?)` on two lines become one sentence. */
function sentence(error: CommanderError & Partial<WrongUse>): string {
  const [what = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (?:one of )?(.*)\?\)/.exec(hints.join(' '))?.[1];
  if (COUNTED.has(error.code) && error.usage) return `${what.replace(/\.$/, '')}; usage: ${error.usage.trim()}`;
  const named = what.replace('unknown command', 'unknown verb');
  if (meant !== undefined) return `${named}; did you mean ${meant}?`;
  return named === what && !what.startsWith('unknown option') ? what : `${named}; --help lists them`;
}
