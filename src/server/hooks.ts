// Programs that are started when something happens: an uploaded file can set work going.
import { spawn } from 'node:child_process';
import type { ServerEvents } from './events.ts';

/** Events that can start a program. */
export type HookName = Exclude<keyof ServerEvents, 'problem' | 'command'>;

/**
 * A program and its arguments. `{path}`, `{file}`, `{user}`, `{address}`, `{bytes}` and every other field of the event are filled
 * in; the program also gets them all as JSON on its standard input. No shell is involved.
 */
export type HookCommand = readonly [program: string, ...parameters: string[]];

export interface HookRule {
  readonly command: HookCommand;
  /** Only for paths in or below this folder, as the client sees it. Default: all. */
  readonly folder?: string;
}

/** Programs by event. */
export type Hooks = { readonly [Name in HookName]?: HookCommand | readonly HookRule[] };

// More wait for their turn: a thousand uploads must not be a thousand programs at once.
const atOnce = 4;
// Of what a program that failed has said, bytes.
const mostSaid = 2000;

/** Starts programs, a few at a time, in the order of the events. */
export class HookRunner {
  readonly #hooks: Hooks;
  readonly #failed: (message: string, cause: unknown) => void;
  #waiting: (() => void)[] = [];
  #running = 0;
  #emptied = () => {};

  constructor(hooks: Hooks, failed: (message: string, cause: unknown) => void) {
    this.#hooks = hooks;
    this.#failed = failed;
  }

  told(name: keyof ServerEvents, event: object): void {
    const hook = Object.hasOwn(this.#hooks, name) ? this.#hooks[name as HookName] : undefined;
    if (hook === undefined) return;
    for (const { command, folder } of rulesOf(hook)) {
      if (folder === undefined || isBelow(event, folder)) this.#waiting.push(() => this.#run(name, command, event));
    }
    this.#next();
  }

  /** Resolves once all programs have ended. After `deadline` ms those that have not are left to themselves, and it is said. */
  async drained(deadline: number): Promise<void> {
    if (this.#running === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const timer = setTimeout(() => {
      const count = this.#waiting.length;
      this.#waiting = [];
      if (count > 0)
        this.#failed(`The server stopped before ${count} more programs of its hooks were started.`, undefined);
      this.#emptied();
    }, deadline);
    await ended;
    clearTimeout(timer);
  }

  #next(): void {
    if (this.#running === 0 && this.#waiting.length === 0) this.#emptied();
    if (this.#running >= atOnce) return;
    const start = this.#waiting.shift();
    if (start === undefined) return;
    this.#running++;
    start();
  }

  #run(name: string, [program, ...parameters]: HookCommand, event: object): void {
    const fields: Record<string, unknown> = { event: name, ...event };
    const filled = parameters.map((parameter) =>
      parameter.replace(/\{(\w+)\}/g, (whole, field: string) =>
        Object.hasOwn(fields, field) ? String(fields[field] ?? '') : whole,
      ),
    );
    let said = '';
    let over = false;
    const end = (why: string | undefined, cause?: unknown) => {
      if (over) return;
      over = true;
      this.#running--;
      if (why !== undefined) {
        const last = said.trim() === '' ? '' : `: ${said.trim()}`;
        this.#failed(`The program of the hook "${name}" ${why}: ${program}${last}`, cause);
      }
      this.#next();
    };
    try {
      const child = spawn(program, filled, { windowsHide: true, stdio: ['pipe', 'ignore', 'pipe'] });
      child.on('error', (error) => end('could not be run', error));
      child.on('close', (code, signal) => end(code === 0 ? undefined : `ended with ${code ?? signal}`));
      child.stderr.on('data', (chunk: Buffer) => {
        if (said.length < mostSaid) said += chunk.toString('utf8').slice(0, mostSaid);
      });
      // A program that does not read its input is none the worse.
      child.stdin.on('error', () => {});
      child.stdin.end(`${JSON.stringify(fields)}\n`);
    } catch (error) {
      // A name with NUL in it, for one, is refused at once.
      end('could not be run', error);
    }
  }
}

function rulesOf(hook: HookCommand | readonly HookRule[]): readonly HookRule[] {
  return typeof hook[0] === 'string' ? [{ command: hook as HookCommand }] : (hook as readonly HookRule[]);
}

function isBelow(event: object, folder: string): boolean {
  const path = 'path' in event ? String(event.path) : undefined;
  const place = folder.replace(/\/+$/, '');
  return path !== undefined && (path === place || path.startsWith(`${place}/`));
}
