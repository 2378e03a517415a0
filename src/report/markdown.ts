/** A run as Markdown, for the summary page of a CI job (`--summary`, `$GITHUB_STEP_SUMMARY`) or a comment. */
import { EXIT, printable } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { durationText } from './duration.ts';
import { exitReason } from './exit-reason.ts';
import type { Mask } from './reporter.ts';
import type { RunRecord, Some } from './run-record.ts';

// What Markdown or HTML would take for markup: as a character reference it is always only itself (CommonMark, 2.5).
const MARKUP = /[&<>"'`*_[\]|~\\#@!$]/g;

/** Text that shows as it is, on one line. */
function plain(text: string): string {
  return printable(text).replace(MARKUP, (character) => `&#${character.charCodeAt(0)};`);
}

const code = (text: string) => `<code>${plain(text)}</code>`;

/**
 * @param plan what would be done, as plain text, where the run was only a look.
 */
export function markdownOf(record: RunRecord, mask: Mask, plan?: string): string {
  const { start, summary } = record;
  if (!summary) return '';
  const masked = (text: string) => mask(text);
  const good = summary.exitCode === EXIT.agreed || (start?.dryRun === true && summary.exitCode === EXIT.different);
  const title = `${start?.dryRun ? 'plan' : (start?.verb ?? start?.direction ?? 'run')} ${summary.job}`;
  // Both sides agree, and a hook failed all the same.
  const mark = !good ? '❌' : summary.exitCode === EXIT.agreed && summary.message !== undefined ? '⚠️' : '✅';
  const lines = [`### ${mark} ferry ${plain(masked(title))}`, ''];
  if (start) {
    const ends = start.direction === 'pull' ? [start.remote, start.local] : [start.local, start.remote];
    if (start.verb === 'rollback') lines.push(code(masked(start.remote)), '');
    else
      lines.push(`${code(masked(ends[0]!))} ${start.direction === 'sync' ? '⇄' : '→'} ${code(masked(ends[1]!))}`, '');
  }
  const reason = exitReason(summary);
  if (reason !== undefined) lines.push(`**Exit ${summary.exitCode}:** ${plain(masked(reason.split('\n')[0]!))}`, '');
  if (start?.dryRun !== true) lines.push(...figures(record), '');
  if (plan !== undefined) lines.push(...block(masked(plan)));
  lines.push(
    ...list(
      'Problems',
      record.problems,
      ({ path, message }) => `${code(masked(path || '.'))}: ${plain(masked(message))}`,
    ),
    ...list('Warnings', record.warnings, (message) => plain(masked(message))),
    ...folded('changes', record.changes, ({ action, path, reason: why, size }) => {
      const sized = action === 'upload' || action === 'download' ? `, ${bytesText(size)}` : '';
      return `${action} ${code(masked(path))} (${plain(why)}${sized})`;
    }),
  );
  return `${lines.join('\n').trimEnd()}\n`;
}

function figures({ summary }: RunRecord): string[] {
  const { uploaded, downloaded, renamed, deleted, unchanged, failed, bytesSent, bytesReceived, seconds } = summary!;
  const cells: [string, string][] = [
    ['uploaded', countText(uploaded)],
    ...(downloaded > 0 ? [['downloaded', countText(downloaded)] as [string, string]] : []),
    ...(renamed > 0 ? [['renamed', countText(renamed)] as [string, string]] : []),
    ['deleted', countText(deleted)],
    ['unchanged', countText(unchanged)],
    ...(failed > 0 ? [['failed', countText(failed)] as [string, string]] : []),
    ['moved', bytesText(bytesSent + bytesReceived)],
    ['took', durationText(seconds)],
  ];
  const row = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [row(cells.map(([name]) => name)), row(cells.map(() => '---:')), row(cells.map(([, value]) => value))];
}

/** In a fence that is longer than any in the text. */
function block(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, text.trimEnd(), fence, ''];
}

function list<T>(title: string, { first, count }: Some<T>, write: (one: T) => string): string[] {
  if (count === 0) return [];
  return [`**${title} (${countText(count)})**`, '', ...items(first, count, write), ''];
}

function folded<T>(what: string, { first, count }: Some<T>, write: (one: T) => string): string[] {
  if (count === 0) return [];
  const title = counted(count, what.replace(/s$/, ''));
  return [`<details><summary>${title}</summary>`, '', ...items(first, count, write), '', '</details>', ''];
}

function items<T>(first: readonly T[], count: number, write: (one: T) => string): string[] {
  const rest = count - first.length;
  return [...first.map((one) => `- ${write(one)}`), ...(rest > 0 ? [`- … and ${countText(rest)} more`] : [])];
}
