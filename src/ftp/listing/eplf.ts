/** The Easily Parsed LIST Format: `+i8388621.29609,m824255902,r,s280,<TAB>a name` (cr.yp.to/ftp/list/eplf.html). */
import { epochTime, NOT_TOLD } from './dates.ts';
import { byteCount, roleOf, type Seen } from './seen.ts';

export function eplfLine(line: string): Seen | undefined {
  if (!line.startsWith('+')) return undefined;
  const tab = line.indexOf('\t');
  if (tab < 0) return undefined;
  let kind: Seen['kind'] = 'other';
  let size: number | null = null;
  let modified = NOT_TOLD;
  let mode: number | undefined;
  for (const fact of line.slice(1, tab).split(',')) {
    const value = fact.slice(1);
    if (fact === '/') kind = 'directory';
    else if (fact === 'r' && kind !== 'directory') kind = 'file';
    else if (fact.startsWith('s')) size = byteCount(value);
    else if (fact.startsWith('m') && /^\d+$/.test(value)) modified = epochTime(Number(value));
    else if (/^up[0-7]{1,7}$/.test(fact)) mode = Number.parseInt(fact.slice(2), 8) & 0o7777;
  }
  const name = line.slice(tab + 1);
  return {
    name,
    role: roleOf(name),
    kind,
    size: kind === 'file' ? size : null,
    mode,
    mtime: modified.mtime,
    precision: modified.precision,
    zoned: modified.zoned,
    stamps: modified.stamps,
  };
}
