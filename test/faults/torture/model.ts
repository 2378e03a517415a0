/**
 * Whole sequences of edits on both sides, runs, faults, kills and lost memories, against an oracle that knows what every
 * user has written and given up. The engine, the local folder and the FTP on the wire are the real ones; the server is
 * ours on a disk in memory. A sequence that fails is made as short as it gets, and said with what replays it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Harness, HarnessOptions, Outcome, Violation } from './harness.ts';
import { progress, spread } from './harness.ts';
import { type Sequence, sequence } from './model/steps.ts';
import { type Sabotage, type Walked, walk } from './model/walk.ts';

const SEQUENCES = 20_000;
const SHORT = 15;
/** Sequences that follow from one seed. */
const TOGETHER = 5;
/** A retry waits half a second: others go on meanwhile. */
const AT_ONCE = 32;

/** Told of every sequence that has been walked, and of every violation. */
export type Tell = (news: { readonly violation?: Violation }) => void;

/** What one process walks. */
export interface Share {
  readonly seeds: readonly number[];
  readonly each: number;
}

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

/** Walks the sequences that follow from some seeds. */
export async function walkFrom(
  seeds: readonly number[],
  { each, tell, ...how }: { readonly each: number; readonly tell: Tell } & Omit<Parameters<typeof prove>[2], 'done'>,
): Promise<void> {
  const workers = Array.from({ length: AT_ONCE }, (_, index) => index);
  await spread(seeds, workers, async (seed) => {
    const violation = await prove(seed, each, { ...how, done: () => tell({}) });
    if (violation) tell({ violation });
  });
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
  const tell: Tell = ({ violation }) => {
    if (!violation) return done();
    violations.push(violation);
    // At once: a long run is not waited for to see what it found.
    options.say(`${violation.wrong}: ${violation.what}`);
  };
  const seeds = Array.from({ length: Math.ceil(total / TOGETHER) }, (_, index) => (seed + index * 7919) | 0);
  if (path !== undefined) await walkFrom([seed], { each: 1, path, sabotage, shrinks: false, tell });
  else if (options.short || sabotage)
    await walkFrom(seeds, { each: Math.min(TOGETHER, total), sabotage, shrinks: !options.short, tell });
  else await onEveryCore(seeds, tell);
  return {
    line: `${(path === undefined ? total : 1).toLocaleString('en')}: ${violations.length} violations`,
    violations,
  };
}

async function onEveryCore(seeds: readonly number[], tell: Tell): Promise<void> {
  const cores = availableParallelism();
  const program = fileURLToPath(new URL('./model/core.js', import.meta.url));
  await Promise.all(
    Array.from({ length: cores }, async (_, core) => {
      const child = fork(program);
      const leave = () => void child.kill('SIGKILL');
      process.once('exit', leave);
      child.on('message', tell);
      const share: Share = { seeds: seeds.filter((_, index) => index % cores === core), each: TOGETHER };
      child.send(share);
      // Its last news may still be on their way when it has ended.
      const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
      process.off('exit', leave);
      if (code !== 0) throw new Error(`a part of the sequences ended with ${code ?? signal}`);
    }),
  );
}

export const model: Harness = { name: 'model', run: (options) => walkSequences(options) };
