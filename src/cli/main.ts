#!/usr/bin/env node
/** The command `ferry`: reads the command line, lets one verb do its work, and ends with its exit code. */
import './memory.ts';
import { EXIT } from '../model/index.ts';
import { hideFromProcessList, learnSecrets } from './arguments.ts';
import { endOn } from './ending.ts';
import { failureOf } from './failure.ts';
import { interruption } from './interruption.ts';
import { dataOutput, flushed } from './output.ts';
import { createProgram } from './program.ts';

const args = process.argv.slice(2);
learnSecrets(args, process.env);
hideFromProcessList(args);
process.on('uncaughtException', (error) => void endOn(failureOf(error)));
process.on('unhandledRejection', (error) => void endOn(failureOf(error)));

const stdout = dataOutput(process.stdout);
let exitCode: number = EXIT.agreed;
const program = createProgram({
  args,
  stdout,
  signal: interruption(),
  finish: (code) => {
    exitCode = code;
  },
});
try {
  await program.parseAsync(args, { from: 'user' });
  await flushed();
  // Idle connections and timers of libraries must not keep a cron job alive.
  process.exit(stdout.failure && exitCode === EXIT.agreed ? EXIT.incomplete : exitCode);
} catch (error) {
  await endOn(failureOf(error));
}
