/** What is said, and with which exit code, when a command could not even begin its run or met a bug. */
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, FerryError } from '../model/index.ts';
import { usageOf } from './usage.ts';

export interface Failure {
  readonly exitCode: number;
  /** Empty where everything was said already. */
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return usageOf(error);
  if (error instanceof FerryError) return { exitCode: exitCodeOf(error), message: `ferry: ${error.message}` };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.unforeseen,
    message: `ferry: this is a bug, please report it together with what follows\n${trace}`,
  };
}
