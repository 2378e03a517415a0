/** The name that the losing file of a conflict gets, and what is said of a conflict that stays. */
import { describe, expect, it } from 'vitest';
import { conflictName } from '../../src/diff/conflict.ts';
import { file } from './tree.ts';
import { lines, World } from './world.ts';

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

describe('the name of what is set aside', () => {
  it.each([
    ['report.txt', 'report.conflict-local-T.txt'],
    ['archive.tar.gz', 'archive.tar.conflict-local-T.gz'],
    ['Makefile', 'Makefile.conflict-local-T'],
    ['.env', '.env.conflict-local-T'],
    ['.env.local', '.env.conflict-local-T.local'],
  ])('%s becomes %s', (name, aside) => {
    expect(conflictName(name, 'local', 'T', new Set())).toBe(aside);
  });

  it('is none that is in use', () => {
    const taken = new Set(['a.conflict-remote-T.txt', 'a.conflict-remote-T-2.txt']);
    expect(conflictName('a.txt', 'remote', 'T', taken)).toBe('a.conflict-remote-T-3.txt');
  });

  it.each([
    ['long', `${'x'.repeat(251)}.txt`],
    ['of long characters', `${'\u{1f600}'.repeat(62)}.txt`],
    ['with an extension that is none', `a.${'x'.repeat(250)}`],
  ])('fits a name that is %s', (_, name) => {
    const aside = conflictName(name, 'local', '20240501T120000Z', new Set());
    expect(Buffer.byteLength(aside)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(aside)).toBeGreaterThan(250);
    expect(aside).toContain('.conflict-local-20240501T120000Z');
    expect(aside).not.toContain('\ufffd');
    if (name.endsWith('.txt')) expect(aside.endsWith('.txt')).toBe(true);
  });
});

describe('conflicts', () => {
  it('one that stays says what each side has', () => {
    const world = new World({ a: file('ours', 1), b: '1' }, { a: file('theirs', 2), b: {} });
    expect(world.walk({ direction: 'sync', conflict: 'fail' }).conflicts).toMatchObject([
      { path: 'a', local: { size: 4 }, remote: { size: 6 } },
      { path: 'b', local: { size: 1 }, remote: { size: 0 } },
    ]);
  });

  it('nothing is asked about times where a side is chosen beforehand', () => {
    const world = new World({ a: 'ours' }, { a: 'theirs' }, { clock: 'list' });
    const asked = (conflict: 'local' | 'keep-both') =>
      world.walk({ direction: 'sync', conflict, canAskTime: true }).asks;
    expect([asked('local'), asked('keep-both')]).toEqual([[], [{ path: 'a', ask: 'remote-time' }]]);
  });

  it('in a directory under two Unicode forms each side keeps its own', () => {
    const world = new World({ [NFC]: { a: file('old', 1) } }, { [NFD]: { a: file('newer', 2) } });
    const plan = world.run({ direction: 'sync' });
    expect(lines(plan)).toEqual([
      `rename local ${NFC}/a to a.conflict-local-T (conflict)`,
      `download ${NFC}/a as ${NFD}/a (conflict)`,
      `upload ${NFC}/a.conflict-local-T as ${NFD}/a.conflict-local-T (conflict)`,
    ]);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([]);
    const names = (root: World['local']) => [...root!.children.keys()];
    expect([names(world.local), names(world.remote)]).toEqual([[NFC], [NFD]]);
  });

  it('a remote file that loses is renamed there', () => {
    const world = new World({ a: file('newer', 2) }, { a: file('old', 1) });
    expect(lines(world.run({ direction: 'sync' }))).toEqual([
      'rename remote a to a.conflict-remote-T (conflict)',
      'upload a (conflict)',
      'download a.conflict-remote-T (conflict)',
    ]);
    expect(lines(world.walk({ direction: 'sync' }))).toEqual([]);
  });
});
