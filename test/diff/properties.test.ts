/** What must hold of any two trees with any past. The long form: `FERRY_RUNS=100000 npx vitest run test/diff`. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type DecideOptions, Filter, type FilterRules } from '../../src/diff/index.ts';
import { type Action, isWithin, type RelPath, type Side } from '../../src/model/index.ts';
import { oneWayOptions, past, RUNS, rules, syncOptions, worldOf } from './generate.ts';
import { expected, type Known } from './oracle.ts';
import { copy, draw, everything, type FileNode, filesIn, find } from './tree.ts';
import { hashOf, isTransfer, lines, type World } from './world.ts';

// The long form takes as long as it takes.
vi.setConfig({ testTimeout: 60_000 + RUNS * 50 });

/** What the oracle is told of the past: taken from the trees themselves, not from stamps. */
function knownOf(world: World, then: World, source: Side, hashed: boolean): Map<RelPath, Known> {
  const known = new Map<RelPath, Known>();
  for (const [path, { kind }] of then.baseline) {
    const still = (side: Side): boolean => {
      const [before, now] = [find(then.root(side), path) as FileNode, find(world.root(side), path)];
      if (kind === 'directory' || now?.kind !== 'file') return false;
      // A server shows no inode: another file of that size and time under the name is, to anyone who looks, the same.
      const same = side === 'local' ? now.id === before.id : now.content.length === before.content.length;
      const untouched = now.mtime === before.mtime && same;
      // Where the hash is remembered, a new time on the same content is nothing.
      return untouched || (hashed && side === 'local' && hashOf(now.content) === hashOf(before.content));
    };
    const [local, remote] = [still('local'), still('remote')];
    known.set(path, {
      kind,
      unmoved: source === 'local' ? { source: local, destination: remote } : { source: remote, destination: local },
    });
  }
  return known;
}

function settle(options: Partial<DecideOptions>, world: World): Partial<DecideOptions> {
  // What was learned from MDTM can only be checked by MDTM.
  return world.settings.inspects === 'mdtm' ? { ...options, canAskTime: true } : options;
}

/** There is nothing left to do; what a listing shows beyond what was asked after an upload is learned once. */
function atRest(world: World, options: Partial<DecideOptions>, filterRules: Partial<FilterRules>): void {
  expect(lines(world.run(options, filterRules))).toEqual([]);
  const third = world.walk(options, filterRules);
  expect(lines(third)).toEqual([]);
  expect([third.learned, third.forgotten]).toEqual([[], []]);
  if (third.problems.length + third.conflicts.length + third.untouched.kept === 0)
    expect(third.asks.filter(({ ask }) => ask === 'remote-time')).toEqual([]);
}

describe('one way', () => {
  it('the destination becomes what the plain rules say, the source is not touched, and a second run has nothing to do', () => {
    fc.assert(
      fc.property(past, rules, oneWayOptions, (story, filterRules, wish) => {
        const { world, agreed } = worldOf(story);
        const options = settle(wish, world);
        const [source, destination]: [Side, Side] =
          options.direction === 'push' ? ['local', 'remote'] : ['remote', 'local'];
        const filter = new Filter(filterRules);
        const trusted = world.settings.clock !== 'list' || options.canAskTime;
        const goal = expected({
          source: world.root(source)!,
          destination: world.root(destination)!,
          known: inScope(knownOf(world, agreed, source, world.settings.remembersHash), filter),
          inScope: (path, kind) => filter.admits(path, kind),
          wanted: (path) => filter.wants(path, 'directory'),
          rules: { delete: options.delete!, drift: options.drift! },
          same: (_, a, b) =>
            a.content.length === b.content.length &&
            (trusted ? a.mtime === b.mtime : options.canHash ? a.content === b.content : true),
        });
        const before = draw(world.root(source));
        const total = [...filesIn(world.root(destination))].length;
        const plan = world.run(options, filterRules);
        expect(draw(world.root(destination))).toEqual(draw(goal));
        expect(draw(world.root(source))).toEqual(before);
        const removed = plan.actions.filter(
          (action) => (action.action === 'delete' && action.kind === 'file') || action.action === 'replace',
        );
        expect(plan.deletes[destination]).toBe(removed.length);
        expect(plan.deletes[source]).toBe(0);
        expect(plan.total.destination).toBeLessThanOrEqual(total);
        atRest(world, options, filterRules);
      }),
      { numRuns: RUNS },
    );
  });

  it('a filter that changes deletes nothing, and what it leaves out is never touched', () => {
    fc.assert(
      fc.property(past, rules, oneWayOptions, (story, filterRules, wish) => {
        const { world } = worldOf(story);
        const options = settle(wish, world);
        const filter = new Filter(filterRules);
        for (const action of world.walk(options, filterRules).actions) {
          const movesFile = action.action === 'rename' && !action.instead?.some((one) => one.action === 'mkdir');
          const kind = isTransfer(action) || movesFile ? 'file' : 'kind' in action ? action.kind : 'directory';
          for (
            let path = action.path as string, at = kind;
            path;
            path = path.slice(0, Math.max(0, path.lastIndexOf('/'))), at = 'directory'
          )
            expect(filter.admits(path as RelPath, at), `${path} in ${JSON.stringify(action)}`).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a batch', () => {
  it('decides for its paths what a run of everything decides, and nothing that such a run does not', () => {
    const picks = fc.array(fc.nat(40), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(past, rules, fc.oneof(oneWayOptions, syncOptions), picks, (story, filterRules, wish, at) => {
        // A rename needs both of its names.
        const { world } = worldOf({ ...story, settings: { ...story.settings, moves: false } });
        const options = settle(wish, world);
        const all = [...everything(world.local), ...everything(world.remote)].map(([path]) => path);
        const known = [...all, ...world.baseline.keys()];
        if (known.length === 0) return;
        const only = [...new Set(at.map((n) => known[n % known.length]!))];
        const whole = world.walk(options, filterRules);
        const batch = world.walk(options, filterRules, undefined, only);
        const about = whole.actions.filter(({ path }) => only.some((one) => isWithin(path, one)));
        const said = (actions: readonly Action[]) => actions.map((action) => JSON.stringify(action));
        expect(said(batch.actions)).toEqual(expect.arrayContaining(said(about)));
        expect(said(whole.actions)).toEqual(expect.arrayContaining(said(batch.actions)));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('listings that are not to be trusted', () => {
  it('nothing is deleted in or below them, nor anything that could not be seen at the source', () => {
    const doubt = fc.array(
      fc.record({ side: fc.constantFrom<Side>('local', 'remote'), at: fc.nat(20), hide: fc.nat(4) }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(past, doubt, fc.oneof(oneWayOptions, syncOptions), (story, doubts, wish) => {
        const { world } = worldOf(story);
        const options = settle(wish, world);
        const doubtful: string[] = [];
        const hidden: string[] = [];
        for (const { side, at, hide } of doubts) {
          const directories = [
            '',
            ...[...everything(world.root(side))].filter(([, node]) => node.kind === 'directory').map(([path]) => path),
          ];
          const directory = directories[at % directories.length]!;
          if (world.faults.has(`${side}:${directory}`)) continue;
          const names = [
            ...(find(world.root(side), directory as RelPath) as { children: Map<string, unknown> }).children.keys(),
          ].filter((_, index) => (hide >> (index % 3)) % 2 === 0);
          world.fault(side, directory, { incomplete: 'cut', hides: names });
          doubtful.push(directory);
          for (const name of names) hidden.push(`${side}:${directory === '' ? name : `${directory}/${name}`}`);
        }
        const below = (path: string, directory: string) => directory === '' || path.startsWith(`${directory}/`);
        for (const action of world.walk(options).actions) {
          if (action.action === 'delete' || action.action === 'replace') {
            const seen = doubtful.filter((directory) => reached(world, directory) && below(action.path, directory));
            expect(seen, JSON.stringify(action)).toEqual([]);
          }
          if (options.direction === 'sync')
            for (const side of ['local', 'remote']) expect(hidden).not.toContain(`${side}:${action.path}`);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

/** Whether the walk can have come to a directory: every step to it is shown, on some side. */
function reached(world: World, directory: string): boolean {
  const names = directory === '' ? [] : directory.split('/');
  return names.every((name, index) => {
    const parent = names.slice(0, index).join('/');
    return (['local', 'remote'] as const).every(
      (side) => !world.faults.get(`${side}:${parent}`)?.hides?.includes(name),
    );
  });
}

describe('sync', () => {
  it('no new content is lost, both sides end up alike, and a second run has nothing to do', () => {
    fc.assert(
      fc.property(past, rules, syncOptions, (story, filterRules, wish) => {
        const { world, agreed } = worldOf(story);
        fc.pre(!deceives(world, agreed));
        const options = settle(wish, world);
        const filter = new Filter(filterRules);
        const before = { local: copy(world.local)!, remote: copy(world.remote)! };
        const plan = world.run(options, filterRules);
        for (const side of ['local', 'remote'] as const) {
          const contents = new Map<string, number>();
          for (const [, { content }] of filesIn(world.root(side)))
            contents.set(content, (contents.get(content) ?? 0) + 1);
          for (const [path, node] of filesIn(before[side])) {
            const was = find(agreed.root(side), path);
            const unmoved = agreed.baseline.has(path) && was?.kind === 'file' && was.content === node.content;
            const now = find(world.root(side), path);
            if (now?.kind === 'file' && now.content === node.content) continue;
            // What is no longer under its name was as agreed, or is set aside.
            const aside = [...filesIn(world.root(side))].some(
              ([other, found]) =>
                other.startsWith(path.replace(/\.[^./]*$/, '')) &&
                other.includes('.conflict-') &&
                found.content === node.content,
            );
            expect(
              unmoved ||
                aside ||
                options.conflict === 'local' ||
                options.conflict === 'remote' ||
                options.conflict === 'newer',
              `${side} ${path} '${node.content}'`,
            ).toBe(true);
          }
        }
        const settled = plan.problems.length === 0 && plan.conflicts.length === 0;
        if (settled && sizesTell(options)) {
          const [here, there] = [scoped(world, 'local', filter), scoped(world, 'remote', filter)];
          // What one side removed stays on the other, and what is new or was edited there is not only there.
          const kept =
            options.delete === 'none' ? [...scoped(agreed, 'local', filter), ...scoped(agreed, 'remote', filter)] : [];
          expect(here.filter((file) => !kept.includes(file))).toEqual(there.filter((file) => !kept.includes(file)));
        }
        atRest(world, options, filterRules);
      }),
      { numRuns: RUNS },
    );
  });

  it('a first run deletes nothing', () => {
    fc.assert(
      fc.property(past, syncOptions, (story, options) => {
        const { world } = worldOf({ ...story, agreed: false });
        expect(world.walk(options).actions.filter((action) => 'kind' in action)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Whether the server holds other content under an agreed name, of the same size and time: nothing it says tells of it. */
function deceives(world: World, then: World): boolean {
  return [...filesIn(then.root('remote'))].some(([path, was]) => {
    const now = find(world.root('remote'), path);
    if (now?.kind !== 'file' || now.content === was.content) return false;
    return now.mtime === was.mtime && now.content.length === was.content.length;
  });
}

/** Whether equal sizes never pass for equal content here. */
function sizesTell(options: Partial<DecideOptions>): boolean {
  return options.canHash === true || options.canAskTime === true;
}

function scoped(world: World, side: Side, filter: Filter): string[] {
  const admitted = (path: RelPath, kind: 'file' | 'directory'): boolean => {
    const cut = path.lastIndexOf('/');
    return filter.admits(path, kind) && (cut < 0 || admitted(path.slice(0, cut) as RelPath, 'directory'));
  };
  return [...filesIn(world.root(side))]
    .filter(([path]) => admitted(path, 'file'))
    .map(([path, { content }]) => `${path}: ${content}`)
    .sort();
}

function inScope(known: Map<RelPath, Known>, filter: Filter): Map<RelPath, Known> {
  return new Map([...known].filter(([path, { kind }]) => filter.admits(path, kind)));
}
