/** The two ways to hold a shell: with a person at a terminal, and with a script on stdin. */
import { createInterface, type Interface } from 'node:readline';
import { EXIT, InterruptedError, printable } from '../../model/index.ts';
import { note } from '../desk.ts';
import { failureOf } from '../failure.ts';
import type { DataOutput } from '../output.ts';
import type { ShellBench } from './bench.ts';
import { carryOut } from './commands.ts';
import { Completer } from './completer.ts';
import { keepLine, loadHistory } from './history.ts';

export interface Conversation {
  readonly bench: ShellBench;
  /** The server's name, for the prompt. */
  readonly name: string;
  readonly stdout: DataOutput;
  /** Ends the whole shell. */
  readonly signal: AbortSignal;
  readonly historyFile: string;
}

/** Line by line until the end of stdin. The first that fails ends it, and is named. @returns the exit code. */
export async function follow({ bench, stdout, signal }: Conversation): Promise<number> {
  const lines = createInterface({ input: process.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  let number = 0;
  for await (const line of lines) {
    signal.throwIfAborted();
    number++;
    const outcome = await attempt(() => carryOut(line, { bench, stdout, signal }), signal);
    if (outcome === 'quit') break;
    if (outcome === EXIT.agreed) continue;
    note(`ferry: stopped at line ${number}: ${printable(line.trim())}`);
    lines.close();
    return outcome;
  }
  signal.throwIfAborted();
  return EXIT.agreed;
}

/** Prompt, line, prompt. Ctrl-C stops what runs, or clears what was typed; Ctrl-D leaves. @returns the exit code. */
export async function converse({ bench, name, stdout, signal, historyFile }: Conversation): Promise<number> {
  const completer = new Completer(bench);
  let running: AbortController | undefined;
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    history: await loadHistory(historyFile),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      // What cannot be looked up now is not offered. Nothing is, while a command has the connection.
      if (running) return done(null, [[], '']);
      completer.complete(line, signal).then(
        (result) => done(null, result),
        () => done(null, [[], '']),
      );
    },
  });
  const typed = queueOf(terminal);
  const stop = () => terminal.close();
  signal.addEventListener('abort', stop, { once: true });
  terminal.on('SIGINT', () => {
    if (running) running.abort(new InterruptedError('SIGINT'));
    else {
      terminal.write(null, { ctrl: true, name: 'e' });
      terminal.write(null, { ctrl: true, name: 'u' });
      process.stderr.write('^C\n');
      terminal.prompt();
    }
  });
  try {
    for (;;) {
      terminal.setPrompt(`${name}:${bench.folder}> `);
      terminal.prompt();
      const line = await typed.next();
      if (line === undefined) break;
      await keepLine(historyFile, line);
      running = new AbortController();
      const one = AbortSignal.any([signal, running.signal]);
      const ask = (question: string) => answered(terminal, typed, question, one);
      const outcome = await attempt(() => carryOut(line, { bench, stdout, signal: one, ask }), one);
      running = undefined;
      stdout.endLine();
      completer.forget();
      if (outcome === 'quit') return EXIT.agreed;
    }
    signal.throwIfAborted();
    process.stderr.write('\n');
    return EXIT.agreed;
  } finally {
    signal.removeEventListener('abort', stop);
    terminal.close();
  }
}

/** What went wrong is said, as ferry would have said it. */
async function attempt(run: () => Promise<number | 'quit'>, signal: AbortSignal): Promise<number | 'quit'> {
  try {
    return await run();
  } catch (error) {
    const { exitCode, message } = failureOf(signal.aborted ? signal.reason : error);
    if (message !== '') note(message);
    return exitCode;
  }
}

/** Lines as they are typed, also those that come while a command runs. */
function queueOf(terminal: Interface) {
  const lines: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let over = false;
  terminal.on('line', (line) => {
    if (waiting) waiting(line);
    else lines.push(line);
    waiting = undefined;
  });
  terminal.on('close', () => {
    over = true;
    waiting?.(undefined);
  });
  return {
    /** Undefined at the end. */
    next: () =>
      new Promise<string | undefined>((resolve) => {
        if (lines.length > 0) resolve(lines.shift());
        else if (over) resolve(undefined);
        else waiting = resolve;
      }),
  };
}

/** What was typed ahead is no answer to a question that was not asked yet, but there is no telling: it is taken. */
async function answered(
  terminal: Interface,
  typed: ReturnType<typeof queueOf>,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  terminal.setPrompt(question);
  terminal.prompt();
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return (await Promise.race([typed.next(), stopped])) ?? '';
}
