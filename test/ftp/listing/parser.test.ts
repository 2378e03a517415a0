import { describe, expect, it } from 'vitest';
import { nameCodec } from '../../../src/ftp/encoding.ts';
import { listParser, mlsdParser } from '../../../src/ftp/listing/parser.ts';
import { toRelPath } from '../../../src/model/index.ts';
import { bytes, DONE, lines, options, read, readList, readMlsd } from './read.ts';

const unix = (name: string, size = 1) => `-rw-r--r-- 1 o g ${size} Nov 20 11:20 ${name}`;
const dos = (name: string) => `11-20-26  01:20PM                   12 ${name}`;
const mlsd = (name: string, size = 1) => `type=file;size=${size};modify=20261120132000; ${name}`;
const names = (listing: { entries: readonly { path: string }[] }) => listing.entries.map((entry) => entry.path);

describe('a listing is complete', () => {
  const cases: [what: string, text: string, names: string[]][] = [
    ['when it is empty', '', []],
    ['when every line was read', lines(unix('a'), unix('b')), ['a', 'b']],
    ['when lines end in LF alone', `${unix('a')}\n${unix('b')}\n`, ['a', 'b']],
    ['with the total that ls prints first', lines('total 12', unix('a')), ['a']],
    ['with the total in German', lines('insgesamt 12', unix('a')), ['a']],
    ['with the total of another program', `total 12\n${lines(unix('a'), unix('b'))}`, ['a', 'b']],
    ['with nothing but a total', lines('total 0'), []],
    ['with empty lines', lines('', unix('a'), ''), ['a']],
    ['with the directory itself and the one above', lines(unix('.').replace('-', 'd'), unix('..').replace('-', 'd'), unix('a')), ['a']],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, text, expected) => {
    const listing = readList(text);
    expect(listing).toEqual({ directory: '', entries: expect.anything(), problems: [] });
    expect(names(listing)).toEqual(expected);
  });
});

describe('a listing is incomplete, and says why', () => {
  const cases: [what: string, text: string, because: string | RegExp, names: string[]][] = [
    ['when its last line is cut off', `${lines(unix('a'))}${unix('b')}`, /^its last line was cut off: '-rw-r--r-- 1 o g 1 Nov 20 11:20 b'$/, ['a']],
    ['when its last line lacks the LF', `${lines(unix('a'))}${unix('b')}\r`, /^its last line was cut off/, ['a']],
    ['when a line is not understood', lines(unix('a'), '/bin/ls: out of memory'), 'a line of it could not be understood', ['a']],
    ['when two lines are not', lines('x', unix('a'), 'y'), '2 lines of it could not be understood', ['a']],
    ['when a total comes later, as it may be a piece of a name', lines(unix('a'), 'total 12'), 'a line of it could not be understood', ['a']],
    ['when a line of spaces comes', lines(unix('a'), '  '), 'a line of it could not be understood', ['a']],
    ['when it changes its dialect', lines(unix('a'), dos('b')), 'a line of it could not be understood', ['a']],
    ['when a name comes up again', lines(unix('a'), unix('b'), unix('a')), 'a name came up again', ['a', 'b']],
    ['when a name comes up again with other facts: none of them is believed', lines(unix('a'), unix('b'), unix('a', 2), unix('a')), '2 names came up again', ['b']],
    ['when a line is too long', lines(unix('a'), unix('x'.repeat(16 * 1024))), 'a line of it could not be understood', ['a']],
    ['when a line ends in CR alone', lines(unix('a'), `${unix('b')}\r${unix('c')}`), 'a line of it could not be understood', ['a']],
    [
      'when only some lines end in CR LF: what may be a piece of a name is not believed',
      `${lines(unix('a'))}${unix('x')}\n${unix('victim')}\r\n${lines(unix('b'))}`,
      'its lines end in different ways, so that one of them may be a piece of a name',
      ['a', 'b'],
    ],
    [
      'when the first line is a name with a line break in it',
      `${unix('x')}\n${lines(unix('victim'), unix('b'))}`,
      /^its lines end in different ways/,
      ['b'],
    ],
    ['when a name ends in a line break', `${unix('x')}\n\r\n`, /^its lines end in different ways/, []],
  ]; // biome-ignore format: a table
  it.each(cases)('%s', (_, text, because, expected) => {
    const listing = readList(text);
    if (typeof because === 'string') expect(listing.incomplete).toBe(because);
    else expect(listing.incomplete).toMatch(because);
    expect(names(listing)).toEqual(expected);
  });

  it('when the server says so', () => {
    const end = { ...DONE, text: 'Output truncated to 1 matches' };
    expect(readList(lines(unix('a')), { end }).incomplete).toBe("the server said 'Output truncated to 1 matches'");
  });

  it('when the server counted more than it printed, itself and the one above included', () => {
    const text = lines('type=cdir; .', 'type=pdir; ..', mlsd('a'));
    expect(readMlsd(text, { end: { ...DONE, text: '3 matches total' } }).incomplete).toBeUndefined();
    expect(readMlsd(text, { end: { ...DONE, text: '4 matches total' } }).incomplete).toBe(
      'the server counted 4 entries and printed 3',
    );
  });

  it('and names every reason', () => {
    const listing = readList(`${lines(unix('a'))}${unix('b')}`, { end: { clean: false, code: 426, text: 'Aborted' } });
    expect(listing.incomplete).toMatch(/^the server ended the listing with '426 Aborted'; its last line was cut off/);
  });

  it('when it is longer than allowed, and then reads no further', () => {
    const parser = listParser(options({ maxBytes: 100 }));
    parser.push(bytes(lines(unix('a'))));
    expect(parser.full).toBe(false);
    for (let i = 0; i < 100; i += 1) parser.push(bytes(lines(unix(`b${i}`), unix(`c${i}`))));
    expect(parser.full).toBe(true);
    const listing = parser.finish(DONE);
    expect(listing.incomplete).toBe('it is longer than 100 bytes; longestListing of the server allows more');
    expect(names(listing)).toEqual(['a', 'b0']);
  });

  it('and one as long as allowed is not', () => {
    const text = lines(unix('a'));
    expect(readList(text, { maxBytes: text.length }).incomplete).toBeUndefined();
    expect(readList(text, { maxBytes: text.length - 1 }).incomplete).toBeDefined();
  });
});

describe('lines that were not understood', () => {
  it('are quoted printably, cut at 120 characters', () => {
    const listing = readList(lines(`\u001b[2J\u009b${'x'.repeat(500)}`));
    expect(listing.problems).toEqual([
      {
        path: '',
        side: 'remote',
        code: 'unparsed',
        message: `a line of its listing was not understood: '\\x1b[2J\\x9b${'x'.repeat(115)}…'`,
      },
    ]);
  });

  it('are quoted twenty times, then counted', () => {
    const listing = readList('rubbish\r\n'.repeat(1000), { directory: toRelPath('a/b') });
    expect(listing.problems).toHaveLength(21);
    expect(listing.problems[20]).toMatchObject({
      path: 'a/b',
      code: 'unparsed',
      message: 'and 980 more lines of its listing were not understood',
    });
    expect(listing.incomplete).toBe('1000 lines of it could not be understood');
  });
});

describe.each([
  ['LIST', listParser, unix],
  ['MLSD', mlsdParser, mlsd],
] as const)('names that cannot be carried, in %s', (_, parser, line) => {
  const cases: [what: string, name: string, message: string][] = [
    ['a way up', '../../etc/passwd', "it lists the name '../../etc/passwd', which cannot be used: it contains a slash"],
    ['an absolute path', '/etc/passwd', 'it contains a slash'],
    ['a path', 'a/b', 'it contains a slash'],
    ['a slash at the end', 'a/', 'it contains a slash'],
    ['an empty name', '', 'it is empty'],
    ['a NUL', 'a\0b', "it lists the name 'a\\x00b', which cannot be used: it contains a NUL byte"],
    ['a CR', 'a\rb', "it lists the name 'a\\x0db', which cannot be used: it contains a line break"],
    ['a CR at the end', 'a\r', 'it contains a line break'],
    ['bytes that are not UTF-8', 'a\xe4', 'the name aä (one character a byte) is not valid utf8'],
  ];
  it.each(cases)('%s is a Problem, and the others stay as they are', (_, name, message) => {
    const listing = read(parser, lines(line('before'), line(name), line('after')));
    expect(names(listing)).toEqual(['before', 'after']);
    expect(listing.problems).toMatchObject([{ path: '', side: 'remote', code: 'name' }]);
    expect(listing.problems[0]!.message).toContain(message);
    expect(listing.incomplete).toBeUndefined();
  });

  it('are quoted two hundred times, then counted', () => {
    const listing = read(parser, lines(line('a')) + lines(line('a/b')).repeat(500));
    expect(listing.problems).toHaveLength(201);
    expect(listing.problems[200]!.message).toBe('and 300 more names in it cannot be used');
  });

  it('and names that objects have are names like any other', () => {
    const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    expect(names(read(parser, lines(...odd.map((name) => line(name)))))).toEqual(odd);
  });
});

describe('names in the charset of the server', () => {
  it('are split from their line before they are decoded', () => {
    const gbk = '\x81\x5c\x81\x7c \xd6\xd0';
    const text = lines(unix(gbk), unix('b'));
    expect(names(readList(text, { codec: nameCodec('gbk') }))).toEqual(['乗亅 中', 'b']);
  });
});

describe('a server that lists the directory itself', () => {
  const cases: [string, typeof listParser, string, boolean][] = [
    ['is noticed in LIST', listParser, lines('drwxr-xr-x 2 o g 1 Nov 20 11:20 .'), true],
    ['is noticed in MLSD', mlsdParser, lines('type=cdir; /pub'), true],
    ['is not where only the one above is listed', mlsdParser, lines('type=pdir; ..'), false],
    ['is not in an empty listing', listParser, '', false],
  ];
  it.each(cases)('%s', (_, make, text, expected) => {
    const parser = make(options());
    parser.push(bytes(text));
    expect(parser.listedItself).toBe(expected);
  });
});
