import { describe, expect, it } from 'vitest';
import { lines, readList } from './read.ts';

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));

describe('one line of LIST in the manner of IIS', () => {
  const cases: [what: string, line: string, entry: object][] = [
    ['a file', '11-20-26  01:20PM                   12 a b.txt', { path: 'a b.txt', kind: 'file', size: 12, mtime: '2026-11-20T13:20', precision: 60_000, stamps: { list: '2026-11-20T13:20' } }],
    ['a directory', '11-20-26  01:20PM       <DIR>          sub dir', { path: 'sub dir', kind: 'directory', size: null }],
    ['a year of four digits', '11-20-2026  01:20PM                   12 a', { mtime: '2026-11-20T13:20' }],
    ['the year first, and a 24-hour clock', '2026-11-20  13:20                   12 a', { mtime: '2026-11-20T13:20' }],
    ['a directory with the year first', '2026-11-20  13:20       <DIR>          d', { path: 'd', kind: 'directory' }],
    ['midnight', '11-20-26  12:00AM                   12 a', { mtime: '2026-11-20T00:00' }],
    ['noon', '11-20-26  12:00PM                   12 a', { mtime: '2026-11-20T12:00' }],
    ['a space before PM', '11-20-26  01:20 PM                   12 a', { mtime: '2026-11-20T13:20' }],
    ['half past midnight on a small device', '01-01-2000  00:30AM 12 a', { mtime: '2000-01-01T00:30', path: 'a' }],
    ['the last century', '07-01-98  01:20PM                   12 a', { mtime: '1998-07-01T13:20' }],
    ['thousands with commas', '11-20-26  01:20PM            1,234,567 a', { size: 1234567 }],
    ['an empty file', '11-20-26  01:20PM                    0 a', { size: 0 }],
    ['a junction', '11-20-26  01:20PM    <JUNCTION>     j', { path: 'j', kind: 'link', size: null }],
    ['a junction with its target', '11-20-26  01:20PM    <JUNCTION>     j [C:\\data\\x]', { path: 'j', kind: 'link' }],
    ['a link to a directory', '11-20-26  01:20PM    <SYMLINKD>     j', { path: 'j', kind: 'link' }],
    ['a link to a file', '11-20-26  01:20PM    <SYMLINK>      j', { path: 'j', kind: 'link' }],
    ['a directory after one space', '11-20-26  01:20PM <DIR> d', { path: 'd', kind: 'directory' }],
    ['a file name that begins with a space', '11-20-26  01:20PM                   12  a', { path: ' a' }],
    ['a name that looks like a kind', '11-20-26  01:20PM                   12 <DIR>          x', { path: '<DIR>          x', kind: 'file' }],
    ['a name of digits', '11-20-26  01:20PM                   12 34 56', { path: '34 56', size: 12 }],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, line, entry) => {
    const { entries, problems, incomplete } = readList(lines(line));
    expect({ problems, incomplete }).toEqual({ problems: [], incomplete: undefined });
    expect({ ...entries[0]!, mtime: iso(entries[0]!.mtime) }).toMatchObject(entry);
  });

  const unread: [what: string, line: string][] = [
    ['a date that may put the day first', '20/11/2026  13:20                   12 a'],
    ['a month that does not exist', '13-20-26  01:20PM                   12 a'],
    ['a kind that nobody knows', '11-20-26  01:20PM       <WHAT>         a'],
    ['more spaces than IIS prints, some of which may begin the name', '11-20-26  01:20PM       <DIR>            a'],
    ['neither size nor kind', '11-20-26  01:20PM  a'],
    ['the summary of dir', '               2 File(s)             24 bytes'],
    ['commas in the wrong places', '11-20-26  01:20PM                 1,23 a'],
  ];
  it.each(unread)('%s: is not read, and said', (_, line) => {
    const listing = readList(lines('11-20-26  01:20PM                   12 good', line));
    expect(listing.entries.map((entry) => entry.path)).toEqual(['good']);
    expect(listing.problems).toMatchObject([{ code: 'unparsed' }]);
    expect(listing.incomplete).toBeDefined();
  });

  it('is in the zone of the server', () => {
    const listing = readList(lines('11-20-26  01:20PM                   12 a'), { offsetMinutes: 60 });
    expect(iso(listing.entries[0]!.mtime)).toBe('2026-11-20T12:20');
  });
});

describe('one line of EPLF', () => {
  const cases: [what: string, line: string, entry: object][] = [
    ['a file', '+i8388621.48594,m825718503,r,s280,\tdjb.html', { path: 'djb.html', kind: 'file', size: 280, mtime: '1996-03-01T22:15', precision: 1000, zoned: true, stamps: { list: '1996-03-01T22:15:03' } }],
    ['a directory', '+i8388621.50690,m824255907,/,\t514', { path: '514', kind: 'directory', size: null }],
    ['a mode', '+up644,r,\ta', { mode: 0o644, mtime: null }],
    ['a directory with a size', '+s12,/,\td', { kind: 'directory', size: null }],
    ['what can be read and entered', '+/,r,s12,\td', { kind: 'directory', size: null }],
    ['neither to be read nor to be entered', '+i1,\ta', { kind: 'other' }],
    ['a name with a tab and a space', '+r,s1,\t a\tb', { path: ' a\tb' }],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, line, entry) => {
    const { entries, problems, incomplete } = readList(lines(line), { offsetMinutes: null });
    expect({ problems, incomplete }).toEqual({ problems: [], incomplete: undefined });
    expect({ ...entries[0]!, mtime: iso(entries[0]!.mtime) }).toMatchObject(entry);
  });
});
