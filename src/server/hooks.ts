// Programs that are started when something happens: an uploaded file can set work going.
import { execFile } from 'node:child_process';
import type { ServerEvents } from './events.ts';

/** Events that can start a program. */
export type HookName = Exclude<keyof ServerEvents, 'problem' | 'command'>;

/**
 * The program and its arguments, by event. `{path}`, `{file}`, `{user}`, `{address}`, `{bytes}` and every other field of the event
 * are filled in; the program also gets them all as JSON on its standard input. No shell is involved.
 */
export type Hooks = { readonly [Name in HookName]?: readonly [program: string, ...parameters: string[]] };

// More wait for their turn: a thousand uploads must not be a thousand programs at once.
const atOnce = 4;

/** Starts programs, a few at a time, in the order of the events. */
export class HookRunner {
  readonly #hooks: Hooks;
  readonly #failed: (message: string, cause: unknown) => void;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(hooks: Hooks, failed: (message: string, cause: unknown) => void) {
    this.#hooks = hooks;
    this.#failed = failed;
  }

  told(name: keyof ServerEvents, event: object): void {
    const hook = Object.hasOwn(this.#hooks, name) ? this.#hooks[name as HookName] : undefined;
    if (hook === undefined) return;
    this.#waiting.push(() => this.#run(name, hook, event));
    this.#next();
  }

  #next(): void {
    if (this.#running >= atOnce) return;
    const start = this.#waiting.shift();
    if (start === undefined) return;
    this.#running++;
    start();
  }

  #run(name: string, [program, ...parameters]: readonly [string, ...string[]], event: object): void {
    const fields: Record<string, unknown> = { event: name, ...event };
    const filled = parameters.map((parameter) =>
      parameter.replace(/\{(\w+)\}/g, (whole, field: string) =>
        Object.hasOwn(fields, field) ? String(fields[field] ?? '') : whole,
      ),
    );
    const child = execFile(program, filled, { windowsHide: true, maxBuffer: 1024 * 1024 }, (error) => {
      this.#running--;
      if (error !== null) this.#failed(`The program of the hook "${name}" failed: ${program}`, error);
      this.#next();
    });
    // A program that does not read its input is none the worse.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(fields)}\n`);
  }
}
