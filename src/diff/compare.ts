/** Same content? The answer for one file that is on both sides, in the order of the four steps of `auto`. */
import type { Agreement, Entry, RelPath, Side } from '../model/index.ts';
import { agreementOf } from './agreement.ts';
import type { Ask, Evidence } from './evidence.ts';
import { localMoved, type Moved, remoteMoved } from './moved.ts';
import { movement } from './stamps.ts';
import { type Instant, instantOf, sameInstant, TELLING_PRECISION } from './times.ts';

/** `auto` is all steps; `size` the size alone; `time` size and time; `hash` demands the content. */
export type CompareMode = 'auto' | 'size' | 'time' | 'hash';

export interface CompareRules {
  readonly compare: CompareMode;
  readonly canHash: boolean;
  readonly canAskTime: boolean;
  /** Texts are stored with the line ends of either side: different sizes do not make them differ. */
  readonly isText?: (path: RelPath) => boolean;
}

/** One file on both sides. `path` is the key of its evidence and of its agreement. */
export interface Pair {
  readonly path: RelPath;
  readonly local: Entry;
  readonly remote: Entry;
  /** What was agreed about it as a file. */
  readonly agreed?: Agreement;
}

export type Verdict =
  /** `bySize`: nothing more than the size could be compared. `agreement` is what to remember. */
  | { readonly is: 'same'; readonly bySize: boolean; readonly agreement: Agreement }
  | { readonly is: 'differs'; readonly moved: Side | 'both' | 'unknown' }
  | { readonly is: 'ask'; readonly ask: Ask['ask'] }
  | { readonly is: 'unreadable'; readonly side: Side; readonly message: string };

export function compare(pair: Pair, rules: CompareRules, evidence: Evidence): Verdict {
  const verdict = judged(pair, rules, evidence);
  // What could not be asked now is no ground to call two files the same.
  if (verdict.is !== 'same' || !evidence.withheld?.has(pair.path)) return verdict;
  return { is: 'unreadable', side: 'remote', message: WITHHELD };
}

const WITHHELD = 'the server would not say now when it last changed, so that it cannot be compared; run again later';

function judged(pair: Pair, rules: CompareRules, evidence: Evidence): Verdict {
  if (rules.compare === 'auto')
    return pair.agreed ? sinceAgreed(pair, pair.agreed, rules, evidence) : afresh(pair, rules, evidence);
  if (sizes(pair, rules) === 'different') return { is: 'differs', moved: whoMoved(pair, rules.compare) };
  if (rules.compare === 'size')
    return sizes(pair, rules) === 'equal' ? same(pair, evidence, true) : { is: 'differs', moved: 'unknown' };
  if (rules.compare === 'hash')
    return byContent(pair, evidence) ?? { is: 'unreadable', side: 'remote', message: UNCOMPARED };
  const times = compareTimes(pair, rules, evidence);
  if (times === 'ask') return { is: 'ask', ask: 'remote-time' };
  if (times === 'different' || sizes(pair, rules) === 'unknown')
    return { is: 'differs', moved: whoMoved(pair, rules.compare) };
  return same(pair, evidence, times === 'unknown');
}

const UNCOMPARED =
  'its content could not be compared; see whether it can be read on both sides, or compare otherwise than by hash';

/** Steps 2 to 4: nothing is remembered of the path. */
function afresh(pair: Pair, rules: CompareRules, evidence: Evidence): Verdict {
  if (sizes(pair, rules) === 'different') return { is: 'differs', moved: 'unknown' };
  if (sizes(pair, rules) === 'equal' || rules.isText?.(pair.path)) {
    const times = compareTimes(pair, rules, evidence);
    if (times === 'ask') return { is: 'ask', ask: 'remote-time' };
    if (times === 'different') return { is: 'differs', moved: 'unknown' };
    if (times === 'equal') return same(pair, evidence, false);
  }
  const content = rules.canHash ? byContent(pair, evidence) : null;
  if (content) return content;
  return sizes(pair, rules) === 'equal' ? same(pair, evidence, true) : { is: 'differs', moved: 'unknown' };
}

/** Step 1: each side against what is remembered of it. */
function sinceAgreed(pair: Pair, agreed: Agreement, rules: CompareRules, evidence: Evidence): Verdict {
  const local = localMoved(pair.path, pair.local, agreed, evidence);
  const hint = local === 'unsure' ? untouched(pair, rules, evidence) : null;
  if (hint) return hint;
  if (typeof local === 'object') return local;
  const remote = remoteMoved(pair.path, pair.remote, agreed, rules, evidence, local === 'unmoved' ? pair.local : null);
  if (typeof remote === 'object') return remote;
  return together(pair, agreed, local === 'unsure' ? 'moved' : local, remote, rules, evidence);
}

/**
 * The local file has its old size, a new time, and no hash of the old content is at hand: what the other side holds may
 * still show that nothing happened. Null: it does not.
 */
function untouched(pair: Pair, rules: CompareRules, evidence: Evidence): Verdict | null {
  if (sizes(pair, rules) !== 'equal') return null;
  if (rules.canHash) {
    const content = byContent(pair, evidence);
    if (content && (content.is === 'same' || content.is === 'ask')) return content;
    if (content) return null;
  }
  const times = compareTimes(pair, rules, evidence);
  if (times === 'ask') return { is: 'ask', ask: 'remote-time' };
  return times === 'equal' ? same(pair, evidence, false) : null;
}

function together(
  pair: Pair,
  agreed: Agreement,
  local: Moved,
  remote: Moved | 'unmoved by size',
  rules: CompareRules,
  evidence: Evidence,
): Verdict {
  if (local === 'moved' && remote === 'moved') return bothMoved(pair, rules, evidence);
  if (local === 'moved') return { is: 'differs', moved: 'local' };
  if (remote === 'moved') return { is: 'differs', moved: 'remote' };
  if (sizes(pair, rules) === 'different') return { is: 'differs', moved: 'unknown' };
  return same({ ...pair, agreed }, evidence, remote === 'unmoved by size');
}

/** Both have new content: the same only where that is shown, and the size alone shows nothing here. */
function bothMoved(pair: Pair, rules: CompareRules, evidence: Evidence): Verdict {
  if (sizes(pair, rules) !== 'equal') return { is: 'differs', moved: 'both' };
  if (rules.canHash) {
    const content = byContent(pair, evidence);
    if (content) return content.is === 'differs' ? { is: 'differs', moved: 'both' } : content;
  }
  const fine = Math.max(pair.local.precision, pair.remote.precision) <= TELLING_PRECISION;
  const times = fine || rules.canAskTime ? compareTimes(pair, rules, evidence) : 'unknown';
  if (times === 'ask') return { is: 'ask', ask: 'remote-time' };
  return times === 'equal' && fine ? same(pair, evidence, false) : { is: 'differs', moved: 'both' };
}

/** Null: it could not be compared. */
function byContent(pair: Pair, evidence: Evidence): Verdict | null {
  const content = evidence.content.get(pair.path);
  if (content === undefined) return { is: 'ask', ask: 'content' };
  if (content === 'same') return same(pair, evidence, false);
  return content === 'different' ? { is: 'differs', moved: whoMoved(pair, 'hash') } : null;
}

function same(pair: Pair, evidence: Evidence, bySize: boolean): Verdict {
  return { is: 'same', bySize, agreement: agreementOf(pair, evidence) };
}

function sizes(pair: Pair, rules: CompareRules): 'equal' | 'different' | 'unknown' {
  if (pair.local.size === null || pair.remote.size === null) return 'unknown';
  if (pair.local.size === pair.remote.size) return 'equal';
  return rules.isText?.(pair.path) ? 'unknown' : 'different';
}

function compareTimes(pair: Pair, rules: CompareRules, evidence: Evidence): 'equal' | 'different' | 'unknown' | 'ask' {
  const local = instantOf(pair.local);
  if (!local) return 'unknown';
  let remote: Instant | null = instantOf(pair.remote);
  // Within a minute a file can change twice: where a coarse time says equal, the server is asked for the exact one.
  const vague = remote !== null && remote.precision > TELLING_PRECISION && sameInstant(local, remote);
  if ((!remote || vague) && rules.canAskTime) {
    const told = evidence.remoteTime.get(pair.path);
    if (told === undefined) return 'ask';
    if (told && told.mtime !== null) remote = { mtime: told.mtime, precision: 1_000 };
  }
  if (!remote) return 'unknown';
  return sameInstant(local, remote) ? 'equal' : 'different';
}

/** For the modes that do not judge by the baseline: whom the difference is put down to, without asking anything. */
function whoMoved(pair: Pair, mode: CompareMode): Side | 'both' | 'unknown' {
  if (!pair.agreed) return 'unknown';
  const bare = (entry: Entry) => (mode === 'size' ? { size: entry.size, stamps: {} } : entry);
  const here = movement(bare(pair.local), pair.agreed.local);
  const there = movement(bare(pair.remote), pair.agreed.remote);
  // Where one of them certainly did not, it was the other.
  const local = here === 'moved' || (here === 'unsure' && there === 'unmoved');
  const remote = there === 'moved' || (there === 'unsure' && here === 'unmoved');
  return local && remote ? 'both' : local ? 'local' : remote ? 'remote' : 'unknown';
}
