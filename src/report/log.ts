/** A log of runs, for files that are kept: one line an event, with time, level and job, as text or as JSON. */
import { type Direction, printable, type RunEvent } from '../model/index.ts';
import { bytesText, counted } from './bytes.ts';
import { durationText } from './duration.ts';
import { exitReason } from './exit-reason.ts';
import type { Mask, Reporter } from './reporter.ts';
import { snapshotText } from './snapshot-text.ts';
import { summaryText } from './summary-text.ts';

/** From the fewest lines to the most; each level has those before it, too. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  readonly mask: Mask;
  /** Appends whole lines, line breaks included. */
  readonly append: (lines: string) => void;
  /** Of this process: several may write to one file. */
  readonly pid: number;
}

export interface Log extends Reporter {
  /** A line that is no event: what went wrong before there was a run, or the protocol. */
  note(level: LogLevel, message: string): void;
}

export function logReporter({ format, level, mask, append, pid }: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(level);
  let job = 'ferry';
  let dryRun = false;
  let direction: Direction | undefined;
  let waiting = '';
  // One write for all lines of one turn of the event loop.
  const pass = () => {
    if (waiting !== '') append(waiting);
    waiting = '';
  };
  const masked = (_key: string, value: unknown) => (typeof value === 'string' ? mask(value) : value);
  const add = (time: string, of: LogLevel, content: Readonly<Record<string, unknown>>, text: string) => {
    if (LOG_LEVELS.indexOf(of) > least) return;
    if (waiting === '') setImmediate(pass);
    if (format === 'json') waiting += `${JSON.stringify({ time, level: of, pid, job, ...content }, masked)}\n`;
    else {
      const line = `${job}: ${text.replaceAll(/\s*\n\s*/g, ' ')}`;
      waiting += `${time} ${of.toUpperCase().padEnd(5)} [${pid}] ${mask(printable(line))}\n`;
    }
  };
  const report = (event: RunEvent) => {
    if (event.type === 'start') {
      job = event.job;
      dryRun = event.dryRun;
      direction = event.direction;
    }
    const { time, ...content } = event;
    const text = textOf(event, dryRun, direction);
    if (text !== undefined) add(time, levelOf(event), content, text);
  };
  const note = (of: LogLevel, message: string) =>
    add(new Date().toISOString(), of, { type: 'note', message: message.trimEnd() }, message.trimEnd());
  // What is still waiting when the process ends was said before that.
  process.once('exit', pass);
  const close = async () => {
    pass();
  };
  return Object.assign(report, { close, note });
}

function levelOf(event: RunEvent): LogLevel {
  switch (event.type) {
    case 'problem':
      return 'error';
    case 'summary':
      return event.exitCode !== 0 ? 'error' : event.message === undefined ? 'info' : 'warn';
    case 'hook':
      return event.status === 'failed' ? 'error' : 'info';
    case 'retry':
    case 'warning':
      return 'warn';
    case 'capabilities':
      return 'debug';
    case 'watch':
      return event.state === 'offline' || event.state === 'waiting' ? 'warn' : 'debug';
    case 'action':
      return event.status === 'started' ? 'debug' : event.status === 'skipped' ? 'warn' : 'info';
    default:
      return 'info';
  }
}

/** Undefined for what only a screen is for. */
function textOf(event: RunEvent, dryRun: boolean, towards?: Direction): string | undefined {
  switch (event.type) {
    case 'progress':
      return undefined;
    case 'start': {
      const { direction, verb = direction, local, remote } = event;
      return `${verb} begins${dryRun ? ' (dry run)' : ''}, local ${local}, remote ${remote}`;
    }
    case 'capabilities':
      return `server: ${event.software}; uses ${event.uses.join(', ') || 'nothing special'}; lacks ${event.lacks.join(', ') || 'nothing'}`;
    case 'plan': {
      const parts = Object.entries(event.counts).flatMap(([action, count]) =>
        count > 0 ? [`${count} ${action}`] : [],
      );
      return `plan: ${parts.join(', ') || 'nothing to do'} (${bytesText(event.bytes)}), ${counted(event.conflicts, 'conflict')}`;
    }
    case 'action': {
      const { action, status, path, size, reason, resumedFrom = 0 } = event;
      const resumed = resumedFrom > 0 ? `, resumed at ${bytesText(resumedFrom)}` : '';
      return `${action} ${path} ${status} (${bytesText(size)}, ${reason}${resumed})`;
    }
    case 'problem':
      return `problem: ${event.path || '.'}: ${event.message}`;
    case 'retry':
      return `${event.path ? `${event.path}: ` : ''}${event.message}; attempt ${event.attempt} in ${durationText(event.delay / 1000)}`;
    case 'warning':
      return `warning: ${event.message}`;
    case 'hook':
      return `${event.hook}: ${event.text ?? event.message ?? `${event.program} ${event.status}`}`;
    case 'watch':
      return `watch: ${event.state}, ${event.pending} waiting${event.message ? `; ${event.message}` : ''}`;
    case 'snapshot':
      return snapshotText(event);
    case 'summary': {
      const [first] = summaryText(event, dryRun, towards);
      const reason = exitReason(event);
      return reason === undefined ? `ended, exit 0: ${first}` : `ended, exit ${event.exitCode}: ${reason}`;
    }
  }
}
