/** The machine-readable lines of MLSD and MLST (RFC 3659, 7.2): `type=file;size=12;modify=20261120132000; a name`. */
import type { EntryKind } from '../../model/index.ts';
import { exactTime, NOT_TOLD } from './dates.ts';
import { byteCount, roleOf, type Seen } from './seen.ts';

/**
 * What one line says; undefined if it is no such line, or does not say what kind of thing it is about. The name is a
 * latin1 byte string, exactly as printed: in MLST a whole path, as a rule. The leading space of an MLST reply is the
 * caller's to take away.
 */
export function parseFacts(line: string): Seen | undefined {
  const space = endOfFacts(line);
  if (space < 0) return undefined;
  let kind: Seen['kind'] | undefined;
  let type = '';
  let size: number | null = null;
  let perm = '';
  let modified = NOT_TOLD;
  let mode: number | undefined;

  for (let from = 0; from < space; ) {
    let to = line.indexOf(';', from);
    if (to < 0 || to > space) to = space;
    const equals = line.indexOf('=', from);
    if (equals < 0 || equals > to) return undefined;
    const value = line.slice(equals + 1, to);
    switch (line.slice(from, equals).toLowerCase()) {
      case 'type':
        type = value.toLowerCase();
        kind = kindOf(type);
        break;
      case 'size':
        size = byteCount(value);
        break;
      case 'modify':
        modified = exactTime(value);
        break;
      case 'perm':
        perm = value;
        break;
      case 'unix.mode':
        if (/^[0-7]{1,7}$/.test(value)) mode = Number.parseInt(value, 8) & 0o7777;
        break;
    }
    from = to + 1;
  }

  kind ??= kindByPermissions(perm);
  if (kind === undefined) return undefined;
  const name = line.slice(space + 1);
  return {
    name,
    role: type === 'cdir' ? 'self' : type === 'pdir' ? 'parent' : roleOf(name),
    kind,
    size: kind === 'file' ? size : null,
    mode,
    mtime: modified.mtime,
    precision: modified.precision,
    zoned: modified.zoned,
    stamps: modified.stamps,
  };
}

/**
 * Where the space before the name is. Facts hold no spaces, so it is the first one, except that some servers print the
 * target of a link raw: then it is the first one after a semicolon.
 * LIMIT: a raw target that itself holds `; ` is cut there; the link is then known by a wrong name, and never followed.
 */
function endOfFacts(line: string): number {
  const first = line.indexOf(' ');
  if (first <= 0 || line.charCodeAt(first - 1) === 0x3b) return first;
  return /slink:[^;]*$/i.test(line.slice(0, first))
    ? line.indexOf('; ', first) + (line.includes('; ', first) ? 1 : 0)
    : first;
}

function kindOf(type: string): EntryKind {
  switch (type) {
    case 'file':
      return 'file';
    case 'dir':
    case 'cdir':
    case 'pdir':
      return 'directory';
    default:
      return /^os\.[^=]*=s(?:ym)?link\b|^(?:sym)?link$/.test(type) ? 'link' : 'other';
  }
}

/**
 * Without a type, the permissions tell: some exist for files only, some for directories only (RFC 3659, 7.5.5). A size
 * does not tell, as there are servers that print one for directories too.
 */
function kindByPermissions(perm: string): EntryKind | undefined {
  const file = /[arw]/i.test(perm);
  const directory = /[celmp]/i.test(perm);
  if (file === directory) return undefined;
  return file ? 'file' : 'directory';
}
