/** Puts the decisions of a whole walk together: settles what spans directories, and brings the actions in order. */
import {
  type Action,
  type Agreement,
  type Conflict,
  type DeleteAction,
  type Direction,
  isWithin,
  lineage,
  type MkdirAction,
  type Problem,
  parentOf,
  type RelPath,
  type RenameAction,
  type Side,
  type TransferAction,
  type Untouched,
} from '../model/index.ts';
import type { Decision } from './decide.ts';
import { type Candidates, moveCandidates, withMoves } from './moves.ts';
import { nameOn, otherSide, primarySide } from './name.ts';
import type { Order } from './order.ts';
import { sequence } from './sequence.ts';

export interface Assembled {
  /** In the order in which they may be carried out. */
  readonly actions: readonly Action[];
  readonly conflicts: readonly Conflict[];
  readonly problems: readonly Problem[];
  readonly untouched: Untouched;
  readonly drifted: readonly RelPath[];
  readonly links: number;
  readonly respelt: number;
  readonly total: { readonly source: number; readonly destination: number; readonly baseline: number };
  /** Removals that the guard counts, by the side they happen on: files, and whatever makes way for another kind. */
  readonly deletes: { readonly local: number; readonly remote: number };
  /** Removals left out because a listing of the source was incomplete. */
  readonly withheld: number;
}

/** The removal of a directory, not settled before everything below it has been decided. */
interface Removal {
  readonly action: DeleteAction;
  /** What the directory is called on the other side. */
  readonly twin: RelPath;
  /** Whether its contents were looked at: only then is it known that nothing stays. */
  walked: boolean;
  stays: boolean;
}

/**
 * Takes decisions one by one, a directory before those below it. Keeps the actions and drops the rest; `learned` and
 * `forgotten` are the caller's to write down.
 */
export class Collector {
  readonly #direction: Direction;
  readonly #order: Order | undefined;
  readonly #isText: (path: RelPath) => boolean;
  readonly #removals = new Map<RelPath, Removal>();
  readonly #untrusted = new Set<RelPath>();
  /** Those of them where it was the source that could not be trusted. */
  readonly #unseenSource = new Set<RelPath>();
  #withheld = 0;
  readonly #optional = new Set<RelPath>();
  #mkdirs: MkdirAction[] = [];
  #renames: RenameAction[] = [];
  #transfers: TransferAction[] = [];
  #deletes: DeleteAction[] = [];
  readonly #conflicts: Conflict[] = [];
  readonly #problems: Problem[] = [];
  readonly #drifted: RelPath[] = [];
  readonly #vanished: Agreement[] = [];
  #candidates: Candidates = new Map();
  #settled = false;
  readonly #untouched = { unchanged: 0, sameBySize: 0, kept: 0 };
  readonly #total = { source: 0, destination: 0, baseline: 0 };
  #links = 0;
  #respelt = 0;

  constructor(direction: Direction, order?: Order, isText: (path: RelPath) => boolean = () => false) {
    this.#direction = direction;
    this.#order = order;
    this.#isText = isText;
  }

  /** Throws a RangeError on a decision that still asks for something: it is void. */
  add(decision: Decision): void {
    if (decision.asks.length > 0) throw new RangeError('a decision that still asks for facts cannot be collected');
    const names = new Set([decision.directory, decision.alias ?? decision.directory]);
    for (const name of names) {
      if (decision.untrusted !== undefined) this.#untrusted.add(name);
      if (isUnseenSource(decision, this.#direction)) this.#unseenSource.add(name);
      const removal = this.#removals.get(name);
      if (removal) removal.walked = true;
      if (decision.holds) this.#keep(name);
    }
    for (const action of decision.actions) this.#take(action);
    this.#takeRemovals(decision);
    for (const path of decision.optional) this.#optional.add(path);
    for (const conflict of decision.conflicts) this.#conflicts.push(conflict);
    for (const problem of decision.problems) this.#problems.push(problem);
    for (const path of decision.drifted) this.#drifted.push(path);
    for (const agreed of decision.vanished) this.#vanished.push(agreed);
    this.#links += decision.links;
    this.#respelt += decision.respelt;
    this.#withheld += decision.withheld;
    this.#untouched.unchanged += decision.untouched.unchanged;
    this.#untouched.sameBySize += decision.untouched.sameBySize;
    this.#untouched.kept += decision.untouched.kept;
    this.#total.source += decision.total.source;
    this.#total.destination += decision.total.destination;
    this.#total.baseline += decision.total.baseline;
  }

  /** Files that look as if they had only moved, once everything was added. Their content has to be hashed to be sure. */
  moved(): Candidates {
    this.#settle();
    return this.#candidates;
  }

  /** `sha256`: of what {@link moved} names; without it nothing is taken for moved. */
  finish(sha256?: ReadonlyMap<RelPath, string | null>): Assembled {
    this.#settle();
    const plain = { mkdirs: this.#mkdirs, transfers: this.#transfers, deletes: this.#deletes };
    const steps = sha256 ? withMoves(plain, this.#candidates, sha256) : { ...plain, moves: [] };
    const deletes = { local: 0, remote: 0 };
    for (const { action, kind, side } of steps.deletes) if (kind === 'file' || action === 'replace') deletes[side]++;
    return {
      actions: sequence({ ...steps, renames: this.#renames }, this.#order),
      conflicts: this.#conflicts,
      problems: this.#problems,
      untouched: this.#untouched,
      drifted: this.#drifted,
      links: this.#links,
      respelt: this.#respelt,
      total: this.#total,
      deletes,
      withheld: this.#withheld,
    };
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#dropUntrusted();
    const kept = this.#settleRemovals();
    for (const removal of kept) if (removal.action.action === 'replace') this.#refuse(removal);
    this.#bringBack(kept.filter(({ action }) => action.action === 'delete'));
    this.#dropNeedless();
    const steps = { mkdirs: this.#mkdirs, transfers: this.#transfers, deletes: this.#deletes };
    // What has to wait for others is sent, in its turn; and what is a text under one of its names only has other line ends.
    const mayMove = (from: RelPath, to: RelPath) =>
      (this.#order?.rank(to) ?? 0) === 0 && this.#isText(from) === this.#isText(to);
    if (this.#direction !== 'pull') this.#candidates = moveCandidates(steps, this.#vanished, mayMove);
  }

  #take(action: Action): void {
    if (action.action === 'mkdir') this.#mkdirs.push(action);
    else if (action.action === 'rename') this.#renames.push(action);
    else if ('kind' in action) this.#deletes.push(action);
    else this.#transfers.push(action);
  }

  #takeRemovals({ actions, descend }: Decision): void {
    const removed = actions.filter((action) => 'kind' in action && action.kind === 'directory') as DeleteAction[];
    if (removed.length === 0) return;
    const twins = { local: new Map<RelPath, RelPath>(), remote: new Map<RelPath, RelPath>() };
    for (const item of descend) {
      const [local, remote] = [nameOn('local', this.#direction, item), nameOn('remote', this.#direction, item)];
      twins.local.set(local, remote);
      twins.remote.set(remote, local);
    }
    for (const action of removed) {
      const twin = twins[action.side].get(action.path) ?? action.path;
      this.#removals.set(action.path, { action, twin, walked: false, stays: false });
    }
  }

  /** What is in a directory that stays makes it stay, and those it is in. */
  #keep(directory: RelPath): void {
    for (const at of lineage(directory)) {
      const removal = this.#removals.get(at);
      if (!removal || removal.stays) return;
      removal.stays = true;
    }
  }

  /** Nothing is deleted below a directory whose listing was incomplete, though what is deeper was seen completely. */
  #dropUntrusted(): void {
    if (this.#untrusted.size === 0) return;
    const doubtful = (path: RelPath) => [...lineage(parentOf(path))].some((at) => this.#untrusted.has(at));
    const dropped = this.#deletes.filter((action) => doubtful(action.path));
    this.#deletes = this.#deletes.filter((action) => !doubtful(action.path));
    for (const action of dropped) {
      if ([...lineage(parentOf(action.path))].some((at) => this.#unseenSource.has(at))) this.#withheld++;
      const own = this.#removals.get(action.path);
      if (own) own.stays = true;
      // What was to take the place of a file stays away too.
      if (action.action === 'replace' && action.kind === 'file') {
        this.#withdraw(action.side, action.path);
        this.#problems.push(inTheWay(action, 'nothing is removed below a directory whose listing is incomplete'));
      }
    }
  }

  /** Takes the removals that cannot be out of the plan; those are returned. */
  #settleRemovals(): Removal[] {
    for (const [path, removal] of this.#removals) if (!removal.walked) this.#keep(path);
    const kept = [...this.#removals.values()].filter((removal) => removal.stays);
    const gone = new Set<Action>(kept.map((removal) => removal.action));
    if (gone.size > 0) this.#deletes = this.#deletes.filter((action) => !gone.has(action));
    return kept;
  }

  /** A file cannot come where a directory stays. Then nothing is taken out of that directory either. */
  #refuse({ action, twin }: Removal): void {
    this.#withdraw(action.side, action.path);
    // In a sync something in it may have been on its way to the other side, where the file is.
    this.#withdraw(otherSide(action.side), twin);
    this.#deletes = this.#deletes.filter(({ side, path }) => side !== action.side || !isWithin(path, action.path));
    this.#problems.push(
      inTheWay(action, 'something in it stays: it changed, was never agreed on, or is left out by a filter'),
    );
  }

  /** Drops what would be written at or below a path on a side. */
  #withdraw(side: Side, path: RelPath): void {
    this.#mkdirs = this.#mkdirs.filter((action) => action.side !== side || !isWithin(action.path, path));
    this.#transfers = this.#transfers.filter(
      (action) => writtenOn(action) !== side || !isWithin(nameOn(side, this.#direction, action), path),
    );
  }

  /** In a sync a directory that was deleted on one side comes back with what comes back in it; any other is kept. */
  #bringBack(kept: readonly Removal[]): void {
    if (kept.length === 0) return;
    const needed = this.#writtenInto();
    for (const { action, twin } of kept) {
      const side = otherSide(action.side);
      if (needed[side].has(twin))
        this.#mkdirs.push({ action: 'mkdir', path: twin, side, reason: 'directory of a new file' });
      else this.#untouched.kept++;
    }
  }

  /** Directories that no pattern of `include` asks for are made only on the way to something. */
  #dropNeedless(): void {
    if (this.#optional.size === 0) return;
    const needed = this.#writtenInto((action) => !this.#optional.has(action.path));
    this.#mkdirs = this.#mkdirs.filter(
      (action) => !this.#optional.has(action.path) || needed[action.side].has(action.path),
    );
  }

  /** Every directory that has something written in or below it. */
  #writtenInto(counts: (action: MkdirAction) => boolean = () => true): Record<Side, Set<RelPath>> {
    const into = { local: new Set<RelPath>(), remote: new Set<RelPath>() };
    const mark = (side: Side, path: RelPath) => {
      for (const at of lineage(parentOf(path))) {
        if (into[side].has(at)) return;
        into[side].add(at);
      }
    };
    for (const action of this.#mkdirs) if (counts(action)) mark(action.side, action.path);
    for (const action of this.#transfers) mark(writtenOn(action), nameOn(writtenOn(action), this.#direction, action));
    return into;
  }
}

export function assemble(parts: Iterable<Decision>, direction: Direction, order?: Order): Assembled {
  const collector = new Collector(direction, order);
  for (const part of parts) collector.add(part);
  return collector.finish();
}

/** Whether a side that others are made like did not show all that it has. In a sync both are. */
export function isUnseenSource({ unseen }: Pick<Decision, 'unseen'>, direction: Direction): boolean {
  return direction === 'sync' ? unseen.length > 0 : unseen.includes(primarySide(direction));
}

/** The side that a transfer writes. */
function writtenOn(action: TransferAction): Side {
  return action.action === 'upload' ? 'remote' : 'local';
}

function inTheWay(action: DeleteAction, because: string): Problem {
  return {
    path: action.path,
    side: action.side,
    code: 'kind',
    message: `a ${action.kind} is in the way of what is on the other side, and it was left alone: ${because}`,
  };
}
