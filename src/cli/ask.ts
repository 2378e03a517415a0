/** Questions to the person at the terminal. Without one, nothing is ever asked. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { InterruptedError, UsageError } from '../model/index.ts';

/** Whether someone is there to answer. */
export function someoneIsThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a line; what is typed is shown. */
export function ask(question: string): Promise<string> {
  return answer(question, process.stderr);
}

/** Asks for a secret; what is typed is not shown. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await answer('', nowhere);
  } finally {
    process.stderr.write('\n');
  }
}

/** Asks for a secret where someone is there to be asked, for the configuration's `Surroundings`. */
export function secretAsker(): ((question: string) => Promise<string>) | undefined {
  return someoneIsThere() ? askSecret : undefined;
}

async function answer(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  try {
    return await new Promise<string>((resolve, reject) => {
      // The terminal is in raw mode meanwhile: Ctrl-C arrives here and not as a signal.
      lines.once('SIGINT', () => reject(new InterruptedError('SIGINT')));
      lines.once('close', () => reject(new UsageError('no answer was given, so nothing was done')));
      lines.question(question).then(resolve, reject);
    });
  } finally {
    lines.close();
  }
}
