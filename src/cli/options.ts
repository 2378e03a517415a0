/** The options that verbs share, and what they settle for one run. */
import { type Command, Option } from 'commander';
import {
  type CompareRule,
  type ConflictRule,
  type DeleteRule,
  didYouMean,
  type MaxDelete,
  type Overrides,
  parseDuration,
  parseFingerprint,
  parseLastingDuration,
  parseMaxDelete,
  parseSomeBytes,
  type StateRule,
} from '../config/index.ts';
import { UsageError } from '../model/index.ts';
import { type ColorChoice, LOG_LEVELS, type Verbosity } from '../report/index.ts';
import type { LogFlags } from './log.ts';

/** How much is said, and in which form. */
export interface TalkOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose: Verbosity;
  readonly color: ColorChoice;
  readonly progress: boolean;
}

export interface ServerOptions extends TalkOptions {
  readonly config?: string;
  readonly connections?: number;
  readonly timeout?: number;
  readonly tlsPin?: readonly string[];
}

export interface RunFlags extends ServerOptions, LogFlags {
  readonly dryRun?: boolean;
  readonly adopt?: boolean;
  readonly delete?: DeleteRule;
  readonly compare?: CompareRule;
  readonly conflict?: ConflictRule;
  readonly maxDelete?: MaxDelete;
  readonly allowEmptySource?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limitRate?: number | null;
  readonly maxDuration?: number | null;
  readonly maxTransfer?: number | null;
  readonly retries?: number;
  readonly hooks?: boolean;
  readonly state?: StateRule;
  readonly wait?: number;
  readonly summary?: string;
  readonly codeQuality?: string;
}

/** `json` says what `--json` writes; null: there is no such option, as stdout is for something else. */
export function addTalkOptions(verb: Command, json: string | null = 'one JSON object per line on stdout'): Command {
  verb.optionsGroup('What is said:');
  if (json !== null) verb.option('--json', json);
  return verb
    .option('-q, --quiet', 'say nothing when all is well')
    .addOption(
      new Option('-v, --verbose', 'name every path; -vv shows the protocol')
        .argParser((_: string, so: Verbosity) => (so === 0 ? 1 : 2) as Verbosity)
        .default(0, 'the essentials'),
    )
    .addOption(flag('--color <when>', 'auto, always or never', oneOf('auto', 'always', 'never')).default('auto'))
    .option('--no-progress', 'no progress bar, not even on a terminal');
}

export function addServerOptions(verb: Command, json?: string | null): Command {
  verb
    .optionsGroup('Where:')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .addOption(flag('--connections <n>', 'how many at once', whole(1, 64)))
    .addOption(flag('--tls-pin <print>', 'trust this certificate only: its SHA-256 fingerprint', fingerprint))
    .addOption(flag('--timeout <time>', 'give up a silent server after: 90, 90s, 5m', amount(parseLastingDuration)));
  return addTalkOptions(verb, json);
}

/** The options of every verb that works on a job. */
export function addRunOptions(verb: Command, json?: string): Command {
  verb
    .optionsGroup('What is done:')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .addOption(flag('--delete <which>', 'none, tracked (default) or all', oneOf('none', 'tracked', 'all')))
    .addOption(flag('--compare <how>', 'auto (default), size, time or hash', oneOf('auto', 'size', 'time', 'hash')))
    .addOption(flag('--max-delete <n|n%>', 'refuse to delete more (default 25%, above 10)', amount(parseMaxDelete)))
    .option('--allow-empty-source', 'let a source without any file be the truth')
    .addOption(flag('--include <pattern>', 'carry only what matches; can be repeated', appended))
    .addOption(flag('--exclude <pattern>', 'leave out what matches; can be repeated', appended))
    .option('--adopt', 'set what is remembered aside; learn what agrees now')
    .option('--no-hooks', 'leave the programs out that the job names as hooks')
    .addOption(flag('--state <where>', 'remember here, or on the server: local, remote', oneOf('local', 'remote')))
    .optionsGroup('What is left behind:')
    .option('--summary <file>', 'write a summary of the run, as Markdown')
    .option('--code-quality <file>', 'write the problems as a GitLab Code Quality report')
    .optionsGroup('Limits:')
    .addOption(flag('--limit-rate <bytes>', 'bytes a second: 500k, 2M; none', liftable(parseSomeBytes)))
    .addOption(flag('--wait <time>', 'wait for another run to end: 90s, 5m', amount(parseDuration)))
    .addOption(flag('--max-duration <time>', 'stop after: 90s, 10m, 2h; none', liftable(parseLastingDuration)))
    .addOption(flag('--max-transfer <bytes>', 'stop after so many bytes: 2G; none', liftable(parseSomeBytes)))
    .addOption(flag('--retries <n>', 'further attempts after a failure (default 5)', whole(0, 1000)));
  addServerOptions(verb, json);
  return verb
    .optionsGroup('Log file:')
    .option('--log <file>', 'append what happens to a file; logrotate may move or cut it')
    .addOption(flag('--log-format <format>', 'text (default) or json', oneOf('text', 'json')))
    .addOption(flag('--log-level <level>', 'error, warn, info (default) or debug', oneOf(...LOG_LEVELS)));
}

export function overridesOf(flags: RunFlags): Overrides {
  const { include, exclude, compare, maxDelete, conflict, limitRate, maxDuration, maxTransfer, retries } = flags;
  return {
    ...serverOverridesOf(flags),
    include,
    exclude,
    delete: flags.delete,
    compare,
    maxDelete,
    allowEmptySource: flags.allowEmptySource,
    conflict,
    limitRate,
    maxDuration,
    maxTransfer,
    retries,
    hooks: flags.hooks,
    state: flags.state,
    wait: flags.wait,
  };
}

export function serverOverridesOf({ connections, timeout, tlsPin }: ServerOptions): Overrides {
  return { connections, timeout, tlsPin };
}

type Parse<T> = (written: string, before: T | undefined) => T;

/** An option whose value is checked as it is read; what is wrong with it is said with the option's name. */
export function flag<T>(flags: string, description: string, parse: Parse<T>): Option {
  const option = new Option(flags, description);
  return option.argParser((written: string, before: T | undefined) => {
    try {
      return parse(written, before);
    } catch (error) {
      throw new UsageError(`${option.long}: ${(error as Error).message}`, { cause: error });
    }
  });
}

export function oneOf<T extends string>(...words: readonly T[]): Parse<T> {
  return (written) => {
    if ((words as readonly string[]).includes(written)) return written as T;
    throw new RangeError(`${JSON.stringify(written)} is not one of ${words.join(', ')}${didYouMean(written, words)}`);
  };
}

export function whole(least: number, most: number): Parse<number> {
  return (written) => {
    const number = Number(written);
    if (/^\d+$/.test(written) && number >= least && number <= most) return number;
    throw new RangeError(`${JSON.stringify(written)} is not a whole number from ${least} to ${most}`);
  };
}

function amount<T>(parse: (written: string) => T): Parse<T> {
  return (written) => parse(written);
}

/** `none` lifts a limit that the configuration sets. */
export function liftable(parse: (written: string) => number): Parse<number | null> {
  return (written) => {
    if (written === 'none') return null;
    try {
      return parse(written);
    } catch (error) {
      throw new RangeError(`${(error as Error).message}, or none`, { cause: error });
    }
  };
}

/** Can be repeated, for a certificate that is about to be renewed. */
function fingerprint(written: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), parseFingerprint(written)];
}

function appended(written: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), written];
}
