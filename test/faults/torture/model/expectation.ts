/**
 * What a run that nothing disturbs must come to, told from what users did since both sides agreed: the tables of
 * push, pull and sync, said once more over contents. Only paths about which they leave no doubt are judged.
 */
import type { Direction, Side } from '../../../../src/model/index.ts';
import { OTHER, type Pictures } from './ledger.ts';
import { above, isFile, type Thing } from './sides.ts';
import type { RunStep } from './steps.ts';

/** What is known of a path since the last run that ended well. */
export interface Past {
  /** What both sides held then. */
  readonly agreed: ReadonlyMap<string, string>;
  /** Files that both sides ever held: whether they are still remembered may not be known. */
  readonly everAgreed: ReadonlySet<string>;
  /** Paths that a user has touched since, though their content may be what it was. */
  readonly touched: Readonly<Record<Side, ReadonlySet<string>>>;
}

/** A file's content on each side, or undefined for none. */
type Both = Readonly<Record<Side, string | undefined>>;

/** What of a run's outcome is not as the tables say. */
export function unexpected(
  direction: Direction,
  step: RunStep,
  past: Past,
  before: Pictures,
  after: Pictures,
): string[] {
  const found: string[] = [];
  const paths = new Set([...before.local.things.keys(), ...before.remote.things.keys(), ...past.agreed.keys()]);
  for (const path of paths) {
    const was = plainly(path, before);
    if (!was || isDoubtful(path, was, past)) continue;
    const wanted = direction === 'sync' ? bothWays(path, was, past, step) : oneWay(direction, path, was, past, step);
    if (!wanted) continue;
    for (const side of ['local', 'remote'] as const) {
      const is = after[side].things.get(path);
      if (is === wanted[side]) continue;
      const should = wanted[side] === undefined ? 'should be gone' : 'is not what it should be';
      found.push(`${side} ${path} ${should}`);
    }
  }
  return found;
}

/** Whether nothing about the two sides, and nothing in the policy, is a reason to end otherwise than well. */
export function mustSucceed(direction: Direction, { policy }: RunStep, { local, remote }: Pictures): boolean {
  if (direction === 'sync' ? policy.conflict === 'fail' || policy.conflict === 'newer' : policy.drift === 'fail')
    return false;
  for (const [from, to] of [
    [local, remote],
    [remote, local],
  ] as const) {
    for (const [path, thing] of from.things) {
      if (thing !== null && !isFile(thing)) return false;
      for (const at of above(path)) if (isFile(to.things.get(at))) return false;
      const other = to.things.get(path);
      if (other !== undefined && isFile(other) !== isFile(thing)) return false;
    }
  }
  return true;
}

/** Undefined where it, or what it is in, is anything but a file or nothing on one side. */
function plainly(path: string, { local, remote }: Pictures): Both | undefined {
  const is: Record<Side, Thing | undefined> = { local: local.things.get(path), remote: remote.things.get(path) };
  for (const { things } of [local, remote]) {
    const thing = things.get(path);
    if (thing !== undefined && !isFile(thing)) return undefined;
    for (const at of above(path)) {
      const there = things.get(at);
      if (there !== undefined && there !== null) return undefined;
    }
  }
  return { local: is.local as string | undefined, remote: is.remote as string | undefined };
}

/** Rewritten with what it held, or once known and then kept: its marks say other than its content. */
function isDoubtful(path: string, was: Both, { agreed, everAgreed, touched }: Past): boolean {
  const then = agreed.get(path);
  if (then === undefined) return everAgreed.has(path);
  return (['local', 'remote'] as const).some((side) => was[side] === then && touched[side].has(path));
}

function oneWay(
  direction: 'push' | 'pull',
  path: string,
  was: Both,
  past: Past,
  { policy }: RunStep,
): Both | undefined {
  const source: Side = direction === 'push' ? 'local' : 'remote';
  const destination = OTHER[source];
  const [from, to] = [was[source], was[destination]];
  const then = past.agreed.get(path);
  const ends = (at: string | undefined) => ({ [source]: from, [destination]: at }) as Both;
  if (from !== undefined) {
    if (to === undefined || to === from || from !== then) return ends(from);
    return policy.drift === 'fail' ? undefined : ends(policy.drift === 'keep' ? to : from);
  }
  if (policy.delete === 'all') return ends(undefined);
  return ends(policy.delete === 'tracked' && to === then ? undefined : to);
}

function bothWays(path: string, was: Both, past: Past, { policy }: RunStep): Both | undefined {
  const { local, remote } = was;
  const then = past.agreed.get(path);
  const both = (content: string | undefined): Both => ({ local: content, remote: content });
  if (local === remote) return both(local);
  if (then !== undefined) {
    // What is deleted on one side only stays on the other where nothing is to be deleted.
    if (local === then) return remote === undefined && policy.delete === 'none' ? was : both(remote);
    if (remote === then) return local === undefined && policy.delete === 'none' ? was : both(local);
  }
  if (local === undefined) return both(remote);
  if (remote === undefined) return both(local);
  return policy.conflict === 'local' ? both(local) : policy.conflict === 'remote' ? both(remote) : undefined;
}
