/** Folders that lead back to one above them, as links do on servers that list them as folders. */
import { describe, expect, test } from 'vitest';
import { Loops } from '../../src/ftp/loops.ts';
import { type Entry, joinPath, type Listing, type RelPath, ROOT, toRelPath } from '../../src/model/index.ts';

/** What each folder really holds; `-> x` leads to that folder. */
type Disk = Readonly<Record<string, readonly string[]>>;

const FACTS = { size: null, mtime: null, precision: 1, zoned: true, stamps: { mlst: '20260101000000' } } as const;

/** A server that follows every link before it lists. */
function lister(disk: Disk): (directory: RelPath) => Promise<Listing> {
  const real = (path: string): string => {
    let at = '';
    for (const name of path === '' ? [] : path.split('/')) {
      const link = disk[at]?.find((one) => one.startsWith(`${name} -> `));
      at = link ? link.slice(`${name} -> `.length) : at === '' ? name : `${at}/${name}`;
    }
    return at;
  };
  return async (directory) => {
    const place = real(directory);
    const entries = (disk[place] ?? []).map((one): Entry => {
      const name = one.split(' -> ')[0]!;
      const path = joinPath(directory, name);
      return { ...FACTS, path, kind: disk[real(path)] ? 'directory' : 'file', size: disk[real(path)] ? null : 3 };
    });
    return { directory, entries, problems: [] };
  };
}

/** Every folder that a walk enters, and those that it is kept from. */
async function walk(disk: Disk): Promise<{ entered: string[]; kept: Record<string, string> }> {
  const loops = new Loops();
  const list = lister(disk);
  const entered: string[] = [];
  const kept: Record<string, string> = {};
  const pending: RelPath[] = [ROOT];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (entered.length > 100) throw new Error('it does not end');
    const listing = await loops.checked(await list(at), list);
    if (listing.incomplete === undefined) entered.push(at);
    else kept[at] = listing.incomplete;
    pending.push(...listing.entries.flatMap(({ path, kind }) => (kind === 'directory' ? [path] : [])));
  }
  return { entered: entered.sort(), kept };
}

describe('a walk ends', () => {
  test.each<[string, Disk, string[], string[]]>([
    ['at a link to its own folder', { '': ['a', 'f'], a: ['x', 'self -> a'] }, ['', 'a'], ['a/self']],
    ['at a link to the top', { '': ['a', 'f'], a: ['x', 'up -> '] }, ['', 'a'], ['a/up']],
    [
      'at two that lead to each other',
      { '': ['a', 'b'], a: ['l -> b'], b: ['m -> a', 'y'] },
      ['', 'a', 'a/l', 'b', 'b/m'],
      ['a/l/m', 'b/m/l'],
    ],
  ])('%s', async (_, disk, entered, kept) => {
    const walked = await walk(disk);
    expect(walked.entered).toEqual(entered);
    expect(Object.keys(walked.kept).sort()).toEqual(kept);
  });

  test('and says where it would have led', async () => {
    const { kept } = await walk({ '': ['a'], a: ['x', 'self -> a'] });
    expect(kept['a/self']).toMatch(/^it leads back to a, as a link does, and was not entered; exclude it/);
  });
});

test('a folder that holds nothing but one of its own name is entered', async () => {
  const disk: Disk = { '': ['a'], a: ['a'], 'a/a': ['f'] };
  expect((await walk(disk)).kept).toEqual({});
});

test('folders of the same name are entered, at the cost of one listing of the one above', async () => {
  const disk: Disk = {
    '': ['lib'],
    lib: ['p', 'q'],
    'lib/p': ['lib', 'f'],
    'lib/p/lib': ['f'],
    'lib/q': ['lib', 'f'],
    'lib/q/lib': ['f'],
  };
  const asked: string[] = [];
  const list = lister(disk);
  const loops = new Loops();
  for (const path of ['lib/p', 'lib/q', 'lib/p/lib']) {
    const listing = await list(toRelPath(path));
    const counting = (at: RelPath) => {
      asked.push(at);
      return list(at);
    };
    expect(await loops.checked(listing, counting)).toBe(listing);
  }
  expect(asked).toEqual(['']);
});
