/**
 * The log file of this process (`--log`). It is opened for each write, so that a file that logrotate moves away or cuts
 * is no concern of ours: the next line goes to the file that has the name then, and no signal is needed.
 */
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { secretsMask } from '../config/index.ts';
import { ConfigError, printable, writeReason } from '../model/index.ts';
import { type Log, type LogFormat, type LogLevel, logReporter } from '../report/index.ts';

export interface LogFlags {
  readonly log?: string;
  readonly logFormat?: LogFormat;
  readonly logLevel?: LogLevel;
}

// It names files that may be nobody else's business. One that is there keeps the permissions it was given.
const PRIVATE = { mode: 0o600 };

let current: Log | undefined;

/** The log that the command line asked for, if it did. */
export function currentLog(): Log | undefined {
  return current;
}

/** @throws ConfigError where the file cannot be written to. */
export function openLog({ log, logFormat = 'text', logLevel = 'info' }: LogFlags): void {
  if (log === undefined) return;
  const file = resolve(log);
  let complained = false;
  try {
    appendFileSync(file, '', PRIVATE);
  } catch (error) {
    throw new ConfigError(`--log: ${printable(file)} cannot be written: ${writeReason(error)}`, { cause: error });
  }
  current = logReporter({
    format: logFormat,
    level: logLevel,
    mask: secretsMask().mask,
    pid: process.pid,
    append: (lines) => {
      try {
        appendFileSync(file, lines, PRIVATE);
      } catch (error) {
        // A full disk under the log is no reason for the run to fail, and no reason to say so a thousand times.
        if (complained) return;
        complained = true;
        process.stderr.write(`ferry: the log ${printable(file)} can no longer be written: ${writeReason(error)}\n`);
      }
    },
  });
}
