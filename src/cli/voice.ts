/** How a run's events reach whoever reads: the reporter that the flags ask for, and the wire for `-vv`. */
import { secretsMask } from '../config/index.ts';
import { printable, type RunEventBody, type Tell } from '../model/index.ts';
import { createReporter } from '../report/index.ts';
import type { TalkOptions } from './options.ts';

export interface Voice {
  readonly tell: Tell;
  /** Takes the lines of the control connection; undefined unless `-vv`. */
  readonly wire: ((line: string) => void) | undefined;
  /** Takes the progress bar away, so that something else can be written. */
  pause(): void;
  close(): Promise<void>;
}

export interface VoiceOptions {
  /** Where stdout belongs to the verb's own data, events go to stderr in words. */
  readonly words?: boolean;
  /** Said right after the start. */
  readonly warnings?: readonly string[];
  /** Kinds of events that the verb tells in its own way. */
  readonly unsaid?: (event: RunEventBody) => boolean;
}

export function voiceOf(talk: TalkOptions, options: VoiceOptions = {}): Voice {
  const { warnings = [], unsaid = () => false } = options;
  const asJson = talk.json === true && !options.words;
  const report = createReporter({
    mode: asJson ? 'json' : talk.quiet ? 'quiet' : 'human',
    verbosity: talk.verbose,
    color: talk.color,
    // The lines of the protocol and a bar would overwrite each other.
    progress: talk.progress && talk.verbose < 2,
    mask: secretsMask().mask,
  });
  const say = (event: RunEventBody) => {
    if (!unsaid(event)) report({ ...event, time: new Date().toISOString() });
  };
  const tell = (event: RunEventBody) => {
    say(event);
    if (event.type === 'start') for (const message of warnings) say({ type: 'warning', message });
  };
  return {
    tell,
    wire:
      talk.verbose < 2 ? undefined : (line) => void process.stderr.write(`${secretsMask().mask(printable(line))}\n`),
    pause: () => void report.close(),
    close: () => report.close(),
  };
}
