/** What could stand where a command line is being typed: read off the verbs themselves, so that it is never behind them. */
import type { Command, Option } from 'commander';

export interface Candidate {
  readonly value: string;
  /** For shells that show it; one line. */
  readonly description: string;
}

/** The names in a configuration that can be typed. */
export interface Names {
  readonly servers: readonly string[];
  readonly jobs: readonly { readonly name: string; readonly direction: string; readonly backup: boolean }[];
}

/**
 * Candidates for the last of `words`, those that begin as it does. `words` is what was typed behind `ferry`, up to the
 * cursor; `names` is asked only where a name could stand. None: something else belongs there, such as a file.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  names: (config: string | undefined) => Promise<Names>,
): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? '';
  const fitting = (all: readonly Candidate[]) => all.filter(({ value }) => value.startsWith(typed));
  const verb = program.commands.find((one) => one.name() === before[0]);
  if (!verb) return before.length > 0 ? [] : fitting(typed.startsWith('-') ? flagsOf(program) : verbsOf(program));
  const options = [...verb.options, ...verb.parent!.options];
  const waiting = options.find((option) => takesValue(option) && isFlag(option, before.at(-1)));
  if (waiting) return fitting(wordsOf(waiting));
  if (typed.startsWith('-') && !before.includes('--')) return fitting(flagsOf(verb));
  const place = positionals(before.slice(1), options).length;
  const argument = verb.registeredArguments[Math.min(place, verb.registeredArguments.length - 1)];
  if (!argument || (place >= verb.registeredArguments.length && !argument.variadic)) return [];
  if (argument.argChoices) return fitting(argument.argChoices.map((value) => ({ value, description: '' })));
  if (argument.name() === 'verb') return fitting(verbsOf(program));
  return fitting(await named(argument.name(), verb.name(), () => names(valueAfter(before, '-c', '--config'))));
}

function verbsOf(program: Command): Candidate[] {
  const shown = program.createHelp().visibleCommands(program);
  return shown.map((one) => ({ value: one.name(), description: oneLine(one.description()) }));
}

function flagsOf(command: Command): Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown.map(({ long, short, description }) => ({ value: long ?? short!, description: oneLine(description) }));
}

function isFlag({ short, long }: Option, word: string | undefined): boolean {
  return word !== undefined && (word === short || word === long);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** The words that an option's description enumerates: `auto, always or never`. */
function wordsOf({ description }: Option): Candidate[] {
  const list = /^([a-z-]+(?: \(default\))?(?:, [a-z-]+(?: \(default\))?)*) or ([a-z-]+)$/.exec(description);
  if (!list) return [];
  const words = `${list[1]}, ${list[2]}`.split(', ').map((word) => word.replace(' (default)', ''));
  return words.map((value) => ({ value, description: '' }));
}

function positionals(words: readonly string[], options: readonly Option[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith('-') || word === '-') found.push(word);
    else if (options.some((option) => isFlag(option, word) && takesValue(option))) at++;
  }
  return found;
}

function valueAfter(words: readonly string[], ...flags: readonly string[]): string | undefined {
  const at = words.findIndex((word) => flags.includes(word));
  return at < 0 ? undefined : words[at + 1];
}

/** By what an argument is called: a job, a server, or a path on one. */
async function named(argument: string, verb: string, ask: () => Promise<Names>): Promise<Candidate[]> {
  if (!['job', 'place', 'path'].includes(argument)) return [];
  const { servers, jobs } = await ask();
  const one = (what: string, colon: string) => (name: string) => ({ value: name + colon, description: what });
  if (argument !== 'job') {
    const colon = argument === 'path' || verb === 'raw' ? ':' : '';
    const all = [...servers.map(one('server', colon)), ...jobs.map(({ name }) => one('job', colon)(name))];
    return all.filter(({ value }, at) => all.findIndex((other) => other.value === value) === at);
  }
  const direction = ['push', 'pull', 'sync'].includes(verb) ? verb : undefined;
  const backups = ['backup', 'snapshots', 'restore', 'prune'].includes(verb);
  const fitting = jobs.filter(
    (job) => (direction === undefined || job.direction === direction) && (!backups || job.backup),
  );
  return fitting.map((job) => one(job.direction, '')(job.name));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
