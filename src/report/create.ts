/** Chooses the reporter that a command line asks for. */
import { printable, type RunEvent } from '../model/index.ts';
import { wantsColor } from './color.ts';
import { humanReporter } from './human.ts';
import { jsonReporter } from './json.ts';
import { quietReporter } from './quiet.ts';
import type { ColorChoice, Mask, Output, Reporter, Verbosity } from './reporter.ts';
import { sinkTo } from './sink.ts';
import { watchReporter } from './watch.ts';

/** In which form, how much and where it is said. */
export interface ReporterOptions {
  /** `human` and `quiet` write to stderr, `json` to stdout. */
  readonly mode: 'human' | 'json' | 'quiet';
  /** Whether many runs are told of, over days. */
  readonly watch?: boolean;
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

/** A reporter as the command line has them. */
export function createReporter(options: ReporterOptions): Reporter {
  const { mode, mask, stdout = process.stdout, stderr = process.stderr, env = process.env } = options;
  if (mode === 'json') return apart(jsonReporter(stdout, mask), stderr, mask);
  if (options.watch) {
    return watchReporter({
      stream: stderr,
      verbosity: options.verbosity ?? 0,
      color: wantsColor(options.color ?? 'auto', stderr, env),
      progress: showsProgress(options, stderr, env),
      quiet: mode === 'quiet',
      mask,
    });
  }
  if (mode === 'quiet') return quietReporter(stderr, mask);
  return humanReporter({
    stream: stderr,
    verbosity: options.verbosity ?? 0,
    color: wantsColor(options.color ?? 'auto', stderr, env),
    progress: showsProgress(options, stderr, env),
    mask,
  });
}

/** What a hook writes is for people: on stderr, beside the stream of events. */
function apart(reporter: Reporter, stderr: Output, mask: Mask): Reporter {
  const sink = sinkTo(stderr, mask);
  const report = (event: RunEvent) => {
    if (event.type === 'hook' && event.status === 'output') sink.line(`${event.hook}: ${printable(event.text ?? '')}`);
    else reporter(event);
  };
  const close = async () => {
    await Promise.all([reporter.close(), sink.flush()]);
  };
  return Object.assign(report, { close });
}

function showsProgress({ progress = true }: ReporterOptions, stderr: Output, env: NonNullable<ReporterOptions['env']>) {
  return progress && stderr.isTTY === true && env.TERM !== 'dumb';
}
