/**
 * Runs one program of the user's own: no shell, no terminal, a time limit, and an end for all that it started when the
 * run is stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Argv, printable, systemReason } from '../model/index.ts';

export interface CommandOptions {
  readonly argv: Argv;
  /** The folder that it runs in. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it finds on its standard input. */
  readonly input: string;
  /** ms, then it is stopped. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes each line that it writes, on stdout and stderr alike. */
  readonly output: (line: string) => void;
}

/** How long a program may take to end once it was asked to, in ms. */
const GRACE = 1500;
/** How long to wait for the rest of the output when the program has ended but something it started holds the pipe. */
const LINGER = 500;
/** A longer line is cut into pieces, in characters. */
const LONGEST_LINE = 8192;

/** Resolves with why it failed, in words that follow the program's name; undefined where it ended with 0. */
export function runCommand(options: CommandOptions): Promise<string | undefined> {
  const { argv, folder, env, input, timeout, signal, output } = options;
  const [program, ...args] = argv;
  if (signal?.aborted) return Promise.resolve('was not run, because the run was stopped');
  return new Promise((resolve) => {
    const grouped = process.platform !== 'win32';
    let child: ChildProcess;
    try {
      // A group of its own, so that what it starts can be ended with it; and no terminal, so that it asks nobody.
      child = spawn(program, args, { cwd: folder, env, detached: grouped, windowsHide: true, stdio: 'pipe' });
    } catch (error) {
      return resolve(sayUnstarted(error as NodeJS.ErrnoException, env));
    }
    let stopped: string | undefined;
    let lastResort: NodeJS.Timeout | undefined;
    const send = (name: NodeJS.Signals) => {
      try {
        if (grouped && child.pid !== undefined) process.kill(-child.pid, name);
        else child.kill(name);
      } catch {
        // All of it has ended.
      }
    };
    const settle = (why: string | undefined) => {
      clearTimeout(timer);
      clearTimeout(lastResort);
      signal?.removeEventListener('abort', onAbort);
      process.removeListener('exit', onExit);
      resolve(why);
    };
    const stop = (why: string) => {
      if (stopped !== undefined) return;
      stopped = why;
      send('SIGTERM');
      lastResort = setTimeout(() => {
        send('SIGKILL');
        // What hangs in the kernel (a dead network disk) survives even that; the run does not wait for it.
        lastResort = setTimeout(() => settle(why), GRACE);
      }, GRACE);
    };
    const onAbort = () => stop('was stopped with the run');
    const onExit = () => send('SIGKILL');
    const timer = setTimeout(() => stop(`took longer than ${timeout / 1000} s and was stopped`), timeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    process.on('exit', onExit);

    const lines = [child.stdout, child.stderr].map((stream) => linesOf(stream as Readable, output));
    child.stdin?.on('error', () => {}); // It need not read.
    child.stdin?.end(input);
    child.on('error', (error) => {
      if (child.pid === undefined) settle(sayUnstarted(error as NodeJS.ErrnoException, env));
    });
    child.on('exit', async (code, by) => {
      // A part of it may have outlived the one that was asked to end.
      if (stopped !== undefined) send('SIGKILL');
      const read = Promise.all(lines);
      const lingering = new Promise((done) => setTimeout(done, LINGER).unref());
      await Promise.race([read, lingering]);
      child.stdout?.destroy();
      child.stderr?.destroy();
      await read;
      if (stopped !== undefined) settle(stopped);
      else if (code === 0) settle(undefined);
      else settle(code === null ? `was ended by ${by}` : `ended with ${code}`);
    });
  });
}

/** Resolves once the stream has ended and every line was handed on. */
function linesOf(stream: Readable, output: (line: string) => void): Promise<void> {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) output(line);
    while (rest.length > LONGEST_LINE) {
      output(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
  });
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('close', () => {
      if (rest !== '') output(rest);
      resolve();
    });
  });
}

function sayUnstarted(error: NodeJS.ErrnoException, env: CommandOptions['env']): string {
  if (error.code === 'ENOENT') {
    return `could not be found; PATH is ${printable(env.PATH ?? '')}, so write the program with its whole path`;
  }
  if (error.code === 'EACCES')
    return 'could not be run: it is not executable (chmod +x), or its folder is closed to us';
  return `could not be run: ${systemReason(error)}`;
}
