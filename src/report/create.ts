/** Chooses the reporter that a command line asks for. */
import { wantsColor } from './color.ts';
import { humanReporter } from './human.ts';
import { jsonReporter } from './json.ts';
import { quietReporter } from './quiet.ts';
import type { ColorChoice, Mask, Output, Reporter, Verbosity } from './reporter.ts';

export interface ReporterOptions {
  /** `human` and `quiet` write to stderr, `json` to stdout. */
  readonly mode: 'human' | 'json' | 'quiet';
  readonly verbosity?: Verbosity;
  /** Default `auto`: on a terminal, unless NO_COLOR is set. */
  readonly color?: ColorChoice;
  /** False takes the bar away even on a terminal. Default true. */
  readonly progress?: boolean;
  /** Takes secrets out of what is written; `secretsMask().mask`. */
  readonly mask: Mask;
  readonly stdout?: Output;
  readonly stderr?: Output;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function createReporter(options: ReporterOptions): Reporter {
  const { mode, mask, stdout = process.stdout, stderr = process.stderr, env = process.env } = options;
  if (mode === 'json') return jsonReporter(stdout, mask);
  if (mode === 'quiet') return quietReporter(stderr, mask);
  return humanReporter({
    stream: stderr,
    verbosity: options.verbosity ?? 0,
    color: wantsColor(options.color ?? 'auto', stderr, env),
    progress: (options.progress ?? true) && stderr.isTTY === true && env.TERM !== 'dumb',
    mask,
  });
}
