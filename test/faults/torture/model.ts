/**
 * Whole sequences of edits on both sides, runs, faults, kills and lost memories, against an oracle that knows what every
 * user has written and given up. The engine, the local folder and the FTP on the wire are the real ones; the server is
 * ours on a disk in memory. A sequence that fails is made as short as it gets, and said with what replays it.
 */
import fc from 'fast-check';
import type { Harness, HarnessOptions, Outcome, Violation } from './harness.ts';
import { progress, spread } from './harness.ts';
import { type Sequence, sequence } from './model/steps.ts';
import { type Sabotage, type Walked, walk } from './model/walk.ts';

const SEQUENCES = 20_000;
const SHORT = 25;
/** Sequences that follow from one seed. */
const TOGETHER = 5;
/** A retry waits half a second: others go on meanwhile. */
const AT_ONCE = 8;

class Violated extends Error {
  readonly walked: Walked;
  constructor(walked: Walked) {
    super(walked.violations.map(({ wrong, what }) => `${wrong}: ${what}`).join('\n'));
    this.walked = walked;
  }
}

/** Walks sequences until one fails, which is then made shorter. */
async function prove(
  seed: number,
  runs: number,
  {
    path,
    shrinks,
    sabotage,
    done,
  }: {
    readonly path?: string | undefined;
    readonly shrinks: boolean;
    readonly sabotage?: Sabotage | undefined;
    readonly done: () => void;
  },
): Promise<Violation | undefined> {
  let last: Walked | undefined;
  const property = fc.asyncProperty(sequence, async (one: Sequence) => {
    const walked = await walk(one, sabotage);
    // Those that only make one shorter do not count.
    if (!last) done();
    if (walked.violations.length === 0) return;
    last = walked;
    throw new Violated(walked);
  });
  const replay = { ...(path === undefined ? {} : { path }), endOnFailure: !shrinks };
  const details = await fc.check(property, { seed, numRuns: runs, ...replay });
  if (!details.failed || !last) return undefined;
  const error = details.errorInstance instanceof Violated ? details.errorInstance.walked : last;
  const [first] = error.violations;
  const again = `npm run torture -- model --seed ${seed} --path ${details.counterexamplePath}`;
  return { wrong: first!.wrong, what: `${first!.what}\n    ${again}\n    ${error.transcript.join('\n    ')}` };
}

/** @param sabotage takes parts of Ferry out, to see that it is noticed. */
export async function walkSequences(
  options: HarnessOptions,
  {
    total = options.short ? SHORT : SEQUENCES,
    sabotage,
  }: { readonly total?: number; readonly sabotage?: Sabotage } = {},
): Promise<Outcome> {
  const { seed, path } = options;
  const violations: Violation[] = [];
  const done = progress(options, total);
  const take = async (from: number, runs: number) => {
    const found = await prove(from, runs, { path, sabotage, done, shrinks: !options.short && path === undefined });
    if (!found) return;
    violations.push(found);
    // At once: a long run is not waited for to see what it found.
    options.say(`${found.wrong}: ${found.what}`);
  };
  if (path !== undefined) await take(seed, 1);
  else {
    const seeds = Array.from({ length: Math.ceil(total / TOGETHER) }, (_, index) => (seed + index * 7919) | 0);
    const workers = Array.from({ length: AT_ONCE }, (_, index) => index);
    await spread(seeds, workers, (one) => take(one, Math.min(TOGETHER, total)));
  }
  return {
    line: `${(path === undefined ? total : 1).toLocaleString('en')}: ${violations.length} violations`,
    violations,
  };
}

export const model: Harness = { name: 'model', run: (options) => walkSequences(options) };
