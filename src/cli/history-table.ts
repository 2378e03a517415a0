/** The last runs of a job for people: when, how long, how it ended, and what came of it. */
import { EXIT, printable, type Summary } from '../model/index.ts';
import { bytesText, counted, countText, durationText, exitReason, type Paint } from '../report/index.ts';
import type { PastRun } from '../state/index.ts';

export interface TableOptions {
  readonly paint: Paint;
  /** Characters that fit into a row. */
  readonly columns: number;
  /** Whole reasons and problems, below their run. */
  readonly verbose: boolean;
  /** ms since 1970. */
  readonly now: number;
}

const HEAD = 'when              took        exit  what';
const BEFORE_WHAT = HEAD.indexOf('what');

/** One row a run, in the order given. */
export function historyTable(runs: readonly PastRun[], options: TableOptions): string[] {
  const { paint, columns, verbose, now } = options;
  const room = Math.max(20, columns - BEFORE_WHAT - 1);
  let isCut = false;
  const short = (text: string) => {
    const letters = [...text];
    if (letters.length <= room) return text;
    isCut = true;
    return `${letters.slice(0, room - 1).join('')}…`;
  };
  const rows = runs.map((run) => {
    const [took, exit, what] = cells(run, now);
    const row = `${timeText(run.began)}  ${took.padEnd(10)}  ${exit.padStart(4)}  ${verbose ? what : short(what)}`;
    const colored = run.state === 'killed' || (run.exitCode ?? 0) !== 0 ? paint.red(row) : row;
    if (!verbose) return [colored];
    const problems = run.problems.map(({ path, message }) => `    ${printable(path || '.')}: ${printable(message)}`);
    return [colored, ...problems];
  });
  return [paint.dim(HEAD), ...rows.flat(), ...(isCut ? [paint.dim('(-v shows what was cut short)')] : [])];
}

function cells(run: PastRun, now: number): [took: string, exit: string, what: string] {
  const since = Date.parse(run.began);
  switch (run.state) {
    case 'running':
      return [durationText((now - since) / 1000), '', `still running, as process ${run.pid}`];
    case 'killed':
      return ['', '', 'was killed: it ended without a word'];
    case 'unseen':
      return ['', '', `began on ${printable(run.host)}, or in another container; its end is not known`];
    case 'ended': {
      const took = durationText(run.summary?.seconds ?? (Date.parse(run.ended ?? run.began) - since) / 1000);
      return [took, String(run.exitCode), printable(whatOf(run).replaceAll(/\s*\n\s*/g, ' '))];
    }
  }
}

/** What was moved, and where it did not go well, why. */
export function whatOf({ summary, exitCode, message }: PastRun): string {
  const moved = summary === null ? '' : deeds(summary);
  if (exitCode === EXIT.agreed && message === undefined) return moved;
  const why = message ?? (summary === null ? 'its end is not known' : (exitReason(summary) ?? ''));
  return moved === NOTHING || moved === '' ? why : `${why} (${moved})`;
}

const NOTHING = 'nothing to do';

function deeds({ uploaded, downloaded, renamed, deleted, unchanged, bytesSent, bytesReceived }: Summary): string {
  const parts = [
    uploaded > 0 && `${countText(uploaded)} uploaded (${bytesText(bytesSent)})`,
    downloaded > 0 && `${countText(downloaded)} downloaded (${bytesText(bytesReceived)})`,
    renamed > 0 && `${countText(renamed)} renamed`,
    deleted > 0 && `${countText(deleted)} deleted`,
  ].filter((part) => part !== false);
  if (parts.length > 0) return parts.join(', ');
  return unchanged > 0 ? `nothing to do, ${counted(unchanged, 'file')} the same` : NOTHING;
}

/** In the zone of whoever reads it. */
export function timeText(iso: string): string {
  const at = new Date(iso);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
