/** What is in scope. */
import { describe, expect, it } from 'vitest';
import { Filter, Order } from '../../src/diff/index.ts';
import { ConfigError, type RelPath } from '../../src/model/index.ts';
import { RULES } from './world.ts';

const CASES: readonly [string, Partial<typeof RULES>, readonly string[], readonly string[]][] = [
  ['without rules everything', {}, ['a', 'd/', 'd/.hidden', '.ferryignore', 'x.ferry'], []],
  [
    'what Ferry keeps itself',
    {},
    ['d/.ferryx', '.ferryx', '.a.12345678.ferryx'],
    [
      '.ferry/',
      '.ferry',
      '.ferry/versions/x',
      'd/.ferry',
      'd/.ferry/state-0123',
      '.ferry-lock',
      '.ferry-lock-web/',
      '.a.txt.0123abcd.ferry',
      'd/.a.0123abcd.ferry',
    ],
  ],
  [
    'exclude',
    { exclude: ['*.map', '/drafts/'] },
    ['a.js', 'd/drafts/', 'drafts'],
    ['a.map', 'd/a.map', 'drafts/', 'drafts/x', 'drafts/d/x'],
  ],
  ['exclude with an exception', { exclude: ['*.map', '!keep.map'] }, ['keep.map', 'd/keep.map'], ['a.map']],
  ['names that differ in case are two names', { exclude: ['Thumbs.db'] }, ['thumbs.db'], ['Thumbs.db']],
  [
    'include: only files that match, and every directory',
    { include: ['*.txt', 'docs/'] },
    ['a.txt', 'd/a.txt', 'd/', 'docs/x.bin'],
    ['a.bin', 'd/a.bin'],
  ],
  [
    'exclude wins over include',
    { include: ['*.txt'], exclude: ['secret*'] },
    ['a.txt'],
    ['secret.txt', 'secret/', 'secret/a.txt'],
  ],
  [
    '.ferryignore, with its comments',
    { ignoreFiles: ['\ufeff# comment', '', 'node_modules/\r', '*.log'] },
    ['a', 'node_modules', '# comment'],
    ['node_modules/', 'node_modules/x', 'd/node_modules/', 'x.log'],
  ],
  [
    'a .ferryignore cannot bring back what the job excludes',
    { exclude: ['.env'], ignoreFiles: ['!.env'] },
    [],
    ['.env'],
  ],
  [
    'both Unicode forms of a name alike',
    { exclude: ['caf\u00e9'] },
    ['cafe'],
    ['caf\u00e9', 'cafe\u0301', 'cafe\u0301/x'],
  ],
  ['names that would be special elsewhere', { exclude: ['a'] }, ['b\\a', ' a', '...', '[a]', '!a', '#a'], ['a']],
];

describe('filter', () => {
  it.each(CASES)('%s', (_, rules, inside, outside) => {
    const filter = new Filter({ ...RULES, ...rules });
    const admits = (text: string) =>
      text.endsWith('/')
        ? filter.admits(text.slice(0, -1) as RelPath, 'directory')
        : filter.admits(text as RelPath, 'file');
    expect(inside.filter((text) => !admits(text))).toEqual([]);
    expect(outside.filter(admits)).toEqual([]);
  });

  it('says the same on the hundred thousandth path as on the first', () => {
    const filter = new Filter({ ...RULES, exclude: ['/d7/', '!/d7/x1'] });
    let admitted = 0;
    for (let i = 0; i < 100_000; i++) if (filter.admits(`d${i % 10}/x${i}` as RelPath, 'file')) admitted++;
    expect(admitted).toBe(90_000);
  });

  it.each([
    [{ exclude: ['a', 'b\\'] }, /exclude: the pattern 'b\\' cannot be used: it ends in a single backslash/],
    [{ include: ['a\nb'] }, /include: the pattern 'a\\x0ab' cannot be used: it holds a line break/],
    [{ ignoreFiles: ['!'] }, /\.ferryignore: the pattern '!' cannot be used: it names nothing/],
    [{ exclude: [7 as never] }, /exclude: a pattern must be text/],
  ])('refuses %j', (rules, message) => {
    expect(() => new Filter({ ...RULES, ...rules })).toThrow(ConfigError);
    expect(() => new Filter({ ...RULES, ...rules })).toThrow(message);
  });

  it('under include, only what is asked for is wanted for itself', () => {
    const filter = new Filter({ ...RULES, include: ['docs/', '*.txt'] });
    expect([filter.wants('docs' as RelPath, 'directory'), filter.wants('other' as RelPath, 'directory')]).toEqual([
      true,
      false,
    ]);
    expect(new Filter(RULES).wants('other' as RelPath, 'directory')).toBe(true);
  });
});

describe('order', () => {
  it('ranks by the first pattern that matches', () => {
    const order = new Order(['*.html', 'index.html', '/sitemap.xml']);
    expect(
      ['a.css', 'a.html', 'd/index.html', 'sitemap.xml', 'd/sitemap.xml'].map((path) => order.rank(path as RelPath)),
    ).toEqual([0, 1, 1, 3, 0]);
  });
});
