/**
 * A pair of folders in memory: walked by `decide`, changed by carrying a plan out to the letter, with every
 * expectation of the plan checked on the way.
 */
import { assert } from 'vitest';
import {
  type Ask,
  type Assembled,
  Collector,
  type DecideOptions,
  type Decision,
  decide,
  type Evidence,
  Filter,
  type FilterRules,
  nameOn,
  namesBelow,
  type Order,
  Scope,
  topmost,
  type View,
} from '../../src/diff/index.ts';
import {
  type Action,
  type Agreement,
  type Fingerprint,
  fingerprintOf,
  joinPath,
  type Listing,
  nameOf,
  type Problem,
  parentOf,
  type RelPath,
  type RenameAction,
  ROOT,
  type Side,
  type Stamps,
  toRelPath,
} from '../../src/model/index.ts';
import {
  type Clock,
  copy,
  type DirectoryNode,
  type Drawing,
  directoryAt,
  drop,
  entryOf,
  everything,
  type FileNode,
  find,
  grow,
  put,
} from './tree.ts';

export const OPTIONS: DecideOptions = {
  direction: 'push',
  compare: 'auto',
  delete: 'tracked',
  drift: 'overwrite',
  conflict: 'keep-both',
  foldsCase: false,
  canHash: false,
  canAskTime: false,
  links: 'skip',
  conflictStamp: 'T',
};

export const RULES: FilterRules = { include: [], exclude: [], ignoreFiles: [] };

const NOTHING: Fingerprint = { size: 0, stamps: {} };

/** What a listing of a directory gets wrong. */
export interface Fault {
  /** Names that are not shown. */
  readonly hides?: readonly string[];
  readonly incomplete?: string;
  readonly problems?: readonly Problem[];
}

export interface WorldSettings {
  readonly clock?: Clock;
  /** Whether an upload keeps the file's time. */
  readonly keepsTime?: boolean;
  /** What an upload learns of the remote file: what a listing shows, or the answer to MDTM alone. */
  readonly inspects?: 'as listed' | 'mdtm';
  /** Whether hashes are remembered. */
  readonly remembersHash?: boolean;
  /** Whether what moved at the source is renamed. */
  readonly moves?: boolean;
}

export interface Walked extends Assembled {
  readonly decisions: readonly Decision[];
  readonly learned: readonly Agreement[];
  readonly forgotten: readonly RelPath[];
  readonly asks: readonly Ask[];
}

export class World {
  local: DirectoryNode | null;
  remote: DirectoryNode | null;
  readonly baseline = new Map<RelPath, Agreement>();
  readonly faults = new Map<string, Fault>();
  /** Paths whose content cannot be had. */
  readonly unreadable = new Set<string>();
  readonly settings: Required<WorldSettings>;
  #minute = 1_000_000;

  constructor(local: Drawing | null, remote: Drawing | null, settings: WorldSettings = {}) {
    this.local = local && grow(local);
    this.remote = remote && grow(remote);
    this.settings = {
      clock: 'mlsd',
      keepsTime: true,
      remembersHash: false,
      moves: true,
      inspects: 'as listed',
      ...settings,
    };
  }

  /** A pair on which both sides once agreed on `drawing`. */
  static agreedOn(drawing: Drawing, settings: WorldSettings = {}): World {
    const world = new World(drawing, {}, settings);
    world.run();
    return world;
  }

  clone(): World {
    const twin = new World(null, null, this.settings);
    twin.local = copy(this.local);
    twin.remote = copy(this.remote);
    for (const [path, agreed] of this.baseline) twin.baseline.set(path, agreed);
    for (const [key, fault] of this.faults) twin.faults.set(key, fault);
    for (const path of this.unreadable) twin.unreadable.add(path);
    twin.#minute = this.#minute;
    return twin;
  }

  root(side: Side): DirectoryNode | null {
    return side === 'local' ? this.local : this.remote;
  }

  /** Writes new content now. */
  write(side: Side, path: string, content: string): this {
    put(this.root(side)!, toRelPath(path), this.#fresh(content));
    return this;
  }
  touch(side: Side, path: string): this {
    const node = find(this.root(side), toRelPath(path)) as FileNode;
    return this.write(side, path, node.content);
  }
  directory(side: Side, path: string): this {
    put(this.root(side)!, toRelPath(path), { kind: 'directory', children: new Map() });
    return this;
  }
  remove(side: Side, path: string): this {
    drop(this.root(side)!, toRelPath(path));
    return this;
  }
  fault(side: Side, path: string, fault: Fault): this {
    this.faults.set(`${side}:${path}`, fault);
    return this;
  }

  /** Gives something another name: a file keeps its time and its inode. */
  move(side: Side, from: string, to: string): this {
    const root = this.root(side)!;
    const node = find(root, toRelPath(from))!;
    drop(root, toRelPath(from));
    put(root, toRelPath(to), node);
    return this;
  }

  #fresh(content: string): FileNode {
    return { kind: 'file', content, mtime: 1_704_067_200_000 + this.#minute++ * 60_000, id: this.#minute };
  }

  listing(side: Side, directory: RelPath): Listing {
    const fault = this.faults.get(`${side}:${directory}`);
    const entries = [...directoryAt(this.root(side), directory).children]
      .filter(([name]) => !fault?.hides?.includes(name))
      .map(([name, node]) => entryOf(joinPath(directory, name), node, side, this.settings.clock));
    return {
      directory,
      entries,
      problems: fault?.problems ?? [],
      ...(fault?.incomplete === undefined ? {} : { incomplete: fault.incomplete }),
    };
  }

  children(directory: RelPath): Agreement[] {
    return [...this.baseline.values()].filter(({ path }) => path !== ROOT && parentOf(path) === directory);
  }

  /** Observes and decides, directory by directory, as a run does. */
  walk(
    options: Partial<DecideOptions> = {},
    rules: Partial<FilterRules> = {},
    order?: Order,
    only?: readonly RelPath[],
  ): Walked {
    const full = { ...OPTIONS, ...options };
    const filter = new Filter({ ...RULES, ...rules });
    const collector = new Collector(full.direction, order);
    const decisions: Decision[] = [];
    const asks: Ask[] = [];
    const start = { path: ROOT, local: this.local !== null, remote: this.remote !== null };
    const pending: (Decision['descend'][number] & { scope?: Scope })[] = [
      only ? { ...start, scope: scopeOf(only) } : start,
    ];
    for (let next = pending.shift(); next; next = pending.shift()) {
      const view: View = {
        directory: next.path,
        ...(next.alias === undefined ? {} : { alias: next.alias }),
        local: next.local ? this.listing('local', nameOn('local', full.direction, next)) : null,
        remote: next.remote ? this.listing('remote', nameOn('remote', full.direction, next)) : null,
        baseline: this.children(next.path),
        ...(next.unseen === undefined ? {} : { unseen: next.unseen }),
        ...(next.scope ? { scope: next.scope } : {}),
      };
      const decision = this.#decided(view, filter, full, asks);
      decisions.push(decision);
      collector.add(decision);
      // What is on one side only is looked at as a whole, as `sync/observe` does.
      for (const descent of decision.descend) {
        const part = next.scope?.part(nameOf(descent.path));
        pending.push(part instanceof Scope && descent.local && descent.remote ? { ...descent, scope: part } : descent);
      }
    }
    const learned = decisions.flatMap((decision) => decision.learned);
    const forgotten = decisions.flatMap((decision) => decision.forgotten);
    const hashes = new Map<RelPath, string>();
    for (const [path] of collector.moved()) hashes.set(path, hashOf((find(this.local, path) as FileNode).content));
    return { ...collector.finish(this.settings.moves ? hashes : undefined), decisions, learned, forgotten, asks };
  }

  #decided(view: View, filter: Filter, options: DecideOptions, asks: Ask[]): Decision {
    const evidence = {
      localSha256: new Map<RelPath, string | null>(),
      remoteTime: new Map<RelPath, { mtime: number | null; stamps: Stamps } | null>(),
      content: new Map<RelPath, 'same' | 'different' | 'unknown'>(),
      oneName: new Map<RelPath, boolean>(),
    } satisfies Evidence;
    for (let round = 0; ; round++) {
      assert(round < 5, 'the same is asked again and again');
      const decision = decide(view, filter, options, evidence);
      if (decision.asks.length === 0) return decision;
      for (const ask of decision.asks) {
        // On this server two names are never one.
        if (ask.ask === 'one-name') {
          evidence.oneName.set(ask.path, false);
          continue;
        }
        asks.push(ask);
        const local = find(this.local, nameOn('local', options.direction, ask)) as FileNode;
        const remote = find(this.remote, nameOn('remote', options.direction, ask)) as FileNode;
        const lost = this.unreadable.has(ask.path);
        if (ask.ask === 'local-sha256') evidence.localSha256.set(ask.path, lost ? null : hashOf(local.content));
        else if (ask.ask === 'content')
          evidence.content.set(ask.path, lost ? 'unknown' : local.content === remote.content ? 'same' : 'different');
        else evidence.remoteTime.set(ask.path, { mtime: remote.mtime, stamps: { mdtm: `${remote.mtime}` } });
      }
    }
  }

  /** Carries a plan out to the letter; everything it rests on is checked first. */
  carryOut(plan: Walked, options: Partial<DecideOptions> = {}): this {
    const { direction } = { ...OPTIONS, ...options };
    for (const path of plan.forgotten) this.baseline.delete(path);
    for (const agreed of plan.learned) this.baseline.set(agreed.path, agreed);
    // Removals of a directory that makes way for a file come after that file in the plan; publication waits for them.
    const late = plan.actions.filter((action) => isTransfer(action) && this.#blocked(action, plan.actions, direction));
    for (const action of plan.actions) if (!late.includes(action)) this.#act(action, direction);
    for (const action of late) this.#act(action, direction);
    return this;
  }

  run(options: Partial<DecideOptions> = {}, rules: Partial<FilterRules> = {}): Walked {
    const plan = this.walk(options, rules);
    this.carryOut(plan, options);
    return plan;
  }

  #blocked(action: Action, actions: readonly Action[], direction: DecideOptions['direction']): boolean {
    if (!isTransfer(action)) return false;
    const to = action.action === 'upload' ? 'remote' : 'local';
    const path = nameOn(to, direction, action);
    return actions.some(
      (other) => other.action === 'replace' && other.kind === 'directory' && other.side === to && other.path === path,
    );
  }

  #act(action: Action, direction: DecideOptions['direction']): void {
    const what = JSON.stringify(action);
    if (isTransfer(action)) {
      const to: Side = action.action === 'upload' ? 'remote' : 'local';
      const from: Side = to === 'remote' ? 'local' : 'remote';
      const source = find(this.root(from), nameOn(from, direction, action));
      assert(source?.kind === 'file', `the source is no file: ${what}`);
      this.#expect(from, nameOn(from, direction, action), action.source, what);
      const target = nameOn(to, direction, action);
      this.#expect(to, target, action.replaces, what);
      const written: FileNode = {
        ...this.#fresh(source.content),
        ...(to === 'local' || this.settings.keepsTime ? { mtime: source.mtime } : {}),
      };
      put(this.root(to)!, target, written);
      this.#learn(action.path, direction, action);
      return;
    }
    const root = this.root(action.side)!;
    switch (action.action) {
      case 'mkdir':
        assert(find(root, action.path) === undefined, `something is there: ${what}`);
        put(root, action.path, { kind: 'directory', children: new Map() });
        this.baseline.set(action.path, { path: action.path, kind: 'directory', local: NOTHING, remote: NOTHING });
        break;
      case 'rename': {
        if (action.instead) {
          this.#move(action, action.instead, what);
          break;
        }
        this.#expect(action.side, action.from, action.expected, what);
        assert(find(root, action.path) === undefined, `something is there: ${what}`);
        const node = find(root, action.from)!;
        drop(root, action.from);
        put(root, action.path, node);
        break;
      }
      default: {
        const node = find(root, action.path);
        assert(node?.kind === action.kind, `not a ${action.kind}: ${what}`);
        if (node.kind === 'directory') assert(node.children.size === 0, `not empty: ${what}`);
        else this.#expect(action.side, action.path, action.expected, what);
        drop(root, action.path);
        if (action.action === 'delete') this.baseline.delete(action.path);
      }
    }
  }

  /** One command on the server; what it saves must be exactly what it does. */
  #move({ from, path }: RenameAction, instead: NonNullable<RenameAction['instead']>, what: string): void {
    const root = this.remote!;
    const node = find(root, from);
    assert(node !== undefined, `nothing is there: ${what}`);
    assert(find(root, path) === undefined, `something is there: ${what}`);
    const gone = instead.filter((one) => 'kind' in one).map((one) => one.path);
    const held = [from, ...[...everything(node)].map(([below]) => `${from}/${below}` as RelPath)];
    assert.deepEqual([...gone].sort(), held.sort(), `it holds something else: ${what}`);
    const moved = instead.flatMap((one) =>
      isTransfer(one) ? [[one, from + one.path.slice(path.length)] as const] : [],
    );
    for (const [one, old] of moved) {
      assert(find(this.local, one.path)?.kind === 'file', `the source is no file: ${what}`);
      this.#expect('local', one.path, one.source, what);
      const was = this.baseline.get(old as RelPath)!;
      this.baseline.set(one.path, { ...was, path: one.path, local: one.source });
    }
    for (const old of gone) this.baseline.delete(old);
    for (const one of instead) {
      if (one.action === 'mkdir')
        this.baseline.set(one.path, { path: one.path, kind: 'directory', local: NOTHING, remote: NOTHING });
    }
    drop(root, from);
    put(root, path, node);
  }

  #expect(side: Side, path: RelPath, expected: Fingerprint | null, what: string): void {
    const node = find(this.root(side), path);
    if (expected === null) assert(node === undefined, `something is there: ${what}`);
    else {
      assert(node !== undefined, `nothing is there: ${what}`);
      const { size, stamps } = fingerprintOf(entryOf(path, node, side, this.settings.clock));
      // More than the listing showed may be known of it; whatever is held against it has to be true.
      const exact = side === 'remote' && node.kind === 'file' ? { mlst: `${node.mtime}`, mdtm: `${node.mtime}` } : {};
      const all: Stamps = { ...exact, ...stamps };
      const known = Object.fromEntries(Object.keys(expected.stamps).map((key) => [key, all[key as keyof Stamps]]));
      assert.deepEqual({ size, stamps: { ...known, ...stamps } }, expected, what);
    }
  }

  #learn(path: RelPath, direction: DecideOptions['direction'], item: { path: RelPath; alias?: RelPath }): void {
    const of = (side: Side) => {
      const at = nameOn(side, direction, item);
      return entryOf(at, find(this.root(side), at)!, side, this.settings.clock);
    };
    const remote = find(this.remote, nameOn('remote', direction, item)) as FileNode;
    const asked: Fingerprint = { size: remote.content.length, stamps: { mdtm: `${remote.mtime}` } };
    const content = (find(this.local, nameOn('local', direction, item)) as FileNode).content;
    this.baseline.set(path, {
      path,
      kind: 'file',
      local: fingerprintOf(of('local')),
      remote: this.settings.inspects === 'mdtm' ? asked : fingerprintOf(of('remote')),
      ...(this.settings.remembersHash ? { sha256: hashOf(content) } : {}),
    });
  }
}

function scopeOf(only: readonly RelPath[]): Scope {
  const scope = new Scope();
  for (const path of topmost(only)) scope.add(namesBelow(path, ROOT));
  return scope;
}

export function hashOf(content: string): string {
  return `sha256 of ${content}`;
}

type Transfer = Extract<Action, { readonly replaces: unknown }>;
export function isTransfer(action: Action): action is Transfer {
  return action.action === 'upload' || action.action === 'download';
}

/** A plan in short: one line an action, such as `upload a.txt (changed)`. */
export function lines(plan: { readonly actions: readonly Action[] }): string[] {
  return plan.actions.map((action) => {
    if (isTransfer(action))
      return `${action.action} ${action.path}${action.alias ? ` as ${action.alias}` : ''} (${action.reason})`;
    if (action.action === 'rename')
      return `rename ${action.side} ${action.from} to ${nameOf(action.path)} (${action.reason})`;
    return `${action.action} ${action.side} ${action.path} (${action.reason})`;
  });
}

export function complaints(plan: { readonly problems: readonly Problem[] }): string[] {
  return plan.problems.map(({ side, path, code }) => `${side} ${path}: ${code}`);
}
