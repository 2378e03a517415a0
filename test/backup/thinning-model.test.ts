/**
 * Pushes, rollbacks and prunings in any order, cut off at any command: what stays can be restored as it was. The model is
 * the plainest there is: a copy of all files after each step.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOf, type Kept, keeps, keptPath, stampOf, timeOf, VERSIONS } from '../../src/act/manifest.ts';
import { thin } from '../../src/act/thin.ts';
import { joined, statesOf } from '../../src/act/thinning.ts';
import { VersionShelf } from '../../src/act/version-shelf.ts';
import { Versions } from '../../src/act/versions.ts';
import { RemotePast } from '../../src/backup/remote-past.ts';
import type { Keep } from '../../src/diff/index.ts';
import {
  type Action,
  fingerprintOf,
  isWithin,
  LostError,
  lineage,
  type Pair,
  type RelPath,
  ROOT,
} from '../../src/model/index.ts';
import { memoryInRam } from '../../src/state/index.ts';
import { RamRemote } from '../builders/ram-remote.ts';

type Files = Readonly<Record<string, string>>;

interface Cut {
  readonly left: number;
  readonly after: boolean;
}

type Step =
  | {
      readonly do: 'push';
      readonly files: Files;
      readonly hours: number;
      readonly failing: readonly string[];
      readonly cut?: Cut | undefined;
    }
  | { readonly do: 'rollback'; readonly hours: number; readonly cut?: Cut | undefined };

class Site {
  readonly ram = new RamRemote();
  readonly memory = memoryInRam();
  readonly keep: Keep;
  readonly warnings: string[] = [];
  /** What was there once each release had been, by its time. */
  readonly known = new Map<string, Files>();
  first: Files = {};
  now = Date.parse('2026-01-01T00:00:00Z');

  constructor(keep: Keep) {
    this.keep = keep;
  }

  get pair(): Pair {
    return { remote: this.ram.remote, memory: this.memory } as Pair;
  }

  get files(): Files {
    return Object.fromEntries([...this.ram.files].filter(([path]) => !path.startsWith('.ferry')));
  }

  get shelf(): VersionShelf {
    return new VersionShelf({ pair: this.pair, job: 'site', signal: new AbortController().signal });
  }

  versions(rollbackOf?: string): Versions {
    return new Versions({
      pair: this.pair,
      job: 'site',
      keep: this.keep,
      tell: (event) => void (event.type === 'warning' && this.warnings.push(event.message)),
      signal: new AbortController().signal,
      now: new Date(this.now),
      ...(rollbackOf === undefined ? {} : { rollbackOf }),
    });
  }

  async carryOut(step: Step): Promise<void> {
    this.now += step.hours * 3_600_000;
    if (step.cut) this.ram.cut(step.cut.left, step.cut.after);
    try {
      await (step.do === 'push' ? this.#push(step.files, new Set(step.failing)) : this.#rollback());
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
    }
    this.ram.mend();
    const { any } = await this.shelf.newest();
    if (any === undefined) this.first = this.files;
    else this.known.set(any, this.files);
  }

  async #push(wanted: Files, failing: ReadonlySet<string>): Promise<void> {
    const versions = this.versions();
    const actions = this.#actionsTo(wanted);
    await versions.begin(actions);
    const lane = await this.ram.remote.lane();
    for (const action of actions) {
      const { path } = action;
      if (failing.has(path)) continue;
      const there = this.ram.entry(path);
      // A folder that something is left in keeps its place.
      if (action.action === 'upload' && this.#isBlocked(path)) continue;
      if (there?.kind === 'file') await lane.rename(path, versions.pathOf(path));
      if (action.action === 'upload') {
        this.ram.put(path, wanted[path]!);
        const remote = fingerprintOf(this.ram.entry(path)!);
        const sha256 = createHash('sha256').update(wanted[path]!).digest('hex');
        await this.memory.learn({ path, kind: 'file', local: remote, remote, sha256 });
      } else await this.memory.forget(path);
    }
    await versions.end();
  }

  #isBlocked(path: RelPath): boolean {
    return Object.keys(this.files).some(
      (other) => other !== path && (isWithin(other as RelPath, path) || isWithin(path, other as RelPath)),
    );
  }

  #actionsTo(wanted: Files): Action[] {
    const { files } = this;
    const gone = Object.keys(files).filter((path) => !(path in wanted));
    const changed = Object.keys(wanted).filter((path) => wanted[path] !== files[path]);
    const was = (path: string) => fingerprintOf(this.ram.entry(path as RelPath)!);
    const none = { size: 0, stamps: {} };
    return [
      ...gone.map((path) => ({ action: 'delete', side: 'remote', kind: 'file', path, expected: was(path) })),
      ...changed.map((path) => ({ action: 'upload', path, source: none, replaces: path in files ? was(path) : null })),
    ] as never;
  }

  /** As the verb does, without its frame. */
  async #rollback(): Promise<void> {
    const takenBack = new Set<string>();
    for (const release of [...(await this.shelf.releases()).whole].reverse()) {
      if (release.until !== undefined) return;
      const manifest = await this.shelf.read(release);
      if (manifest.rollbackOf !== undefined) {
        if (manifest.ended) takenBack.add(manifest.rollbackOf);
        continue;
      }
      if (takenBack.has(manifest.release)) continue;
      const steps = manifest.kept.filter(
        (one) =>
          (keeps(one) ? this.ram.content(keptPath(release.release, one.path)) : this.ram.content(one.path)) !==
          undefined,
      );
      const versions = this.versions(manifest.release);
      await versions.keep(
        steps.map(({ path, did }): Kept => {
          const there = this.ram.entry(path);
          if (there?.kind !== 'file') return { did: 'added', path };
          return { did: did === 'added' ? 'deleted' : 'replaced', path, was: fingerprintOf(there) };
        }),
      );
      const lane = await this.ram.remote.lane();
      for (const one of [...steps].sort((a, b) => Number(keeps(a)) - Number(keeps(b)))) {
        if (this.ram.content(one.path) !== undefined) await lane.rename(one.path, versions.pathOf(one.path));
        if (!keeps(one) || this.#isBlocked(one.path)) continue;
        // An empty folder of that name makes way.
        if (this.ram.entry(one.path)) await lane.removeDirectory(one.path);
        const folder = one.path.slice(0, Math.max(0, one.path.lastIndexOf('/')));
        for (const at of [...lineage(folder as RelPath)].reverse()) if (at !== ROOT) await lane.makeDirectory(at);
        await lane.rename(keptPath(release.release, one.path), one.path);
      }
      await versions.end();
      return;
    }
  }

  /** Every state that there is, as it would be restored. */
  async restored(): Promise<{ since: string | undefined; files: Files }[]> {
    const { whole } = await this.shelf.releases();
    const manifests = await Promise.all(whole.map((release) => this.shelf.read(release)));
    return [undefined, ...whole.map(endOf)].map((since, index) => {
      const past = new RemotePast(manifests.slice(index));
      const files: Record<string, string> = {};
      for (const path of [...past.paths, ...(Object.keys(this.files) as RelPath[])]) {
        const was = past.was(path, (place) => {
          const entry = this.ram.entry(place);
          return entry ? { path: place, found: 'present', entry } : { path: place, found: 'absent' };
        });
        if (was.found === 'present') files[path] = this.ram.content(was.entry.path)!;
        if (was.found === 'lost') files[path] = `lost: ${was.why}`;
      }
      return { since: since ?? manifests[0]?.after, files };
    });
  }

  async check(): Promise<void> {
    const stays = statesOf((await this.shelf.releases()).whole, this.keep).map((state) => state.stays);
    for (const [index, { since, files }] of (await this.restored()).entries()) {
      const was = (since === undefined ? this.first : this.known.get(since))!;
      // What is about to go may be gone in part, and says so; it never passes for something else.
      const going = !stays.slice(0, index + 1).includes(true);
      const lost = (path: string) => going && files[path]?.startsWith('lost: ');
      const shown = Object.fromEntries(
        Object.entries(files).map(([path, one]) => [path, lost(path) ? was[path] : one]),
      );
      expect({ since, files: shown }).toEqual({ since, files: was });
    }
  }
}

const names = ['a', 'b', 'd', 'd/x', 'd/y', 'e/f/g'];
const files = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom('1', '2', '3', 'vier')), { maxLength: 6 })
  .map((pairs) =>
    Object.fromEntries(pairs.filter(([name]) => name !== 'd' || !pairs.some(([other]) => other.startsWith('d/')))),
  );
const cut = fc.option(fc.record({ left: fc.nat(40), after: fc.boolean() }), { freq: 3, nil: undefined });
const hours = fc.integer({ min: 1, max: 60 });
const failing = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(names) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), files, hours, failing, cut }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rollback' as const), hours, cut }) },
);
const count = fc.integer({ min: 1, max: 4 });
const keep: fc.Arbitrary<Keep> = fc.record(
  { last: count, daily: count, weekly: count, monthly: count },
  { requiredKeys: [] },
);

describe('what stays of pushes and rollbacks', () => {
  test('is restored as it was, after every step, whatever was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(keep, fc.array(step, { minLength: 3, maxLength: 14 }), async (rules, steps) => {
        const site = new Site(rules);
        for (const one of steps) {
          await site.carryOut(one);
          await site.check();
        }
      }),
      { numRuns: 120 },
    );
  });

  test('is what the rules keep, and nothing lies about', async () => {
    await fc.assert(
      fc.asyncProperty(keep, fc.array(step, { minLength: 3, maxLength: 14 }), async (rules, steps) => {
        const site = new Site(rules);
        for (const one of steps) await site.carryOut(one);
        const before = new Map((await site.restored()).map(({ since, files: was }) => [since, was]));
        const { whole } = await site.shelf.releases();
        const stay = statesOf(whole, rules).filter(({ stays }) => stays);
        const { failures } = await thin(site.shelf, rules, () => {});
        expect(failures).toEqual([]);
        const left = await site.restored();
        expect(left.slice(1).map(({ since }) => since)).toEqual(stay.slice(1).map(({ since }) => since));
        expect(left.length).toBe(stay.length);
        for (const { since, files: was } of left) expect(was).toEqual(before.get(since));
        const { whole: releases, takenIn } = await site.shelf.releases();
        expect(takenIn).toEqual([]);
        const folders = new Set(releases.map(({ release }) => release));
        for (const path of site.ram.files.keys()) {
          if (!isWithin(path, VERSIONS) || path.endsWith('.json') || path.endsWith('.json.new')) continue;
          expect(folders).toContain(path.split('/')[2]);
        }
        // Once more changes nothing.
        site.ram.changes = 0;
        await thin(site.shelf, rules, () => {});
        expect(site.ram.changes).toBe(0);
      }),
      { numRuns: 80 },
    );
  });

  test('can be let go one command at a time, cut off before or after each', async () => {
    const rules: Keep = { last: 1, daily: 2, monthly: 2 };
    const pages: Files[] = [
      { a: '1', b: '1', 'd/x': '1' },
      { a: '2', 'd/x': '1', 'd/y': '1' },
      { a: '2', b: '3', 'd/x': '2' },
      { a: '3', b: '3', 'e/f/g': '1' },
      { a: '3', b: '1', d: 'file' },
      { a: '4', b: '1', 'd/x': '5' },
    ];
    for (const after of [false, true]) {
      for (let left = 0; ; left++) {
        const site = new Site({});
        for (const [index, page] of pages.entries())
          await site.carryOut({ do: 'push', files: page, hours: index === 3 ? 600 : 5, failing: [] });
        site.ram.cut(left, after);
        const whole = await thin(site.shelf, rules, () => {}).then(
          () => true,
          (error) => {
            if (!(error instanceof LostError)) throw error;
            return false;
          },
        );
        site.ram.mend();
        await site.check();
        await thin(site.shelf, rules, () => {});
        await site.check();
        const { whole: releases, takenIn } = await site.shelf.releases();
        expect(takenIn).toEqual([]);
        expect(statesOf(releases, rules).every(({ stays }) => stays)).toBe(true);
        if (!whole) continue;
        expect(left).toBeGreaterThan(10);
        break;
      }
    }
  });
});

test.each<[string, Files, string]>([
  ['a folder where there had been a file', { d: '1' }, 'd/x'],
  ['a file where there had been a folder', { 'd/x': '1' }, 'd'],
])('%s, made by other hands in between, is in the way of nothing', async (_, first, byHand) => {
  const site = new Site({});
  const push = (files: Files, hours = 30) => site.carryOut({ do: 'push', files, hours, failing: [] });
  await push(first);
  await push({ c: '1' }, 800);
  if (byHand === 'd') site.ram.take('d' as RelPath);
  site.ram.put(byHand as RelPath, 'hand');
  await push({ c: '2', [byHand]: 'mine' });
  await push({ c: '3', [byHand]: 'mine, too' });
  const { whole } = await site.shelf.releases();
  const manifests = await Promise.all(whole.map((release) => site.shelf.read(release)));
  const [, second, third] = manifests;
  const kept = joined(second!, third!, (of, one) => site.ram.content(keptPath(of.release, one.path)) !== undefined);
  expect(kept.kept.find(({ path }) => path === byHand)).toEqual({ did: 'added', path: byHand });
  const { failures } = await thin(site.shelf, { last: 2, monthly: 9 }, () => {});
  expect(failures).toEqual([]);
  expect((await site.restored()).map(({ files }) => files)[1]).toEqual(first);
});

test('what a rollback has lent is found while what was kept of it later is about to return', async () => {
  const site = new Site({ daily: 4, monthly: 2 });
  const push = (files: Files, hours: number, failing: string[] = [], cut?: Cut) =>
    site.carryOut({ do: 'push', files, hours, failing, cut });
  await push({ a: '1', 'e/f/g': '1' }, 15);
  await push({}, 57, ['a']);
  await push({}, 42);
  await site.carryOut({ do: 'rollback', hours: 6 });
  await push({}, 1);
  await push({ a: '1' }, 23, [], { left: 17, after: false });
  await site.carryOut({ do: 'rollback', hours: 1 });
  for (const _ of ['once', 'and again']) {
    await push({}, 1);
    await site.check();
  }
});

test('what a server does not list goes, too', async () => {
  const site = new Site({});
  site.ram.hides = true;
  for (const content of ['1', '2', '3', '4', '5'])
    await site.carryOut({ do: 'push', files: { '.a': content, '.d/.b': content, c: content }, hours: 30, failing: [] });
  const { failures } = await thin(site.shelf, { last: 1, monthly: 2 }, () => {});
  expect(failures).toEqual([]);
  await site.check();
  const { whole } = await site.shelf.releases();
  const folders = new Set(
    [...site.ram.files.keys()].flatMap((path) => /versions\/(\d{8}T\d{6}Z)\//.exec(path)?.[1] ?? []),
  );
  expect([...folders].sort()).toEqual(whole.map(({ release }) => release).filter((release) => folders.has(release)));
  const { failures: all } = await thin(site.shelf, { last: 1 }, () => {});
  expect(all).toEqual([]);
  expect(
    [...site.ram.files.keys()].filter((path) => /versions\/\d/.test(path) && !path.endsWith('.json')),
  ).toHaveLength(3);
});

test('stamps and times are each other', () => {
  const time = Date.parse('2026-02-28T23:59:59Z');
  expect(timeOf(stampOf(new Date(time)))).toBe(time);
});
