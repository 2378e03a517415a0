/**
 * Random sequences of steps, walked until one fails: that one is made as short as it gets, and said with what replays it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { HarnessOptions, Outcome, Violation } from './harness.ts';
import { progress, spread } from './harness.ts';

export interface Walked {
  readonly violations: readonly Violation[];
  /** What was done and what came of it, a line each. */
  readonly transcript: readonly string[];
}

/** What sequences are made of, and how one is walked. */
export interface Kind<S, B> {
  /** Of the harness. */
  readonly name: string;
  readonly sequence: fc.Arbitrary<S>;
  /** @param sabotage takes parts of Ferry out, to see that it is noticed. */
  readonly walk: (one: S, sabotage?: B) => Promise<Walked>;
  /** How many there are in a whole run, and in a slice. */
  readonly many: number;
  readonly few: number;
}

/** Sequences that follow from one seed. */
const TOGETHER = 5;
/** A retry waits half a second: others go on meanwhile. */
const AT_ONCE = 32;

/** Told of every sequence that has been walked, and of every violation. */
export type Tell = (news: { readonly violation?: Violation }) => void;

/** What one process walks. */
export interface Share {
  readonly kind: string;
  readonly seeds: readonly number[];
  readonly each: number;
}

interface Proving<B> {
  readonly path?: string | undefined;
  readonly shrinks: boolean;
  readonly sabotage?: B | undefined;
}

class Violated extends Error {
  readonly walked: Walked;
  constructor(walked: Walked) {
    super(walked.violations.map(({ wrong, what }) => `${wrong}: ${what}`).join('\n'));
    this.walked = walked;
  }
}

/** Walks sequences until one fails, which is then made shorter. */
async function prove<S, B>(
  { name, sequence, walk }: Kind<S, B>,
  seed: number,
  runs: number,
  { path, shrinks, sabotage, done }: Proving<B> & { readonly done: () => void },
): Promise<Violation | undefined> {
  let last: Walked | undefined;
  const property = fc.asyncProperty(sequence, async (one) => {
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
  const again = `npm run torture -- ${name} --seed ${seed} --path ${details.counterexamplePath}`;
  return { wrong: first!.wrong, what: `${first!.what}\n    ${again}\n    ${error.transcript.join('\n    ')}` };
}

/** Walks the sequences that follow from some seeds. */
export async function walkFrom<S, B>(
  kind: Kind<S, B>,
  seeds: readonly number[],
  { each, tell, ...how }: { readonly each: number; readonly tell: Tell } & Proving<B>,
): Promise<void> {
  const workers = Array.from({ length: AT_ONCE }, (_, index) => index);
  await spread(seeds, workers, async (seed) => {
    const violation = await prove(kind, seed, each, { ...how, done: () => tell({}) });
    if (violation) tell({ violation });
  });
}

export async function walkSequences<S, B>(
  kind: Kind<S, B>,
  options: HarnessOptions,
  {
    total = options.short ? kind.few : kind.many,
    sabotage,
  }: { readonly total?: number | undefined; readonly sabotage?: B | undefined } = {},
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
  if (path !== undefined) await walkFrom(kind, [seed], { each: 1, path, sabotage, shrinks: false, tell });
  else if (options.short || sabotage)
    await walkFrom(kind, seeds, { each: Math.min(TOGETHER, total), sabotage, shrinks: !options.short, tell });
  else await onEveryCore(kind.name, seeds, tell);
  return {
    line: `${(path === undefined ? total : 1).toLocaleString('en')}: ${violations.length} violations`,
    violations,
  };
}

async function onEveryCore(kind: string, seeds: readonly number[], tell: Tell): Promise<void> {
  const cores = availableParallelism();
  const program = fileURLToPath(new URL('./core.js', import.meta.url));
  await Promise.all(
    Array.from({ length: cores }, async (_, core) => {
      const child = fork(program);
      const leave = () => void child.kill('SIGKILL');
      process.once('exit', leave);
      child.on('message', tell);
      const share: Share = { kind, seeds: seeds.filter((_, index) => index % cores === core), each: TOGETHER };
      child.send(share);
      // Its last news may still be on their way when it has ended.
      const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
      process.off('exit', leave);
      if (code !== 0) throw new Error(`a part of the sequences ended with ${code ?? signal}`);
    }),
  );
}
