/** What a line of the shell does: its own few commands, and the hand tools. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { Command } from 'commander';
import { didYouMean } from '../../config/index.ts';
import { literalName, onLane } from '../../hand/index.ts';
import { EXIT, InterruptedError, printable, systemReason, UsageError } from '../../model/index.ts';
import type { Context, Verb } from '../context.ts';
import { cat } from '../verbs/cat.ts';
import { chmod } from '../verbs/chmod.ts';
import { get } from '../verbs/get.ts';
import { ls } from '../verbs/ls.ts';
import { mkdir, rmdir } from '../verbs/mkdir.ts';
import { mv } from '../verbs/mv.ts';
import { put } from '../verbs/put.ts';
import { rm } from '../verbs/rm.ts';
import { stat } from '../verbs/stat.ts';
import { touch } from '../verbs/touch.ts';
import type { ShellBench } from './bench.ts';
import { wordsOf } from './words.ts';

const TOOLS: readonly Verb[] = [ls, cat, get, put, mkdir, rmdir, rm, mv, stat, chmod, touch];

const OWN: Readonly<Record<string, string>> = {
  cd: 'enter a folder on the server; -: the one before',
  pwd: 'say which folder that is',
  lcd: 'enter a local folder',
  lls: 'list a local folder',
  lpwd: 'say which folder that is',
  raw: 'send one FTP command and show the answer',
  help: 'this, or the help of a command: help get',
  quit: 'leave; so do exit and Ctrl-D',
};

const LEAVING = new Set(['quit', 'exit', 'bye']);

export interface LineContext {
  readonly bench: ShellBench;
  readonly stdout: Context['stdout'];
  readonly signal: AbortSignal;
  readonly ask?: (question: string) => Promise<string>;
}

/** Every command's name. */
export function commandNames(): string[] {
  return [...Object.keys(OWN), 'exit', ...toolsProgram().commands.map((one) => one.name())].sort();
}

/** Carries a line out. @returns the exit code, or 'quit'. @throws what ends a command. */
export async function carryOut(line: string, context: LineContext): Promise<number | 'quit'> {
  const words = wordsOf(line);
  const [first, ...others] = words;
  if (!first) return EXIT.agreed;
  const verb = literalName(first.pattern);
  if (LEAVING.has(verb)) return 'quit';
  const args = others.map(({ pattern }) => pattern);
  if (verb === 'raw') return raw(line.slice(others[0]?.start ?? line.length).trim(), context);
  if (verb === 'help') return help(args[0], context);
  if (Object.hasOwn(OWN, verb)) return own(verb, args.map(literalName), args, context);
  return tool([verb, ...args], context);
}

async function own(
  verb: string,
  [name]: readonly string[],
  patterns: readonly string[],
  context: LineContext,
): Promise<number> {
  const { bench, stdout, signal } = context;
  if (patterns.length > 1) throw new UsageError(`${verb} takes one name; quote one that has blanks in it`);
  if (verb === 'cd') {
    await bench.connect(undefined, undefined, signal);
    await bench.enter(patterns[0], signal);
  } else if (verb === 'pwd') stdout.line(bench.folder);
  else if (verb === 'lpwd') stdout.line(printable(process.cwd()));
  else if (verb === 'lcd') enterLocal(name);
  else for (const line of await localTable(name ?? '.')) stdout.line(line);
  return EXIT.agreed;
}

function enterLocal(name: string | undefined): void {
  const folder = name === undefined || name === '~' ? homedir() : name.replace(/^~(?=\/)/, homedir());
  try {
    process.chdir(folder);
  } catch (error) {
    throw new UsageError(`${printable(folder)} cannot be entered: ${systemReason(error)}`);
  }
}

async function localTable(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => printable(entry.name) + (entry.isDirectory() ? '/' : '')).sort();
  } catch (error) {
    throw new UsageError(`${printable(folder)} cannot be listed: ${systemReason(error)}`);
  }
}

async function raw(command: string, { bench, stdout, signal }: LineContext): Promise<number> {
  const { remote } = await bench.connect(undefined, undefined, signal);
  const work = { remote, realm: '', signal, tell: () => {}, problem: () => {} };
  const reply = await onLane(work, (lane) => lane.order(command));
  for (const line of reply.lines) stdout.line(printable(line));
  return reply.code >= 400 ? EXIT.incomplete : EXIT.agreed;
}

async function tool(args: readonly string[], context: LineContext): Promise<number> {
  let exitCode: number = EXIT.agreed;
  const finish = (code: number) => {
    exitCode = code;
  };
  await toolsProgram({ ...context, args, finish }).parseAsync(args, { from: 'user' });
  // A copy says itself, in its summary, that it was stopped.
  const isSaid = exitCode === EXIT.interrupted || exitCode === EXIT.terminated;
  if (context.signal.aborted && !isSaid) throw new InterruptedError('SIGINT');
  return exitCode;
}

async function help(verb: string | undefined, context: LineContext): Promise<number> {
  if (verb !== undefined && !Object.hasOwn(OWN, verb)) return tool([verb, '--help'], context);
  const all = Object.entries(OWN);
  for (const one of toolsProgram().commands) all.push([one.name(), one.description()]);
  const shown = verb === undefined ? all : all.filter(([name]) => name === verb);
  for (const [name, what] of shown) context.stdout.line(`${name.padEnd(6)} ${what}`);
  if (verb === undefined) context.stdout.line(HINT);
  return EXIT.agreed;
}

const HINT = `
Names are below the folder that pwd says; of several names, the last one of get,
put and mv is where to. Quotes and backslashes keep blanks and *, ? and [ as
they are. "help get" shows all that get can do.`;

function toolsProgram(context?: Context): Command {
  const program = new Command('')
    .showSuggestionAfterError()
    .helpCommand(false)
    .helpOption(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .on('command:*', ([verb]: string[]) => {
      const names = [...Object.keys(OWN), ...program.commands.map((one) => one.name())];
      throw new UsageError(
        `there is no command ${printable(verb ?? '')}${didYouMean(verb ?? '', names) || '; help lists them'}`,
      );
    });
  // Without a context only names and descriptions are read.
  for (const verb of TOOLS) verb(program, context ?? ({} as Context));
  return program;
}
