import { describe, expect, it } from 'vitest';
import { lines, NOW, readList } from './read.ts';

const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString().slice(0, 16));

/** The one entry of a listing with one line; its time as text. */
function one(line: string, change: Parameters<typeof readList>[1] = {}) {
  const { entries, problems, incomplete } = readList(lines(line), change);
  expect({ problems, incomplete }).toEqual({ problems: [], incomplete: undefined });
  expect(entries).toHaveLength(1);
  return { ...entries[0]!, mtime: iso(entries[0]!.mtime) };
}

const FILE = { kind: 'file', size: 12, mtime: '2026-11-20T11:20', precision: 60_000 };

describe('one line of LIST in the manner of ls', () => {
  const cases: [what: string, line: string, entry: object][] = [
    ['vsftpd', '-rw-r--r--    1 0        0              12 Nov 20 11:20 a b', { ...FILE, path: 'a b', mode: 0o644 }],
    ['ProFTPD', '-rw-r--r--   1 ferry    0              12 Nov 20 11:20 a', { ...FILE, path: 'a' }],
    ['Pure-FTPd', '-rw-r--r--    1 1          daemon             12 Nov 20 11:20 a', { ...FILE, path: 'a' }],
    ['pyftpdlib', '-rw-r--r--   1 root     root           12 Nov 20 11:20 a', { ...FILE, path: 'a' }],
    ['IIS in its Unix manner', '-rwxrwxrwx   1 owner    group              12 Nov 20 11:20 a', { ...FILE, mode: 0o777 }],
    ['a year in place of the time', '-rw-r--r-- 1 o g 12 Feb 29  2020 a', { mtime: '2020-02-29T00:00', precision: 86_400_000, stamps: { list: '2020-02-29' } }],
    ['the day before the month', '-rw-r--r-- 1 o g 12 20 Nov 11:20 a', { ...FILE, path: 'a' }],
    ['the day before the month, and a year', '-rw-r--r-- 1 o g 12  9 Nov  2025 a', { mtime: '2025-11-09T00:00' }],
    ['a numeric date', '-rw-r--r-- 1 o g 12 2026-11-20 11:20 a', { ...FILE, stamps: { list: '2026-11-20T11:20' } }],
    ['a numeric date of last year', '-rw-r--r-- 1 o g 12 2025-11-20 11:20 a', { mtime: '2025-11-20T11:20' }],
    ['a one-digit day and hour', '-rw-r--r-- 1 o g 12 Nov  2  1:20 a', { mtime: '2026-11-02T01:20', stamps: { list: '2026-11-02T01:20' } }],
    ['months in small letters', '-rw-r--r-- 1 o g 12 nov 20 11:20 a', FILE],
    ['German months', '-rw-r--r-- 1 o g 12 20 Okt 11:20 a', { mtime: '2026-10-20T11:20' }],
    ['no link count', '-rw-r--r-- o g 12 Nov 20 11:20 a', FILE],
    ['no group', '-rw-r--r-- 1 o 12 Nov 20 11:20 a', FILE],
    ['neither link count nor owner nor group', '-rw-r--r-- 12 Nov 20 11:20 a', FILE],
    ['owner and group as numbers', '-rw-r--r-- 1 1000 1000 12 Nov 20 11:20 a', FILE],
    ['owner and group with spaces', '-rw-r--r-- 1 Domain User Domain Users 12 Nov 20 11:20 a', FILE],
    ['an owner named like a month, with a group and a size that could be its day and year', '-rw-r--r--   1 jan      20           2026 Nov 20 11:20 a', { ...FILE, path: 'a', size: 2026 }],
    ['an owner of three letters, with a group and a size that could be a day and a year', '-rw-r--r-- abc 12 2026 Nov 20 11:20 a', { ...FILE, path: 'a', size: 2026 }],
    ['a link count, an owner with a space, a group and a size that could be a date', '-rw-r--r-- 7 abc 12 2026 12 Nov 20 11:20 a', { ...FILE, path: 'a' }],
    ['an owner with a backslash', '-rw-r--r-- 1 CORP\\me Users 12 Nov 20 11:20 a', FILE],
    ['a group that runs into the size no more than by a space', '-rw-r--r-- 1 o averyverylonggroupname 12 Nov 20 11:20 a', FILE],
    ['an access control list', '-rw-r--r--+ 1 o g 12 Nov 20 11:20 a', { ...FILE, mode: 0o644 }],
    ['an SELinux context', '-rw-r--r--. 1 o g 12 Nov 20 11:20 a', FILE],
    ['extended attributes', '-rw-r--r--@ 1 o g 12 Nov 20 11:20 a', FILE],
    ['4 GiB and more', '-rw-r--r-- 1 o g 5368709121 Nov 20 11:20 a', { size: 5368709121 }],
    ['a negative size is none', '-rw-r--r-- 1 o g -12 Nov 20 11:20 a', { kind: 'file', size: null }],
    ['a directory, whose size is no size', 'drwxr-xr-x 2 o g 4096 Nov 20 11:20 d', { kind: 'directory', size: null, mode: 0o755, path: 'd' }],
    ['a directory that nobody may enter', 'd--------- 2 o g 4096 Nov 20 11:20 d', { kind: 'directory', mode: 0 }],
    ['set-uid, set-gid and sticky', '-rwsr-sr-t 1 o g 12 Nov 20 11:20 a', { mode: 0o7755 }],
    ['set-uid, set-gid and sticky on what is not executable', '-rwSr-Sr-T 1 o g 12 Nov 20 11:20 a', { mode: 0o7644 }],
    ['a link', 'lrwxrwxrwx 1 o g 11 Nov 20 11:20 l -> no where', { kind: 'link', size: null, path: 'l' }],
    ['a link whose target is not told', 'lrwxrwxrwx 1 o g 11 Nov 20 11:20 l', { kind: 'link', path: 'l' }],
    ['a file with an arrow in its name', '-rw-r--r-- 1 o g 12 Nov 20 11:20 a -> b', { ...FILE, path: 'a -> b' }],
    ['a device', 'crw-rw-rw- 1 root root 1, 3 Nov 20 11:20 null', { kind: 'other', size: null, path: 'null' }],
    ['a device with its numbers close together', 'brw-rw---- 1 root disk 8,1 Nov 20 11:20 sda1', { kind: 'other', path: 'sda1' }],
    ['a pipe', 'prw-r--r-- 1 o g 0 Nov 20 11:20 p', { kind: 'other', size: null }],
    ['a socket', 'srwxr-xr-x 1 o g 0 Nov 20 11:20 s', { kind: 'other' }],
    ['a name that begins with spaces', '-rw-r--r--    1 0        0              12 Nov 20 11:20   lead', { path: '  lead' }],
    ['a name that ends with spaces', '-rw-r--r--    1 0        0              12 Nov 20 11:20 trail  ', { path: 'trail  ' }],
    ['a name that looks like the end of another line', '-rw-r--r-- 1 o g 12 Nov 20 11:20 34 Jan  1  2020 b', { ...FILE, path: '34 Jan  1  2020 b' }],
    ['a name that looks like a year', '-rw-r--r-- 1 o g 12 Nov 20 11:20 2020 b', { ...FILE, path: '2020 b' }],
    ['a hidden name', '-rw-r--r-- 1 o g 12 Nov 20 11:20 .a', { path: '.a' }],
    ['three dots', '-rw-r--r-- 1 o g 12 Nov 20 11:20 ...', { path: '...' }],
    ['a name that objects have', '-rw-r--r-- 1 o g 12 Nov 20 11:20 __proto__', { path: '__proto__' }],
    ['a name in UTF-8', '-rw-r--r-- 1 o g 12 Nov 20 11:20 日本', { path: '日本' }],
    ['NetWare', '- [R----F--] rhesus             12 Nov 20 11:20 cx.exe', { ...FILE, path: 'cx.exe' }],
    ['a directory of NetWare', 'd [RWCEAFMS] supervisor        512 Nov 20 11:20 login', { kind: 'directory', path: 'login' }],
    ['a Macintosh', '-------r--         326  1391972       12 Nov 20 11:20 a.sit', { ...FILE, path: 'a.sit' }],
    ['a folder of a Macintosh', 'drwxrwxr-x               folder        2 Nov 20 11:20 net', { kind: 'directory', path: 'net' }],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, line, entry) => {
    expect(one(line)).toMatchObject(entry);
  });

  const unread: [what: string, line: string][] = [
    ['a link with two arrows, of which either may end the name', 'lrwxrwxrwx 1 o g 11 Nov 20 11:20 a -> b -> c'],
    ['an unknown month', '-rw-r--r-- 1 o g 12 Xyz 20 11:20 a'],
    ['a date that does not exist', '-rw-r--r-- 1 o g 12 Nov 31 11:20 a'],
    ['a time that does not exist', '-rw-r--r-- 1 o g 12 Nov 20 24:20 a'],
    ['seconds, which may be followed by a year or by a name', '-rw-r--r-- 1 o g 12 Nov 20 11:20:33 2026 a'],
    ['a size for people', '-rw-r--r-- 1 o g 1.2K Nov 20 11:20 a'],
    ['no date', '-rw-r--r-- 1 o g 12 a'],
    ['no name', '-rw-r--r-- 1 o g 12 Nov 20 11:20'],
    ['no permissions', '1 o g 12 Nov 20 11:20 a'],
    ['permissions cut short', '-rw-r--r 1 o g 12 Nov 20 11:20 a'],
    ['a heading', './sub:'],
    ['a complaint', 'ls: a: Permission denied'],
    ['VMS', 'README.TXT;4      18  10-APR-2000 10:36'],
  ];
  it.each(unread)('%s: is not read, and said', (_, line) => {
    const listing = readList(lines('-rw-r--r-- 1 o g 12 Nov 20 11:20 good', line));
    expect(listing.entries.map((entry) => entry.path)).toEqual(['good']);
    expect(listing.problems).toMatchObject([{ code: 'unparsed', side: 'remote', path: '' }]);
    expect(listing.problems[0]!.message).toContain(line);
    expect(listing.incomplete).toBe('a line of it could not be understood');
  });
});

describe('a date without a year is in the latest year that puts it no more than a day ahead', () => {
  const cases: [what: string, now: string, printed: string, mtime: string][] = [
    ['this minute', '2026-11-20T12:00Z', 'Nov 20 12:00', '2026-11-20T12:00'],
    ['tomorrow, as some clocks are ahead', '2026-11-20T12:00Z', 'Nov 21 12:00', '2026-11-21T12:00'],
    ['more than a day ahead', '2026-11-20T12:00Z', 'Nov 21 12:01', '2025-11-21T12:01'],
    ['December seen in January', '2027-01-02T00:00Z', 'Dec 31 23:59', '2026-12-31T23:59'],
    ['New Year seen in the old year', '2026-12-31T23:30Z', 'Jan  1 00:10', '2027-01-01T00:10'],
    ['Feb 29 in a leap year', '2028-03-01T00:00Z', 'Feb 29 10:00', '2028-02-29T10:00'],
    ['Feb 29 long after', '2027-06-01T00:00Z', 'Feb 29 10:00', '2024-02-29T10:00'],
    ['Feb 29 a year before the next', '2028-01-01T00:00Z', 'Feb 29 10:00', '2024-02-29T10:00'],
    ['Feb 29 across a century without one', '2101-01-01T00:00Z', 'Feb 29 10:00', '2096-02-29T10:00'],
  ];
  it.each(cases)('%s', (_, now, printed, mtime) => {
    expect(one(`-rw-r--r-- 1 o g 12 ${printed} a`, { now: new Date(now) }).mtime).toBe(mtime);
  });

  it('as the clock of the server sees it', () => {
    const line = '-rw-r--r-- 1 o g 12 Nov 22 01:00 a';
    expect(one(line, { offsetMinutes: 0 })).toMatchObject({ mtime: '2025-11-22T01:00' });
    expect(one(line, { offsetMinutes: 14 * 60 })).toMatchObject({ mtime: '2026-11-21T11:00' });
  });
});

describe('times of a server in another zone', () => {
  const line = '-rw-r--r-- 1 o g 12 Nov 20 11:20 a';
  it('are moved to UTC where its clock was measured, and the stamp stays as printed', () => {
    expect(one(line, { offsetMinutes: 330 })).toMatchObject({
      mtime: '2026-11-20T05:50',
      zoned: true,
      stamps: { list: '2026-11-20T11:20' },
    });
    expect(one(line, { offsetMinutes: -480, now: NOW })).toMatchObject({ mtime: '2026-11-20T19:20', zoned: true });
  });
  it('are moved there where only the day is printed, too', () => {
    expect(one('-rw-r--r-- 1 o g 12 Nov 20  2025 a', { offsetMinutes: 330 })).toMatchObject({
      mtime: '2025-11-19T18:30',
    });
  });
  it('are not known to be UTC where it was not', () => {
    expect(one(line, { offsetMinutes: null })).toMatchObject({ mtime: '2026-11-20T11:20', zoned: false });
  });
  it('are stamped with the beginning of the longer form once the file is old', () => {
    const old = one('-rw-r--r-- 1 o g 12 Nov 20  2026 a').stamps.list!;
    expect(one(line).stamps.list!.startsWith(old)).toBe(true);
  });
});
