/** One line of progress: how far, how fast, how much longer. A function of events alone, so it needs no clock. */
import { bytesText, counted, countText } from './bytes.ts';
import { clockText } from './duration.ts';

export interface Progress {
  readonly phase: 'scan' | 'transfer';
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

const WINDOW = 10_000;
const BAR_LEAST = 8;
const BAR_MOST = 30;

/** Bytes a second over the last ten seconds of events. */
export class Speed {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** `at` is the time of the event, in ms. */
  add(at: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // Fewer bytes than before: an attempt was given up and its bytes do not count any more.
    if (last && bytes < last.bytes) this.#samples = [];
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && this.#samples[1]!.at < at - WINDOW) this.#samples.shift();
  }

  /** Null before two moments are known. */
  get perSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at <= first.at) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}

/** The line, at most `width` columns of ASCII; where room is short the bar goes first, then the speed. */
export function progressLine(progress: Progress, perSecond: number | null, width: number): string {
  const { phase, files, filesTotal, bytes, bytesTotal } = progress;
  if (phase === 'scan') return `Looking at both sides: ${counted(files, 'file')}`.slice(0, width);

  const share = bytesTotal > 0 ? bytes / bytesTotal : filesTotal > 0 ? files / filesTotal : 1;
  const done = Math.min(1, Math.max(0, share));
  // Never 100 % before the last file is in place.
  const percent = files < filesTotal ? Math.min(99, Math.floor(done * 100)) : Math.floor(done * 100);
  const amounts = `${countText(files)}/${countText(filesTotal)} files  ${bytesText(bytes)}/${bytesText(bytesTotal)}`;
  const head = `${String(percent).padStart(3)}%`;
  const parts = [amounts];
  if (perSecond !== null && perSecond > 0) {
    parts.push(`${bytesText(perSecond)}/s`);
    if (bytesTotal > bytes) parts.push(`${clockText((bytesTotal - bytes) / perSecond)} left`);
  }
  const room = width - head.length - parts.join('  ').length - 5;
  if (room >= BAR_LEAST) return `${head} [${bar(done, Math.min(room, BAR_MOST))}]  ${parts.join('  ')}`;
  while (parts.length > 1 && `${head}  ${parts.join('  ')}`.length > width) parts.splice(1, 1);
  return `${head}  ${parts.join('  ')}`.slice(0, width);
}

function bar(share: number, width: number): string {
  const filled = Math.round(share * width);
  return `${'='.repeat(filled)}${filled < width ? '>' : ''}`.slice(0, width).padEnd(width);
}
