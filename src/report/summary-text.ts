/** The end of a run in a line or two. */
import { type Direction, printable, type Summary } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { durationText } from './duration.ts';
import { exitReason, isCopy } from './exit-reason.ts';

/**
 * `3 uploaded (1.2 MB), 4,446 unchanged, 0 deleted in 0.9 s`, and what else must be known. Not yet masked. The direction
 * of a job says what is counted even where it is 0.
 */
export function summaryText(summary: Summary, dryRun = false, direction?: Direction): string[] {
  const { uploaded, downloaded, renamed, deleted, unchanged, sameBySize, failed } = summary;
  const time = durationText(summary.seconds);
  const lines: string[] = [];
  const reason = exitReason(summary);
  if (reason !== undefined && nothingSeen(summary)) {
    // It failed before it began: numbers of what it did would only distract.
  } else if (dryRun) {
    lines.push(`Dry run: nothing was changed; ${countText(unchanged)} unchanged, looked at in ${time}`);
  } else {
    const parts = [];
    // Of a copy by hand it is known what it was about.
    const receives = summary.job === 'get' || direction === 'pull' || direction === 'sync';
    const sends = direction === undefined ? downloaded === 0 && !receives : direction !== 'pull';
    if (uploaded > 0 || sends) parts.push(moved(uploaded, 'uploaded', summary.bytesSent));
    if (downloaded > 0 || receives) parts.push(moved(downloaded, 'downloaded', summary.bytesReceived));
    if (renamed > 0) parts.push(`${countText(renamed)} renamed`);
    parts.push(`${countText(unchanged)} unchanged`);
    if (deleted > 0 || !isCopy(summary)) parts.push(`${countText(deleted)} deleted`);
    if (failed > 0) parts.push(`${countText(failed)} failed`);
    lines.push(`${parts.join(', ')} in ${time}`);
  }
  if (sameBySize > 0) {
    const were = `${counted(sameBySize, 'file')} ${sameBySize === 1 ? 'was' : 'were'}`;
    lines.push(`${were} compared by size only; --compare hash reads both sides`);
  }
  if (reason !== undefined)
    lines.push(...`Exit ${summary.exitCode}: ${reason}`.split('\n').map((line) => printable(line)));
  return lines;
}

/** Whether a run came to nothing, not even to counting what is the same. */
function nothingSeen(summary: Summary): boolean {
  const { uploaded, downloaded, renamed, deleted, unchanged, sameBySize, failed, problems } = summary;
  return uploaded + downloaded + renamed + deleted + unchanged + sameBySize + failed + problems === 0;
}

function moved(count: number, done: string, bytes: number): string {
  return `${countText(count)} ${done}${count > 0 ? ` (${bytesText(bytes)})` : ''}`;
}
