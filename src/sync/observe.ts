/**
 * Walks both sides directory by directory and decides each one as soon as it is seen. Only the resulting actions are
 * kept, so that memory stays flat on a tree of any size.
 */

import { CaseProbe } from '../act/case-probe.ts';
import { listLocal, listRemote, withoutUnsized } from '../act/listings.ts';
import type { JobSettings } from '../config/settings.ts';
import {
  type Assembled,
  Collector,
  type DecideOptions,
  type Decision,
  type Descent,
  decide,
  type Evidence,
  type Filter,
  IGNORE_FILE,
  isUnseenSource,
  lasting,
  lastingHere,
  NO_EVIDENCE,
  nameOn,
  namesBelow,
  Order,
  Scope,
  textsOf,
  topmost,
  type View,
} from '../diff/index.ts';
import {
  type Agreement,
  ChangingError,
  fingerprintOf,
  joinPath,
  type Listing,
  LocalError,
  lineage,
  nameOf,
  type Pair,
  parentOf,
  type RelPath,
  ROOT,
  type Seen,
  type Side,
  type Tell,
} from '../model/index.ts';
import { retrying } from '../queue/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { confirmGone } from './confirm-gone.ts';
import { gather } from './evidence.ts';
import { keepOf } from './release-options.ts';
import { Temporaries } from './temporaries.ts';

export interface ObserveOptions {
  readonly pair: Pair;
  readonly job: JobSettings;
  readonly filter: Filter;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  /** Whether what is found to be the same is remembered; not in a dry run. */
  readonly learn: boolean;
  /** Now, in ms since the epoch, UTC. */
  readonly now: number;
  /** The paths that the walk is about, each with all that is below it; without them, everything. */
  readonly only?: readonly RelPath[];
}

/** A directory that is to be visited. */
interface Visit extends Descent {
  readonly scope?: Scope;
  /** The walk begins here, as both sides were agreed to have this directory. */
  readonly supposed?: boolean;
}

export interface Observed extends Assembled {
  /** Sides whose root does not exist. */
  readonly missing: { readonly local: boolean; readonly remote: boolean };
  /** Directories whose listing at the source could not be trusted. */
  readonly untrusted: readonly { readonly path: RelPath; readonly because: string }[];
  /** Temporary files that nobody will come back for. */
  readonly stale: readonly { readonly side: Side; readonly path: RelPath }[];
  /** Old files on the server that were set aside, and are there still. */
  readonly asides: readonly RelPath[];
}

/** What both listings of a directory show, and whether that is all there is. */
function seenIn({ path: directory, supposed, unseen }: Visit, listings: readonly (Listing | null)[]): Seen {
  const paths = new Set<RelPath>();
  let complete = true;
  for (const listing of listings) {
    // One that was only supposed to be there is looked for above before anything is made of its absence, and one that a
    // cut listing did not show may be there.
    if (!listing && (supposed || unseen)) complete = false;
    if (!listing) continue;
    if (listing.incomplete !== undefined || listing.problems.length > 0) complete = false;
    for (const entry of listing.entries) paths.add(joinPath(directory, nameOf(entry.path)));
  }
  return { paths: [...paths], complete };
}

export async function observe(options: ObserveOptions): Promise<Observed> {
  return new Walk(options).walk();
}

/** Null also where it cannot be come to: a walk from above tells why. */
function looksAt(local: Pair['local'], path: RelPath) {
  return local.look(path).catch(() => null);
}

const BOTH = { local: true, remote: true } as const;

/** Whether a path can be come to: no directory on the way to it is left out. */
function isReached(path: RelPath, filter: Filter): boolean {
  for (const at of lineage(parentOf(path))) if (!filter.admits(at, 'directory')) return false;
  return true;
}

/** What is on one side only is looked at as a whole: whether a directory can go depends on all that is in it. */
function within(descent: Descent, scope: Scope | undefined): Visit {
  const part = scope?.part(nameOf(descent.path));
  const some = part instanceof Scope && descent.local && descent.remote;
  return some ? { ...descent, scope: part } : descent;
}

class Walk {
  private readonly options: ObserveOptions;
  private readonly decideOptions: DecideOptions;
  private readonly collector: Collector;
  private readonly pending: Visit[] = [];
  private readonly missing = { local: false, remote: false };
  private readonly untrusted: { path: RelPath; because: string }[] = [];
  private readonly temporaries: Temporaries;
  private readonly caseProbe: CaseProbe;
  /** Told when there is more to visit. */
  private onMore: () => void = () => {};
  private files = 0;
  private told = 0;

  constructor(options: ObserveOptions) {
    const { job, pair, now, learn, only } = options;
    const { capabilities } = pair.remote;
    const isText = textsOf(job.ascii);
    this.options = options;
    this.temporaries = new Temporaries({ pair, job, now, acts: learn, sweeps: learn && only === undefined });
    this.caseProbe = new CaseProbe(pair.remote);
    this.collector = new Collector(job.direction, new Order(job.order), isText);
    this.decideOptions = {
      direction: job.direction,
      compare: job.compare,
      delete: job.delete,
      drift: job.drift,
      conflict: job.conflict,
      foldsCase: false,
      canHash: capabilities.hash !== null || job.compare === 'hash',
      canAskTime: capabilities.mlst || capabilities.mdtm,
      isText,
      links: job.links,
      // Of a backup they are in the job's own folder.
      ...(job.home === undefined ? { rules: IGNORE_FILE } : {}),
      conflictStamp: new Date(now).toISOString().replace(/[-:]|\.\d+/g, ''),
    };
  }

  async walk(): Promise<Observed> {
    const foldsCase = await this.options.pair.local.foldsCase();
    Object.assign(this.decideOptions, { foldsCase });
    await this.begin(foldsCase);
    await this.visitAll();
    return {
      ...this.collector.finish(this.mayMove ? await this.contentOfMoved() : undefined),
      missing: this.missing,
      untrusted: this.untrusted,
      stale: this.temporaries.stale,
      asides: this.temporaries.asides,
    };
  }

  private async begin(foldsCase: boolean): Promise<void> {
    const { only, pair, filter } = this.options;
    if (!only) {
      this.pending.push({ path: ROOT, local: true, remote: true });
      return;
    }
    const local = await looksAt(pair.local, ROOT);
    this.missing.local = local?.kind !== 'directory';
    const scopes = new Map<RelPath, Scope>();
    for (const path of topmost(only)) {
      if (path !== ROOT && !isReached(path, filter)) continue;
      const directory = path === ROOT ? ROOT : await this.beginningOf(path, foldsCase);
      let scope = scopes.get(directory);
      if (!scope) scopes.set(directory, (scope = new Scope()));
      scope.add(namesBelow(path, directory));
    }
    const whole = only.includes(ROOT);
    for (const [path, scope] of scopes)
      this.pending.push({ ...BOTH, path, supposed: true, ...(whole ? {} : { scope }) });
  }

  /**
   * The nearest directory above a path that both sides are agreed to have, under the same name: the walk to it can be
   * saved. A name that a side may spell otherwise is come to from above.
   */
  private async beginningOf(path: RelPath, foldsCase: boolean): Promise<RelPath> {
    const { local, memory } = this.options.pair;
    for (const at of lineage(parentOf(path))) {
      if (at === ROOT) break;
      if (foldsCase || /[^\0-\x7f]/.test(at)) continue;
      if ((await memory.get(at))?.kind === 'directory' && (await looksAt(local, at))?.kind === 'directory') return at;
    }
    return ROOT;
  }

  /** What is published at one moment, or kept when it goes, is sent and deleted. */
  private get mayMove(): boolean {
    const { job } = this.options;
    return job.release !== 'staged' && keepOf(job) === undefined;
  }

  /** Hashes what looks as if it had only moved. */
  private async contentOfMoved(): Promise<Map<RelPath, string | null>> {
    const { pair, signal } = this.options;
    const hashes = new Map<RelPath, string | null>();
    for (const [path, { sha256 }] of this.collector.moved()) {
      signal.throwIfAborted();
      hashes.set(path, sha256 === undefined ? null : await pair.local.sha256(path).catch(() => null));
    }
    return hashes;
  }

  /** Several directories at a time, the deepest first, so that few are ever waiting. */
  private async visitAll(): Promise<void> {
    const most = 2 * this.options.pair.remote.width + 2;
    const active = new Set<Promise<void>>();
    while (this.pending.length > 0 || active.size > 0) {
      while (this.pending.length > 0 && active.size < most) {
        const visit = this.visit(this.pending.pop()!);
        const tracked: Promise<void> = visit.finally(() => active.delete(tracked));
        active.add(tracked);
      }
      const more = new Promise<void>((resolve) => {
        this.onMore = resolve;
      });
      try {
        await Promise.race([...active, more]);
      } catch (error) {
        await Promise.allSettled(active);
        throw error;
      }
    }
  }

  private async visit(at: Visit): Promise<void> {
    const { pair, job, signal } = this.options;
    signal.throwIfAborted();
    const here = nameOn('local', job.direction, at);
    const there = nameOn('remote', job.direction, at);
    // The server takes longest. What is here is read once its answer has come, and held for no longer than it is
    // needed: of what waits in memory for a distant server the garbage collector would have to move a good part about.
    if (at.path === ROOT && at.local && at.remote) await this.warm(here);
    const listed = at.remote ? await listRemote(pair, there, signal, job.retries + 1, at.supposed) : null;
    const remote = listed && job.direction !== 'push' ? withoutUnsized(listed) : listed;
    const all = at.local ? await listLocal(pair, here) : null;
    const remembered = (path: RelPath) =>
      pair.memory.children(path, async () => seenIn({ ...at, path }, [all, remote]));
    const own = await remembered(at.path);
    const baseline = at.known === undefined ? own : [...(await remembered(at.known)), ...own];
    if (at.path === ROOT) Object.assign(this.missing, { local: all === null, remote: remote === null });
    else if (at.supposed && (all === null || remote === null)) {
      const scope = new Scope();
      scope.add([nameOf(at.path)]);
      this.pending.push({ ...BOTH, path: parentOf(at.path), supposed: true, scope });
      return;
    }
    const view: View = {
      directory: at.path,
      ...(at.alias === undefined ? {} : { alias: at.alias }),
      local: all && (await this.temporaries.sift('local', all)),
      remote: remote && (await this.temporaries.sift('remote', remote)),
      baseline,
      ...(at.unseen === undefined ? {} : { unseen: at.unseen }),
      ...(at.scope === undefined ? {} : { scope: at.scope }),
    };
    const ahead = new Set<RelPath>();
    const decided = await this.decide(view, (asking) => this.goAhead(asking, at.scope, ahead));
    const asking = { pair, direction: job.direction, attempts: job.retries + 1, signal };
    const decision = this.options.learn ? await confirmGone(decided, view, asking) : decided;
    this.collector.add(decision);
    if (decision.untrusted !== undefined && isUnseenSource(decision, job.direction))
      this.untrusted.push({ path: at.path, because: decision.untrusted });
    for (const descent of decision.descend) if (!ahead.has(descent.path)) this.pending.push(within(descent, at.scope));
    if (this.options.learn) await this.remember(decision, view);
    this.progress(decision);
  }

  /** Has connections made while the first listing is on its way: as many directories as there are here will follow. */
  private async warm(here: RelPath): Promise<void> {
    const { pair } = this.options;
    const listing = await listLocal(pair, here);
    pair.remote.warm(1 + (listing?.entries ?? []).filter(({ kind }) => kind === 'directory').length);
  }

  /**
   * What has to be asked about files keeps nobody from going on to directories that both sides have under one name. Any
   * other waits for the decision on the one it is in, which may have it removed.
   */
  private goAhead({ descend }: Decision, scope: Scope | undefined, ahead: Set<RelPath>): void {
    for (const descent of descend) {
      if (!descent.local || !descent.remote || descent.alias !== undefined) continue;
      ahead.add(descent.path);
      this.pending.push(within(descent, scope));
    }
    this.onMore();
  }

  /** Decides, fetching what is asked for until nothing is; `asking` is told of the first decision that wants more. */
  private async decide(view: View, asking: (decision: Decision) => void): Promise<Decision> {
    const { pair, job, filter, signal } = this.options;
    let evidence: Evidence = NO_EVIDENCE;
    for (;;) {
      const decision = decide(view, filter, this.decideOptions, evidence);
      if (decision.asks.length === 0) return decision;
      if (evidence === NO_EVIDENCE) asking(decision);
      const mayRead = job.compare === 'hash';
      const attempts = job.retries + 1;
      const { isText } = this.decideOptions;
      const { caseProbe } = this;
      const asked = { direction: job.direction, signal, mayRead, attempts, caseProbe };
      const options = { ...pair, ...asked, ...(isText && { isText }) };
      const known = evidence;
      evidence = await retrying(() => gather(decision.asks, known, options), { attempts, signal });
    }
  }

  private async remember({ learned: decided, forgotten, directory }: Decision, { alias }: View): Promise<void> {
    const { memory } = this.options.pair;
    const { now } = this.options;
    const learned = decided.map((agreement) => lastingHere(lasting(agreement, now), now));
    // One at a time: each may mean that a file is read.
    if (memory.travels) for (const agreement of learned) await this.rememberContent(agreement, alias ?? directory);
    else await Promise.all(learned.map((agreement) => memory.learn(agreement)));
    await Promise.all(forgotten.map((path) => memory.forget(path)));
  }

  /** Another checkout knows a file by its content alone. One that is changed meanwhile is left for the next run. */
  private async rememberContent(agreement: Agreement, alias: RelPath): Promise<void> {
    const { pair, job } = this.options;
    const { path, kind, local } = agreement;
    if (kind === 'directory' || agreement.sha256 !== undefined) return pair.memory.learn(agreement);
    const here = nameOn('local', job.direction, { path, alias: joinPath(alias, nameOf(path)) });
    try {
      const sha256 = await pair.local.sha256(here);
      const now = await pair.local.look(here);
      if (now && sameVersion(fingerprintOf(now), local)) await pair.memory.learn({ ...agreement, sha256 });
    } catch (error) {
      if (!(error instanceof LocalError || error instanceof ChangingError)) throw error;
    }
  }

  private progress(decision: Decision): void {
    this.files += decision.total.source;
    const now = performance.now();
    if (now - this.told < 200) return;
    this.told = now;
    const path = decision.directory;
    this.options.tell({
      type: 'progress',
      phase: 'scan',
      files: this.files,
      filesTotal: 0,
      bytes: 0,
      bytesTotal: 0,
      path,
    });
  }
}
