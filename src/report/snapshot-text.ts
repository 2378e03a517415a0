/** What became of a snapshot, in a line. */
import { printable, type RunEvent, type Summary } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { durationText } from './duration.ts';
import { exitReason } from './exit-reason.ts';

/** Not yet masked. */
export function snapshotText(event: Extract<RunEvent, { type: 'snapshot' }>): string {
  const { name, state, files = 0, bytes = 0, newFiles = 0, newBytes = 0, changed = true } = event;
  const all = `${counted(files, 'file')}, ${bytesText(bytes)}`;
  switch (state) {
    case 'resumed':
      return 'Going on with a snapshot that was begun and not finished';
    case 'made':
      return `Snapshot ${name}: ${all}; ${newFiles > 0 ? `${bytesText(newBytes)} in ${counted(newFiles, 'new file')}` : changed ? 'no new file' : 'nothing changed'}`;
    case 'removed':
      return `removed    ${name} (${all}; no rule of "keep" keeps it)`;
    case 'due':
      return `to remove  ${name} (${all}; no rule of "keep" keeps it)`;
  }
}

/** The end of a restore in a line or two. Not yet masked. */
export function restoredText(summary: Summary, dryRun: boolean): string[] {
  const { exitCode, downloaded, bytesReceived, unchanged, problems, seconds } = summary;
  const parts = [
    `${countText(downloaded)} restored${downloaded > 0 ? ` (${bytesText(bytesReceived)})` : ''}`,
    unchanged > 0 && `${countText(unchanged)} there already`,
    problems > 0 && `${countText(problems)} not restored`,
  ].filter((part) => part !== false);
  const first = dryRun ? 'Dry run: nothing was changed' : `${parts.join(', ')} in ${durationText(seconds)}`;
  if (exitCode === 0) return [first];
  return [first, ...`Exit ${exitCode}: ${exitReason(summary) ?? ''}`.split('\n').map((line) => printable(line))];
}
