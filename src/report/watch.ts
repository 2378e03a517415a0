/**
 * What a watch says over days: a line for each run that did something, and what is wrong as soon as it is; on a terminal
 * also where it stands. Everything goes to stderr.
 */
import { printable, type RunEvent } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { paint } from './color.ts';
import { durationText } from './duration.ts';
import { exitReason } from './exit-reason.ts';
import { progressLine, Speed } from './progress-line.ts';
import type { Mask, Output, Reporter, Verbosity } from './reporter.ts';
import { sinkTo } from './sink.ts';
import { noStatusLine, statusLine } from './status-line.ts';

export interface WatchReporterOptions {
  readonly stream: Output;
  readonly verbosity: Verbosity;
  readonly color: boolean;
  /** Whether to show where it stands; for terminals only. */
  readonly progress: boolean;
  /** Whether only what is wrong is said. */
  readonly quiet: boolean;
  readonly mask: Mask;
}

type Told<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** Problems of one run that are named; the others are counted. */
const PROBLEMS_SHOWN = 20;

const DONE = {
  upload: 'uploaded',
  download: 'downloaded',
  mkdir: 'made',
  delete: 'deleted',
  rename: 'renamed',
  replace: 'removed',
  chmod: 'changed',
  touch: 'touched',
  restore: 'restored',
} as const;

export function watchReporter(options: WatchReporterOptions): Reporter {
  const { stream, verbosity, color, progress, quiet, mask } = options;
  const { bold, dim, red, yellow, green } = paint(color);
  const status = progress ? statusLine(stream) : noStatusLine(stream);
  const sink = sinkTo(status, mask);
  let since = '';
  let last = '';
  let offline = '';
  let refused = '';
  let opened = false;
  let over = false;
  let problems = 0;
  let speed = new Speed();
  let moved = 0;
  /** Until when (ms since the epoch) it is shown that something is tried again, unless more bytes have moved. */
  let troubled = { until: 0, moved: 0 };

  // A day is only told where lines are kept; a person at a terminal knows it.
  const line = (at: string, text: string) => sink.line(`${dim(stream.isTTY ? clock(at) : dayAndClock(at))}  ${text}`);
  const standing = (at: string, text: string) => {
    if (since === '') since = clock(at).slice(0, 5);
    status.show(mask(printable([text, `watching since ${since}`, last].filter(Boolean).join(' · '))));
  };

  const start = (event: Told<'start'>) => {
    problems = 0;
    speed = new Speed();
    moved = 0;
    if (opened || quiet) return;
    opened = true;
    const { direction, local, remote } = event;
    const pair = direction === 'pull' ? `${remote} for ${local}` : `${local} for ${remote}`;
    sink.line(bold(printable(`Watching ${pair}${direction === 'sync' ? ', both ways' : ''}; Ctrl-C ends it`)));
  };
  const problem = ({ time, path, message }: Told<'problem'>) => {
    if (++problems > PROBLEMS_SHOWN) return;
    line(time, `${red('problem:')} ${printable(path || '.')}: ${printable(message)}`);
  };
  const action = ({ time, action, path, status: stage }: Told<'action'>) => {
    if (verbosity > 0 && !quiet && stage === 'done') line(time, `${DONE[action]} ${printable(path)}`);
  };
  const summary = (event: Told<'summary'>) => {
    const { time, exitCode } = event;
    if (over) {
      status.stop();
      const reason = exitReason(event);
      if (!quiet || exitCode < 128) line(time, reason === undefined ? 'stopped' : printable(reason));
      return;
    }
    if (problems > PROBLEMS_SHOWN) line(time, red(`… and ${counted(problems - PROBLEMS_SHOWN, 'more problem')}`));
    // What ends in no connection is told as being offline, and only once.
    if (exitCode === 5 || exitCode >= 128) return;
    if (offline !== '') line(time, green('online again'));
    offline = '';
    const text = deeds(event);
    if (text !== '') last = `last at ${clock(time).slice(0, 5)}: ${text}`;
    if (exitCode === 0) {
      refused = '';
      if (event.message !== undefined) {
        line(time, `${text === '' ? '' : `${text}; `}${yellow('warning:')} ${printable(event.message)}`);
      } else if (text !== '' && !quiet) line(time, text);
      return;
    }
    const reason = printable(exitReason(event) ?? '');
    // It is tried with every batch, and need not be said with every one.
    if (exitCode === 4 && reason === refused) return;
    if (exitCode === 4) refused = reason;
    line(time, `${text === '' ? '' : `${text}; `}${red(exitCode === 4 ? 'refused' : `exit ${exitCode}`)}: ${reason}`);
  };
  const watch = (event: Told<'watch'>) => {
    const { time, state, pending, delay = 0, message = '' } = event;
    const waiting = pending > 0 ? `${countText(pending)} pending` : '';
    if (state === 'stopped') over = true;
    else if (state === 'offline') {
      if (message !== offline)
        line(
          time,
          `${yellow('offline:')} ${printable(message)}; whatever changes is kept, and it is tried again and again`,
        );
      offline = message;
      standing(time, [`offline, next try in ${durationText(delay / 1000)}`, waiting].filter(Boolean).join(' · '));
    } else if (state === 'waiting') {
      line(time, `${yellow('waiting:')} ${printable(message)}`);
      standing(time, 'the folder is gone');
    } else standing(time, waiting);
  };

  const tellers: { readonly [T in RunEvent['type']]: (event: Told<T>) => void } = {
    start,
    capabilities: () => {},
    plan: () => {},
    action,
    progress: (event) => {
      speed.add(Date.parse(event.time), event.bytes);
      moved = event.bytes;
      if (moved === troubled.moved && Date.parse(event.time) < troubled.until) return;
      if (event.phase === 'transfer' && event.filesTotal > 0) {
        status.show(progressLine(event, speed.perSecond, (stream.columns ?? 80) - 1));
      }
    },
    problem,
    retry: ({ time, path, message, delay }) => {
      // That nothing listens any more is told as being offline only once all attempts have failed.
      troubled = { until: Date.parse(time) + delay, moved };
      standing(time, `trying again: ${message}`);
      if (verbosity > 0 && path !== '') line(time, `${yellow('again:')} ${printable(path)}: ${printable(message)}`);
    },
    hook: ({ time, hook, program, status: stage, text, message }) => {
      if (stage === 'output' && !quiet) line(time, `${dim(`${hook}:`)} ${printable(text ?? '')}`);
      else if (verbosity > 0 && !quiet && stage !== 'output') {
        line(time, dim(printable(`${hook}: ${program} ${stage}${message ? `: ${message}` : ''}`)));
      }
    },
    snapshot: () => {},
    warning: ({ time, message }) => line(time, `${yellow('warning:')} ${printable(message)}`),
    watch,
    summary,
  };
  const report = (event: RunEvent) => (tellers[event.type] as (event: RunEvent) => void)(event);
  const close = () => {
    status.stop();
    return sinkTo(stream, mask).flush();
  };
  return Object.assign(report, { close });
}

/** What a run did, in a line; empty where it did nothing. */
function deeds({ uploaded, downloaded, renamed, deleted, failed, bytesSent, bytesReceived, seconds }: Told<'summary'>) {
  const parts = [
    uploaded > 0 && `${countText(uploaded)} uploaded (${bytesText(bytesSent)})`,
    downloaded > 0 && `${countText(downloaded)} downloaded (${bytesText(bytesReceived)})`,
    renamed > 0 && `${countText(renamed)} renamed`,
    deleted > 0 && `${countText(deleted)} deleted`,
    failed > 0 && `${countText(failed)} failed`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : `${parts.join(', ')} in ${durationText(seconds)}`;
}

/** `14:05:09`, by the clock on the wall. */
function clock(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB', { hour12: false });
}

/** `2026-11-21 14:05:09`. */
function dayAndClock(time: string): string {
  const at = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(time)}`;
}
