/** How a run's events reach whoever reads: the reporter that the flags ask for, and the wire for `-vv`. */
import { secretsMask } from '../config/index.ts';
import { type Plan, printable, type RunEventBody, type Tell } from '../model/index.ts';
import { createReporter } from '../report/index.ts';
import { ciReports, type ReportFlags } from './ci-reports.ts';
import { currentLog, type LogFlags } from './log.ts';
import type { TalkOptions } from './options.ts';

export interface Voice {
  readonly tell: Tell;
  /** Takes the lines of the control connection; undefined unless `-vv`. */
  readonly wire: ((line: string) => void) | undefined;
  /** Takes the progress bar away, so that something else can be written. */
  pause(): void;
  /** Hands on what would be done, for the page of a CI job. */
  plan(plan: Plan): void;
  close(): Promise<void>;
}

export interface VoiceOptions {
  /** Where stdout belongs to the verb's own data, events go to stderr in words. */
  readonly words?: boolean;
  /** Said right after the start. */
  readonly warnings?: readonly string[];
  /** Whether many runs are told of, over days. */
  readonly watch?: boolean;
  /** Kinds of events that the verb tells in its own way. */
  readonly unsaid?: (event: RunEventBody) => boolean;
}

export function voiceOf(talk: TalkOptions & LogFlags & ReportFlags, options: VoiceOptions = {}): Voice {
  const { warnings = [], watch = false, unsaid = () => false } = options;
  const asJson = talk.json === true && !options.words;
  const report = createReporter({
    watch,
    mode: asJson ? 'json' : talk.quiet ? 'quiet' : 'human',
    verbosity: talk.verbose,
    color: talk.color,
    // The lines of the protocol and a bar would overwrite each other.
    progress: talk.progress && talk.verbose < 2,
    mask: secretsMask().mask,
  });
  const log = currentLog();
  const ci = watch ? undefined : ciReports(talk, process.env);
  const say = (event: RunEventBody) => {
    const told = { ...event, time: new Date().toISOString() };
    log?.(told);
    ci?.take(told);
    if (!unsaid(event)) report(told);
  };
  let warned = false;
  const tell = (event: RunEventBody) => {
    say(event);
    if (event.type !== 'start' || warned) return;
    warned = true;
    for (const message of warnings) say({ type: 'warning', message });
  };
  const wire = (line: string) => {
    if (talk.verbose === 2) process.stderr.write(`${secretsMask().mask(printable(line))}\n`);
    log?.note('debug', line);
  };
  return {
    tell,
    wire: talk.verbose < 2 && talk.logLevel !== 'debug' ? undefined : wire,
    pause: () => void report.close(),
    plan: (plan) => ci?.plan(plan),
    close: async () => {
      await Promise.all([report.close(), log?.close()]);
      ci?.close();
    },
  };
}
