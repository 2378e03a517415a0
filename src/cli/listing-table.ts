/** A listing for people: permissions, size, time, name. */
import { type Entry, printable } from '../model/index.ts';

const KINDS = { file: '-', directory: 'd', link: 'l', other: '?' } as const;
const MINUTE = 60_000;

/** One line an entry, sizes in one column; paths as they are below the folder that was asked for. */
export function listingTable(entries: readonly Entry[]): string[] {
  const width = Math.max(0, ...entries.map(({ size }) => sizeText(size).length));
  return entries.map((entry) => {
    const name = `${printable(entry.path)}${entry.kind === 'directory' ? '/' : ''}`;
    return `${KINDS[entry.kind]}${modeText(entry)} ${sizeText(entry.size).padStart(width)}  ${timeText(entry)}  ${name}`;
  });
}

function sizeText(size: number | null): string {
  return size === null ? '-' : String(size);
}

export function modeText({ mode }: Entry): string {
  if (mode === undefined) return '';
  return [...'rwxrwxrwx'].map((letter, bit) => ((mode >> (8 - bit)) & 1 ? letter : '-')).join('');
}

/** UTC, as fine as it is known, but no finer than minutes. */
function timeText({ mtime, precision }: Entry): string {
  if (mtime === null) return '-'.padEnd(16);
  const iso = new Date(mtime).toISOString();
  return precision > MINUTE ? iso.slice(0, 10).padEnd(16) : iso.slice(0, 16).replace('T', ' ');
}
