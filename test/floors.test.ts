/** Holds the import graph to the floors of the house: a room imports only from lower floors, and no files in a circle. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** From the ground up; rooms on one floor do not import each other. */
const FLOORS = [
  ['model'],
  ['diff'],
  ['local', 'ftp', 'state', 'watch', 'server', 'config', 'hooks'],
  ['transfer'],
  ['queue'],
  ['act'],
  ['sync'],
  ['hand', 'backup'],
  ['report', 'library'],
  ['cli', 'index.ts'],
];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly from: string;
  readonly to: string;
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(SRC, file), 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const to = relative(SRC, resolve(SRC, file, '..', target!));
      found.push({ file, target: to, from: file.split(sep)[0]!, to: to.split(sep)[0]! });
    }
  }
  return found;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** What is wrong with an import, or undefined. */
function fault({ file, from, to }: Import): string | undefined {
  if (from === to) return undefined;
  if (floorOf(from) < 0) return `${file}: the room ${from} is on no floor`;
  return floorOf(to) < floorOf(from) ? undefined : `${file}: ${from} may not import ${to}`;
}

/** Files that import each other in a circle, and who imports them; an import of a type counts. */
function circles(all: readonly Pick<Import, 'file' | 'target'>[]): string[] {
  const above = new Map<string, Set<string>>();
  for (const { file, target } of all) above.set(file, (above.get(file) ?? new Set()).add(target));
  for (let taken = true; taken; ) {
    taken = false;
    for (const [file, targets] of above) {
      if ([...targets].some((target) => above.has(target))) continue;
      above.delete(file);
      taken = true;
    }
  }
  return [...above.keys()].sort();
}

describe('the floors', () => {
  test('every import goes down', () => {
    const all = imports();
    expect(all.length).toBeGreaterThan(100);
    expect(all.map(fault).filter(Boolean)).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(circles(imports())).toEqual([]);
    const chain = { file: 'a.ts', target: 'b.ts' };
    expect(circles([chain, { file: 'b.ts', target: 'c.ts' }])).toEqual([]);
    expect(circles([chain, { file: 'b.ts', target: 'c.ts' }, { file: 'c.ts', target: 'b.ts' }])).toEqual([
      'a.ts',
      'b.ts',
      'c.ts',
    ]);
  });

  test('an import that goes up or sideways is found', () => {
    expect(fault({ file: 'model/x.ts', target: 'diff/y.ts', from: 'model', to: 'diff' })).toMatch(/may not import/);
    expect(fault({ file: 'ftp/x.ts', target: 'local/y.ts', from: 'ftp', to: 'local' })).toMatch(/may not import/);
    expect(fault({ file: 'attic/x.ts', target: 'model/y.ts', from: 'attic', to: 'model' })).toMatch(/on no floor/);
  });
});
