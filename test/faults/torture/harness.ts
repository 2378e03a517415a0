/** What every harness of the torture bench is: many trials, each audited, and one line that says what came of them. */
import type { ServerName } from '../../servers/index.ts';

/** What an audit can find; the invariants I1 to I7, one word each. */
export type Wrong =
  | 'lost'
  | 'torn'
  | 'wrong delete'
  | 'false success'
  | 'wrong exit'
  | 'unconverged'
  | 'orphan'
  | 'escape'
  | 'overwrite'
  | 'secret'
  | 'hang'
  | 'crash';

export interface Violation {
  readonly wrong: Wrong;
  /** What happened, and how to see it again. */
  readonly what: string;
}

export interface HarnessOptions {
  /** A slice that takes seconds. */
  readonly short: boolean;
  /** Whatever is left to chance follows from it. */
  readonly seed: number;
  /** Told how far it is; for people. */
  readonly say: (text: string) => void;
  /** Takes only the trials whose title matches. */
  readonly only?: RegExp;
  /** A real server in the place of our own, where the harness can do with one. */
  readonly server?: ServerName;
  /** Of one trial that failed, as it was said then: takes that one alone. */
  readonly path?: string;
}

export interface Outcome {
  /** The line that is printed. */
  readonly line: string;
  readonly violations: readonly Violation[];
  /** Whether fewer trials took effect than must, though nothing went wrong in them. */
  readonly tooFew?: string;
}

export interface Harness {
  readonly name: string;
  run(options: HarnessOptions): Promise<Outcome>;
}

/** Whether the line is as it should be. */
export const isGood = ({ violations, tooFew }: Outcome): boolean => violations.length === 0 && tooFew === undefined;

/** How many violations of these kinds there are. */
export function count(violations: readonly Violation[], ...wrongs: Wrong[]): number {
  return violations.filter(({ wrong }) => wrongs.includes(wrong)).length;
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: () => number, some: readonly T[]): T {
  return some[Math.floor(random() * some.length)]!;
}

/** Of a long list, some that are spread over all of it; which ones follows from the seed. */
export function slice<T>(
  all: readonly T[],
  { short, seed, only }: HarnessOptions,
  many: number,
  title: (one: T) => string,
): T[] {
  const matching = only ? all.filter((one) => only.test(title(one))) : all;
  if (!short || matching.length <= many) return [...matching];
  const random = chance(seed);
  return Array.from({ length: many }, (_, index) => {
    const from = Math.floor((index * matching.length) / many);
    const to = Math.floor(((index + 1) * matching.length) / many);
    return matching[from + Math.floor(random() * (to - from))]!;
  });
}

/** Takes all of them, so many at a time; each worker has something of its own to work with. */
export async function spread<T, W>(
  all: readonly T[],
  workers: readonly W[],
  take: (one: T, worker: W, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    workers.map(async (worker) => {
      for (let index = next++; index < all.length; index = next++) await take(all[index]!, worker, index);
    }),
  );
}

/** Resolves with whether it was over in time. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Says now and then how many of how many are done. */
export function progress({ say }: HarnessOptions, total: number): () => void {
  let done = 0;
  let told = Date.now();
  return () => {
    done++;
    if (Date.now() - told < 15_000) return;
    told = Date.now();
    say(`${done} of ${total}`);
  };
}
