/** What a person at a terminal, or in a CI log, reads while a run goes on. Everything goes to stderr. */
import { type Direction, printable, type RunEvent } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { paint } from './color.ts';
import { durationText } from './duration.ts';
import { noProgressBar, progressBar } from './progress-bar.ts';
import type { Mask, Output, Reporter, Verbosity } from './reporter.ts';
import { sinkTo } from './sink.ts';
import { restoredText, snapshotText } from './snapshot-text.ts';
import { summaryText } from './summary-text.ts';

/** A run of so few actions names each of them, verbose or not. */
const FEW = 20;
/** Further retries are counted, not shown. */
const RETRIES_SHOWN = 5;

type Told<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export interface HumanOptions {
  readonly stream: Output;
  readonly verbosity: Verbosity;
  readonly color: boolean;
  /** Whether to show a progress bar; for terminals only. */
  readonly progress: boolean;
  readonly mask: Mask;
}

export function humanReporter({ stream, verbosity, color, progress, mask }: HumanOptions): Reporter {
  const { bold, dim, red, yellow, green } = paint(color);
  const bar = progress ? progressBar(stream) : noProgressBar(stream);
  const sink = sinkTo(bar, mask);
  let dryRun = false;
  let restores = false;
  let direction: Direction | undefined;
  let eachPath = verbosity > 0;
  let retries = 0;
  const resumed = new Set<string>();

  const start = (event: Told<'start'>) => {
    dryRun = event.dryRun;
    restores = event.verb === 'restore';
    direction = event.direction;
    sink.line(bold(printable(opening(event))));
  };
  const capabilities = ({ software, uses, lacks }: Told<'capabilities'>) => {
    if (verbosity === 0) return;
    sink.line(dim(printable(`Server: ${software}`)));
    if (uses.length > 0) sink.line(dim(printable(`  uses ${uses.join(', ')}`)));
    if (lacks.length > 0) sink.line(dim(printable(`  lacks ${lacks.join(', ')}`)));
  };
  // What the guard refused is told by the summary.
  const plan = ({ counts, bytes, conflicts }: Told<'plan'>) => {
    const size = bytes > 0 ? ` (${bytesText(bytes)})` : '';
    const parts = [
      counts.upload > 0 && `${countText(counts.upload)} to upload${counts.download > 0 ? '' : size}`,
      counts.download > 0 && `${countText(counts.download)} to ${restores ? 'restore' : 'download'}${size}`,
      counts.mkdir > 0 && `${counted(counts.mkdir, 'directory', 'directories')} to make`,
      counts.rename > 0 && `${countText(counts.rename)} to rename`,
      counts.replace > 0 && `${countText(counts.replace)} to replace`,
      counts.delete > 0 && `${countText(counts.delete)} to delete`,
      conflicts > 0 && counted(conflicts, 'conflict'),
    ].filter((part) => part !== false);
    if (parts.length > 0) sink.line(`Plan: ${parts.join(', ')}`);
    eachPath ||= Object.values(counts).reduce((sum, count) => sum + count, 0) <= FEW;
  };
  const action = (event: Told<'action'>) => {
    const { path, resumedFrom = 0, status } = event;
    if (resumedFrom > 0 && !resumed.has(path)) {
      resumed.add(path);
      sink.line(`${printable(path)}: resumed at ${bytesText(resumedFrom)} of ${bytesText(event.size)}`);
    }
    if (status === 'done') {
      resumed.delete(path);
      if (eachPath) sink.line(`${green(DONE[event.action].padEnd(10))} ${deed(event)}`);
    }
    // What failed is told by its problem; what was skipped has only this.
    if (status === 'skipped') sink.line(`${yellow('skipped'.padEnd(10))} ${deed(event)}`);
  };
  const retry = ({ path, attempt, delay, message }: Told<'retry'>) => {
    retries++;
    if (verbosity === 0 && retries > RETRIES_SHOWN) return;
    const next = `attempt ${attempt} in ${durationText(delay / 1000)}`;
    sink.line(`${yellow('again:')} ${path ? `${printable(path)}: ` : ''}${printable(message)}; ${next}`);
    if (verbosity === 0 && retries === RETRIES_SHOWN)
      sink.line(dim('further retries are only counted (-v shows them)'));
  };
  const hook = ({ hook, program, status, text = '', message = '' }: Told<'hook'>) => {
    if (status === 'output') sink.line(`${dim(`${hook}:`)} ${printable(text)}`);
    else if (verbosity > 0)
      sink.line(dim(`${hook}: ${printable(status === 'failed' ? message : `${program} ${status}`)}`));
  };
  const summary = (event: Told<'summary'>) => {
    bar.stop();
    const [first = '', ...rest] = restores ? restoredText(event, dryRun) : summaryText(event, dryRun, direction);
    sink.line(event.exitCode === 0 ? green(first) : red(first));
    for (const line of rest) sink.line(line);
    if (retries > RETRIES_SHOWN) sink.line(`${countText(retries)} retries`);
  };

  const tellers: { readonly [T in RunEvent['type']]: (event: Told<T>) => void } = {
    start,
    capabilities,
    plan,
    action,
    progress: (event) => bar.show(event, Date.parse(event.time)),
    problem: ({ path, message }) => sink.line(`${red('problem:')} ${printable(path || '.')}: ${printable(message)}`),
    retry,
    watch: () => {},
    warning: ({ message }) => sink.line(`${yellow('warning:')} ${printable(message)}`),
    hook,
    snapshot: (event) => sink.line(snapshotText(event)),
    summary,
  };
  const report = (event: RunEvent) => (tellers[event.type] as (event: RunEvent) => void)(event);
  const close = () => {
    bar.stop();
    return sinkTo(stream, mask).flush();
  };
  return Object.assign(report, { close });
}

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

const OPENING: Readonly<Record<Direction, string>> = { push: 'Pushing', pull: 'Pulling', sync: 'Syncing' };

function opening({ job, direction, verb, local, remote, dryRun }: Told<'start'>): string {
  const pair =
    direction === 'pull' ? `${remote} to ${local}` : `${local} ${direction === 'sync' ? 'with' : 'to'} ${remote}`;
  // The name of a run without a job is its two folders: once is enough.
  const named = job.includes(' ') ? '' : ` (${job})`;
  const what =
    verb === 'rollback'
      ? `Rolling back ${remote}`
      : `${verb === 'backup' ? 'Backing up' : verb === 'restore' ? 'Restoring' : OPENING[direction]} ${pair}`;
  return `${what}${named}${dryRun ? ', dry run: nothing will be changed' : ''}`;
}

function deed({ action, path, size, reason }: Told<'action'>): string {
  const sized = action === 'upload' || action === 'download' ? `${bytesText(size)}, ` : '';
  const why = reason === 'asked for' ? '' : ` (${sized}${printable(reason)})`;
  return `${printable(path)}${action === 'mkdir' ? '/' : ''}${why}`;
}
