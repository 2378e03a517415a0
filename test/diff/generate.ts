/** Random pairs of folders with a past: what both agreed on, and what happened to each side since. */
import fc from 'fast-check';
import type { DecideOptions, FilterRules } from '../../src/diff/index.ts';
import { joinPath, parentOf, type RelPath, type Side } from '../../src/model/index.ts';
import {
  type Clock,
  type Drawing,
  directoryAt,
  drop,
  everything,
  find,
  link,
  type Node,
  put,
  special,
} from './tree.ts';
import { World, type WorldSettings } from './world.ts';

/** How many cases: a few in an ordinary run, as many as wanted with FERRY_RUNS. */
export const RUNS = Number(process.env.FERRY_RUNS ?? 400);

// A run that failed is run again as it was with the seed that it named.
if (process.env.FERRY_SEED !== undefined) fc.configureGlobal({ seed: Number(process.env.FERRY_SEED) });

const NAMES = ['a', 'b', 'c', 'tmp', 'x.log'] as const;
const CONTENTS = ['', 'one', 'two', 'three'] as const;

const drawing: fc.Arbitrary<Drawing> = fc.letrec<{ tree: Drawing }>((tie) => ({
  tree: fc.dictionary(
    fc.constantFrom(...NAMES),
    fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 4, arbitrary: fc.constantFrom(...CONTENTS) },
      { weight: 3, arbitrary: tie('tree') },
    ),
    { maxKeys: 4, noNullPrototype: true },
  ) as fc.Arbitrary<Drawing>,
})).tree;

/** One thing that happens to one side; which path it hits follows from `at`. */
export interface Happening {
  readonly side: Side;
  readonly at: number;
  readonly what:
    | 'write'
    | 'touch'
    | 'delete'
    | 'make directory'
    | 'make file'
    | 'make link'
    | 'make special'
    | 'swap kind'
    | 'move';
  readonly name: string;
  readonly content: string;
}

const happening: fc.Arbitrary<Happening> = fc.record({
  side: fc.constantFrom('local', 'remote'),
  at: fc.nat(40),
  what: fc.constantFrom(
    'write',
    'write',
    'touch',
    'delete',
    'delete',
    'move',
    'move',
    'make directory',
    'make file',
    'make file',
    'make link',
    'make special',
    'swap kind',
  ),
  name: fc.constantFrom(...NAMES),
  content: fc.constantFrom(...CONTENTS),
});

export const settings: fc.Arbitrary<Omit<Required<WorldSettings>, 'moves'>> = fc.record({
  clock: fc.constantFrom<Clock>('mlsd', 'list', 'list with a known zone'),
  keepsTime: fc.boolean(),
  remembersHash: fc.boolean(),
  inspects: fc.constantFrom<'as listed' | 'mdtm'>('as listed', 'as listed', 'mdtm'),
});

export interface Past {
  readonly drawing: Drawing;
  /** Agreed on before; otherwise both sides begin with nothing in common. */
  readonly agreed: boolean;
  readonly settings: WorldSettings;
  readonly happenings: readonly Happening[];
}

export const past: fc.Arbitrary<Past> = fc.record({
  drawing,
  agreed: fc.boolean(),
  settings,
  happenings: fc.array(happening, { maxLength: 10 }),
});

export const rules: fc.Arbitrary<FilterRules> = fc.record({
  include: fc.constantFrom([], [], [], ['a', 'c'], ['*.log']),
  exclude: fc.constantFrom([], [], ['tmp'], ['*.log', '/b/'], ['c/']),
  ignoreFiles: fc.constantFrom([], ['# nothing', '', 'b/c']),
});

export const oneWayOptions: fc.Arbitrary<Partial<DecideOptions>> = fc.record({
  direction: fc.constantFrom('push', 'pull'),
  delete: fc.constantFrom('none', 'tracked', 'tracked', 'all'),
  drift: fc.constantFrom('overwrite', 'overwrite', 'keep', 'fail'),
  canHash: fc.boolean(),
  canAskTime: fc.boolean(),
});

export const syncOptions: fc.Arbitrary<Partial<DecideOptions>> = fc.record({
  direction: fc.constant('sync'),
  delete: fc.constantFrom('none', 'tracked', 'tracked', 'all'),
  conflict: fc.constantFrom('keep-both', 'keep-both', 'newer', 'local', 'remote', 'fail'),
  canHash: fc.boolean(),
  canAskTime: fc.boolean(),
});

/** The pair as it is now, and as it was when both sides agreed. */
export function worldOf({ drawing, agreed, settings, happenings }: Past): {
  readonly world: World;
  readonly agreed: World;
} {
  const world = agreed ? World.agreedOn(drawing, settings) : new World(drawing, {}, settings);
  const then = world.clone();
  for (const one of happenings) happen(world, one);
  return { world, agreed: then };
}

function happen(world: World, { side, at, what, name, content }: Happening): void {
  const root = world.root(side)!;
  const nodes: [RelPath, Node][] = [['' as RelPath, root], ...everything(root)];
  const [path, node] = nodes[at % nodes.length]!;
  const directory = node.kind === 'directory' ? path : parentOf(path);
  const free = !directoryAt(root, directory).children.has(name);
  switch (what) {
    case 'write':
      if (node.kind === 'file') world.write(side, path, content);
      return;
    case 'touch':
      if (node.kind === 'file') world.touch(side, path);
      return;
    case 'delete':
      if (path !== '') drop(root, path);
      return;
    case 'make file':
      if (free) world.write(side, joinPath(directory, name), content);
      return;
    case 'move': {
      // Into another directory, which is not in itself.
      const [target] = nodes[(content.length * 7) % nodes.length]!;
      const into = find(root, target)?.kind === 'directory' ? target : parentOf(target);
      if (path === '' || into === path || into.startsWith(`${path}/`)) return;
      if (!directoryAt(root, into).children.has(name)) world.move(side, path, joinPath(into, name));
      return;
    }
    case 'swap kind':
      if (path === '') return;
      drop(root, path);
      if (node.kind === 'directory') world.write(side, path, content);
      else {
        put(root, path, {
          kind: 'directory',
          children: new Map(),
        });
        world.write(side, joinPath(path, name), content);
      }
      return;
    default:
      if (!free) return;
      directoryAt(root, directory).children.set(
        name,
        what === 'make link'
          ? link()
          : what === 'make special'
            ? special()
            : { kind: 'directory', children: new Map() },
      );
  }
}
