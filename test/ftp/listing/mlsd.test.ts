import { describe, expect, it } from 'vitest';
import { parseFacts } from '../../../src/ftp/listing/parser.ts';
import { toRelPath } from '../../../src/model/index.ts';
import { lines, readMlsd } from './read.ts';

const AT = Date.UTC(2026, 10, 20, 13, 20, 0);

describe('one line of MLSD', () => {
  const cases: [what: string, line: string, facts: object][] = [
    [
      'a file of ProFTPD',
      'modify=20261120132000;perm=adfrw;size=3;type=file;unique=FE00U238162;UNIX.group=0;UNIX.groupname=0;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=ferry; a',
      { name: 'a', role: 'entry', kind: 'file', size: 3, mtime: AT, precision: 1000, zoned: true, mode: 0o644, stamps: { mlst: '20261120132000' } },
    ],
    [
      'a directory of Pure-FTPd, whose size is no size',
      'type=dir;sizd=4096;modify=20261120132000;UNIX.mode=0755;UNIX.uid=1;UNIX.gid=1;unique=fe00g2380e4; empty',
      { name: 'empty', kind: 'directory', size: null, mode: 0o755 },
    ],
    ['the directory itself', 'type=cdir;modify=20261120132000; .', { role: 'self', kind: 'directory' }],
    ['the directory itself by its path', 'type=cdir; /pub/incoming', { role: 'self' }],
    ['the directory above', 'Type=PDir; ..', { role: 'parent', kind: 'directory' }],
    ['a dot that is called a mere directory', 'type=dir; .', { role: 'self' }],
    ['facts in any case', 'TYPE=File;SIZE=7;Modify=20261120132000;unix.MODE=600; a', { kind: 'file', size: 7, mode: 0o600 }],
    ['a name with spaces, semicolons and equals signs', 'type=file;size=1; a; type=dir; b', { name: 'a; type=dir; b', kind: 'file' }],
    ['a name that begins and ends with a space', 'type=file;size=1;  a ', { name: ' a ' }],
    ['a path, as MLST prints it', 'type=file;size=1; /pub/a b', { name: '/pub/a b' }],
    ['no semicolon after the last fact', 'type=file;size=1 a b', { name: 'a b', size: 1 }],
    ['a link', 'type=OS.unix=symlink;size=11; l', { name: 'l', kind: 'link', size: null }],
    ['a link with its target', 'type=OS.unix=slink:/a/b;size=3; l', { name: 'l', kind: 'link' }],
    ['a link whose target has spaces', 'type=OS.unix=slink:/a b/c d;size=3; l m', { name: 'l m', kind: 'link' }],
    ['a link without its target', 'type=OS.unix=slink:;size=3; l', { name: 'l', kind: 'link' }],
    ['a device', 'type=OS.unix=chr-1/3;size=0; null', { kind: 'other', size: null }],
    ['a type that nobody knows', 'type=whiteout; w', { kind: 'other' }],
    ['a file by its permissions', 'perm=adfrw;size=3; a', { kind: 'file', size: 3 }],
    ['a directory by its permissions', 'perm=flcdmpe; a', { kind: 'directory' }],
    ['a file whose size was not told', 'type=file; a', { kind: 'file', size: null, mtime: null, zoned: false, stamps: {} }],
    ['a size that is none', 'type=file;size=-5; a', { size: null }],
    ['a size beyond what a number can hold', 'type=file;size=99999999999999999999; a', { size: null }],
    ['4 GiB and one', 'type=file;size=4294967297; a', { size: 4294967297 }],
    ['the bits of a mode alone', 'type=file;UNIX.mode=0104755; a', { mode: 0o4755 }],
    ['a mode that is none', 'type=file;UNIX.mode=rwx; a', { mode: undefined }],
    ['an empty name', 'type=file; ', { name: '' }],
    ['a fact without a value', 'type=file;lang=;size=1; a', { size: 1, name: 'a' }],
    ['names of facts that objects have', '__proto__=1;constructor=2;type=file;size=1; __proto__', { name: '__proto__', size: 1 }],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, line, facts) => {
    expect(parseFacts(line)).toMatchObject(facts);
  });

  const notFacts: [what: string, line: string][] = [
    ['neither type nor permissions', 'size=3;modify=20261120132000; a'],
    ['permissions that files and directories share', 'perm=fd;size=3; a'],
    ['contradicting permissions', 'perm=rl; a'],
    ['no facts at all', ' a'],
    ['no name at all', 'type=file;size=3;'],
    ['a LIST line', '-rw-r--r--    1 0        0               3 Nov 20 13:56 a'],
    ['a message', 'ls: cannot open directory'],
    ['something before the facts', '250-type=file;size;x; a'],
    ['nothing', ''],
  ];
  it.each(notFacts)('%s: is not read', (_, line) => {
    expect(parseFacts(line)).toBeUndefined();
  });
});

describe('modification times in MLSD', () => {
  const cases: [text: string, mtime: string | null, precision?: number][] = [
    ['20261120132000', '2026-11-20T13:20:00.000Z', 1000],
    ['20261120132000.5', '2026-11-20T13:20:00.500Z', 1],
    ['20261120132000.123', '2026-11-20T13:20:00.123Z', 1],
    ['20261120132000.123456', '2026-11-20T13:20:00.123Z', 1],
    ['20261120132000.000', '2026-11-20T13:20:00.000Z', 1000],
    ['19700101000000', '1970-01-01T00:00:00.000Z', 1000],
    ['19691231235959', '1969-12-31T23:59:59.000Z', 1000],
    ['20240229000000', '2024-02-29T00:00:00.000Z', 1000],
    ['20161231235960', '2017-01-01T00:00:00.000Z', 1000],
    ['191261120132000', '2026-11-20T13:20:00.000Z', 1000],
    ['191001231000000', '2000-12-31T00:00:00.000Z', 1000],
    ['20230229000000', null],
    ['20261320000000', null],
    ['20261131000000', null],
    ['20261120240000', null],
    ['00000000000000', null],
    ['2026112013200', null],
    ['202611201320000', null],
    ['20261120132000.', null],
    ['20261120T132000', null],
    ['', null],
  ];
  it.each(cases)('%j is %s', (text, mtime, precision) => {
    const facts = parseFacts(`type=file;modify=${text}; a`)!;
    expect(facts.mtime === null ? null : new Date(facts.mtime).toISOString()).toBe(mtime);
    expect(facts.zoned).toBe(mtime !== null);
    expect(facts.stamps).toEqual(mtime === null ? {} : { mlst: text });
    if (precision) expect(facts.precision).toBe(precision);
  });
});

describe('a directory read by MLSD', () => {
  it('has its entries in the order in which they came, without itself and the one above', () => {
    const listing = readMlsd(
      lines(
        'type=cdir;; .',
        'type=pdir; ..',
        'type=file;size=2;modify=20261120132000; b',
        'type=dir;UNIX.mode=0755; a',
      ).replace(';;', ';'),
      { directory: toRelPath('x/y') },
    );
    expect(listing).toEqual({
      directory: 'x/y',
      entries: [
        {
          path: 'x/y/b',
          kind: 'file',
          size: 2,
          mtime: AT,
          precision: 1000,
          zoned: true,
          stamps: { mlst: '20261120132000' },
        },
        {
          path: 'x/y/a',
          kind: 'directory',
          size: null,
          mtime: null,
          precision: 1000,
          zoned: false,
          stamps: {},
          mode: 0o755,
        },
      ],
      problems: [],
    });
  });

  it('a full path in place of a name is a Problem, and is never cut to a name', () => {
    const listing = readMlsd(lines('type=file;size=1; /etc/passwd', 'type=file;size=1; ok'));
    expect(listing.entries.map((entry) => entry.path)).toEqual(['ok']);
    expect(listing.problems).toMatchObject([
      { code: 'name', path: '', message: expect.stringContaining('/etc/passwd') },
    ]);
    expect(listing.incomplete).toBeUndefined();
  });
});
