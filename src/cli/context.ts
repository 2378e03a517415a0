/** What every verb is given besides its own arguments. */
import type { Command } from 'commander';
import type { Bench } from './bench.ts';
import type { DataOutput } from './output.ts';

export interface Context {
  /** The command line, without the program. */
  readonly args: readonly string[];
  readonly stdout: DataOutput;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Where hand tools find their servers; the command line's own way unless a shell has another. */
  readonly bench?: Bench;
  /** Asks the person at the terminal; left out where a command line asks in its own way. */
  readonly ask?: (question: string) => Promise<string>;
  /** Takes the exit code. */
  readonly finish: (exitCode: number) => void;
}

/** A file of this folder's `verbs` exports one: it adds its verb to the program. */
export type Verb = (program: Command, context: Context) => void;
