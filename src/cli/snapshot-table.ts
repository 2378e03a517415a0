/** The snapshots of a backup for people: name, time, how much, and how much of it is new. */
import type { Damage, Overview, Snapshot } from '../backup/index.ts';
import { bytesText, counted, countText, type Paint } from '../report/index.ts';

const HEAD = ['snapshot', 'when (UTC)', 'files', 'size', 'new'] as const;

/** One row a snapshot, oldest first; nothing where there is none. */
export function snapshotTable(
  { snapshots, unfinished }: Overview,
  damaged: ReadonlyMap<string, readonly Damage[]>,
  { dim, red, yellow }: Paint,
): string[] {
  const rows = snapshots.map((snapshot) => cellsOf(snapshot, damaged.get(snapshot.name) ?? []));
  const widths = HEAD.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === 2 || at === 3 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  const table = rows.map((row, at) => {
    const isDamaged = (damaged.get(snapshots[at]!.name) ?? []).length > 0;
    return isDamaged ? red(line(row)) : line(row);
  });
  const { files = 0, bytes = 0, begun = '' } = unfinished ?? {};
  const going = `unfinished        ${minuteOf(begun)}  ${counted(files, 'file')}, ${bytesText(bytes)} so far; the next backup goes on`;
  return [...(rows.length > 0 ? [dim(line(HEAD))] : []), ...table, ...(unfinished ? [yellow(going)] : [])];
}

function cellsOf({ name, time, header }: Snapshot, damaged: readonly Damage[]): string[] {
  const { files, bytes, newFiles, newBytes, changed } = header;
  const fresh =
    newFiles > 0
      ? `${bytesText(newBytes)} in ${counted(newFiles, 'file')}`
      : changed
        ? 'no new file'
        : 'nothing changed';
  const what = damaged.length > 0 ? `${counted(damaged.length, 'file')} damaged` : fresh;
  return [name, minuteOf(new Date(time).toISOString()), countText(files), bytesText(bytes), what];
}

function minuteOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
