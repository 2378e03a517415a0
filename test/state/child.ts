/** Starts a child process on the built code, collects what it says, and ends it by its own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Child {
  readonly process: ChildProcess;
  /** Its whole lines so far. */
  lines(): string[];
  /** Resolves once it said so many lines. */
  said(count: number): Promise<void>;
  /** Resolves once it is gone; with whether it was still running when the kill came. */
  kill(): Promise<boolean>;
  readonly ended: Promise<void>;
}

export function start(script: string, ...args: string[]): Child {
  const built = fileURLToPath(new URL('../../dist/state/index.js', import.meta.url));
  if (!existsSync(built)) throw new Error('these tests run the built code: npm run build');
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  const waiting = new Set<() => void>();
  child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((resolve) => void child.on('close', () => resolve()));
  const lines = () => text.split('\n').slice(0, -1);
  return {
    process: child,
    lines,
    ended,
    said: (count) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (lines().length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void ended.then(() => reject(new Error(`${script} ended after ${lines().length} lines`)));
        look();
      }),
    kill: async () => {
      const wasRunning = child.exitCode === null && child.signalCode === null;
      child.kill('SIGKILL');
      await ended;
      return wasRunning && child.signalCode === 'SIGKILL';
    },
  };
}
