/** Runs one hook and tells of it. */
import { type Argv, HookError, printable, type Tell } from '../model/index.ts';
import { runCommand } from './command.ts';
import { environmentOf, type HookFacts, inputOf } from './facts.ts';

export interface HookOptions {
  readonly tell: Tell;
  /** Takes secrets out of what the program is told. */
  readonly mask: (text: string) => string;
  /** How long the program may take, in ms. */
  readonly timeout: number;
  /** The folder that it runs in, absolute. */
  readonly folder: string;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The longest last word of a program that is repeated, in characters. */
const LONGEST_LAST_WORD = 200;

/** @throws HookError where the program could not be run, did not end with 0, or took too long. */
export async function runHook(argv: Argv, facts: HookFacts, options: HookOptions): Promise<void> {
  const { tell, mask, timeout, folder, env = process.env, signal } = options;
  const { hook } = facts;
  const [program] = argv;
  let last = '';
  tell({ type: 'hook', hook, program, status: 'started' });
  const why = await runCommand({
    argv,
    folder,
    env: environmentOf(facts, env, mask),
    input: inputOf(facts, mask),
    timeout,
    signal,
    output: (text) => {
      if (text.trim() !== '') last = text.trim();
      tell({ type: 'hook', hook, program, status: 'output', text });
    },
  });
  if (why === undefined) return tell({ type: 'hook', hook, program, status: 'done' });
  const said = last === '' ? '' : ` (it said: ${printable(last.slice(0, LONGEST_LAST_WORD))})`;
  const message = `the ${hook === 'heartbeat' ? hook : `"${hook}" hook`} ${printable(program)} ${why}${said}`;
  tell({ type: 'hook', hook, program, status: 'failed', message });
  throw new HookError(hook, message);
}
