import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameCodec } from '../../../src/ftp/encoding.ts';
import { type ListingOptions, type ListingParser, listParser, mlsdParser } from '../../../src/ftp/listing/parser.ts';
import { type EntryKind, segmentFault } from '../../../src/model/index.ts';
import { DONE, NOW, options } from './read.ts';
import { asDos, asEplf, asFacts, asUnix, asUnixWithYears, directory, type Thing } from './render.ts';

type Make = (options: ListingOptions) => ListingParser;

interface Dialect {
  readonly parser: Make;
  readonly render: (thing: Thing) => string;
  readonly kinds: readonly EntryKind[];
  /** How old things may be for their dates to be unambiguous. */
  readonly days: number;
  readonly precision: number;
}

const DAY = 86_400_000;
const all: readonly EntryKind[] = ['file', 'directory', 'link', 'other'];
const dialects: [name: string, dialect: Dialect][] = [
  ['ls', { parser: listParser, render: asUnix, kinds: all, days: 360, precision: 60_000 }],
  [
    'ls with years',
    { parser: listParser, render: asUnixWithYears, kinds: ['file', 'directory'], days: 9000, precision: DAY },
  ],
  ['IIS', { parser: listParser, render: asDos, kinds: ['file', 'directory'], days: 9000, precision: 60_000 }],
  ['EPLF', { parser: listParser, render: asEplf, kinds: ['file', 'directory'], days: 9000, precision: 1000 }],
  ['MLSD', { parser: mlsdParser, render: asFacts, kinds: all, days: 9000, precision: 1000 }],
];

/** Hands the bytes over in pieces as long as `cuts` says, again and again. */
function parse(parser: Make, bytes: Uint8Array, cuts: readonly number[] = [65_536], end = DONE) {
  const parse = parser(options());
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const length = cuts[i % cuts.length]!;
    parse.push(bytes.slice(at, at + length));
    at += length;
  }
  return parse.finish(end);
}

const cuts = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 5 });

describe.each(dialects)('%s', (_, { parser, render, kinds, days, precision }) => {
  // Where a name holds an arrow, nobody can tell the end of a link's name; where it begins with a space, nobody can
  // tell the layout of IIS apart from another one.
  const readable = (thing: Thing) =>
    !(render === asUnix && thing.kind === 'link' && `${thing.name} -> `.indexOf(' -> ') < thing.name.length) &&
    !(render === asDos && thing.kind === 'directory' && thing.name.startsWith(' '));
  const things = directory(NOW, kinds, days).map((some) => some.filter(readable));
  const bytesOf = (some: Thing[], newline: string) => Buffer.from(some.map((one) => render(one) + newline).join(''));

  it('gives back what was there, wherever the bytes were cut', () => {
    fc.assert(
      fc.property(things, cuts, fc.constantFrom('\r\n', '\n'), (some, lengths, newline) => {
        expect(parse(parser, bytesOf(some, newline), lengths)).toEqual({
          directory: '',
          problems: [],
          entries: some.map(({ name, kind, size, at }) =>
            expect.objectContaining({
              path: name,
              kind,
              size: kind === 'file' ? size : null,
              mtime: at.getTime() - (precision === DAY ? at.getTime() % DAY : 0),
              precision,
              zoned: true,
            }),
          ),
        });
      }),
      { numRuns: 150 },
    );
  });

  it('is incomplete wherever it is cut off, and shows no name that was not there', () => {
    fc.assert(
      fc.property(things, fc.nat(), (some, where) => {
        const whole = bytesOf(some, '\r\n');
        fc.pre(whole.length > 0);
        const cut = whole.subarray(0, where % whole.length);
        const listing = parse(parser, cut);
        // LIMIT: cut exactly at the end of a line and confirmed with 226, a listing looks whole. Only the server's own
        // count, the way the data connection ended, and asking for each missing path tell.
        const atLineEnd = cut.length === 0 || cut.subarray(-2).equals(Buffer.from('\r\n'));
        expect(listing.incomplete === undefined).toBe(atLineEnd);
        expect(parse(parser, cut, [65_536], { ...DONE, code: 426 as 226 }).incomplete).toBeDefined();
        const names = new Set(some.map((one) => one.name));
        expect(listing.entries.filter((entry) => !names.has(entry.path))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('accounts for every line: it is an entry or it is said', () => {
    const rubbish = fc.constantFrom(
      'ls: a: Permission denied',
      'sub:',
      '   ',
      '-rw-r--r-- 1 o g',
      '226 Done',
      '\x1b[2J',
      'total',
    );
    const lines = fc.array(rubbish, { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(things, lines, fc.infiniteStream(fc.nat()), (some, extra, where) => {
        const all = some.map(render);
        for (const line of extra) all.splice(where.next().value % (all.length + 1), 0, line);
        const listing = parse(parser, Buffer.from(all.map((line) => `${line}\r\n`).join('')));
        expect(listing.entries.map((entry) => entry.path)).toEqual(some.map((one) => one.name));
        expect(listing.problems.map((problem) => problem.code)).toEqual(extra.map(() => 'unparsed'));
        expect(listing.incomplete).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });
});

describe.each([
  ['LIST', listParser],
  ['MLSD', mlsdParser],
] as const)('%s on hostile bytes', (_, parser) => {
  const fragments = fc.constantFrom(
    '-rw-r--r-- ', 'lrwxrwxrwx ', ' 1 ', ' 12 Nov 20 11:20 ', ' Nov 20  2026 ', '11-20-26  01:20PM ', '<DIR>          ', '+r,', '\t',
    'type=file;', 'size=', 'modify=20261120132000;', ' ', ' -> ', '/', '../', '\0', '\r', '\n', '\r\n', '\xff', '\xc3\xa4', ';', '=', '.', '..', 'a',
  ); // biome-ignore format: a table
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 500 }).map((raw) => Buffer.from(raw)),
    fc.array(fragments, { maxLength: 60 }).map((some) => Buffer.from(some.join(''), 'latin1')),
  );

  it.each(['utf8', 'latin1', 'gbk'])('never crashes and never yields an unsafe name (%s)', (charset) => {
    fc.assert(
      fc.property(garbage, cuts, (bytes, lengths) => {
        const parse = parser(options({ codec: nameCodec(charset) }));
        for (let at = 0, i = 0; at < bytes.length; at += lengths[i % lengths.length]!, i += 1) {
          parse.push(bytes.subarray(at, at + lengths[i % lengths.length]!));
        }
        const listing = parse.finish(DONE);
        const paths = listing.entries.map((entry) => entry.path);
        expect(paths.filter((path) => segmentFault(path) !== undefined)).toEqual([]);
        expect(new Set(paths).size).toBe(paths.length);
        for (const { size, mtime } of listing.entries) {
          expect(size === null || (Number.isSafeInteger(size) && size >= 0)).toBe(true);
          expect(mtime === null || Number.isFinite(mtime)).toBe(true);
        }
        for (const { message } of listing.problems) expect(message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      }),
      { numRuns: 300 },
    );
  });

  const slow: [what: string, bytes: Buffer][] = [
    [
      'random bytes',
      Buffer.from(
        fc.sample(fc.uint8Array({ minLength: 65_536, maxLength: 65_536, size: 'max' }), { numRuns: 1, seed: 1 })[0]!,
      ),
    ],
    ['one line of digits', Buffer.from(`-rw-r--r-- ${'1'.repeat(65_500)}\n`)],
    ['lines of digits', Buffer.from(`-rw-r--r-- ${'1'.repeat(16_000)}\n`.repeat(4))],
    ['lines of spaces', Buffer.from(`-rw-r--r-- ${' '.repeat(16_000)}\n`.repeat(4))],
    ['lines of numbers', Buffer.from(`-rw-r--r-- ${'1 '.repeat(8_000)}\n`.repeat(4))],
    ['lines of numbers with commas', Buffer.from(`-rw-r--r-- ${'1,'.repeat(8_000)}\n`.repeat(4))],
    ['lines of almost dates', Buffer.from(`-rw-r--r-- ${'1 Xyz 20 11:20 '.repeat(1_000)}\n`.repeat(4))],
    ['lines of spaces after a DOS date', Buffer.from(`11-20-26  01:20PM${' '.repeat(16_000)}x\n`.repeat(4))],
    ['lines of semicolons', Buffer.from(`${';'.repeat(16_000)}\n`.repeat(4))],
    ['lines of facts', Buffer.from(`${'a=b;'.repeat(4_000)} x\n`.repeat(4))],
    ['lines of link targets', Buffer.from(`${'slink:'.repeat(2_600)} x\n`.repeat(4))],
    ['empty lines', Buffer.from('\n'.repeat(65_536))],
    ['a name over and over', Buffer.from('-rw-r--r-- 1 Nov 20 11:20 a\n'.repeat(2_400))],
    ['nothing that ends', Buffer.from('x'.repeat(65_536))],
  ];
  it.each(slow)('takes 64 KB in no time: %s', (_, bytes) => {
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      parse(parser, bytes);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
