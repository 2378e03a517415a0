// Lets several contestants do the same work in turn, A B A B, so that what else the machine does falls on all of them.
import { type Command, DidNotWork, type Sample, timed } from './measure.ts';

export interface Contestant {
  readonly name: string;
  /** Puts everything in place for one run and answers the command; this is not timed. */
  begin(run: number): Command | Promise<Command>;
  /** Looks, untimed, at what a run has done and clears it away. Answers what should be told of it. @throws DidNotWork. */
  end?(run: number): string | undefined | Promise<string | undefined>;
}

export interface Tally {
  readonly name: string;
  readonly command: string;
  readonly samples: readonly Sample[];
  /** What the last run that was looked at gave to tell. */
  readonly told?: string | undefined;
  /** Why it has no samples, or fewer than it should. */
  readonly failure?: string | undefined;
}

export async function contest(contestants: readonly Contestant[], runs: number): Promise<Tally[]> {
  const entries = contestants.map((contestant) => ({
    contestant,
    command: '',
    samples: [] as Sample[],
    told: undefined as string | undefined,
    failure: undefined as string | undefined,
  }));
  for (let run = 1; run <= runs; run += 1) {
    // Whoever was first is last in the next round.
    for (const entry of run % 2 === 1 ? entries : [...entries].reverse()) {
      if (entry.failure !== undefined) continue;
      const { contestant } = entry;
      try {
        const command = await contestant.begin(run);
        entry.command = written(command);
        const sample = await timed(command);
        entry.told = (await contestant.end?.(run)) ?? entry.told;
        entry.samples.push(sample);
        process.stderr.write(`    ${contestant.name}: ${sample.seconds.toFixed(2)} s\n`);
      } catch (error) {
        if (!(error instanceof DidNotWork)) throw error;
        entry.failure = error.message;
        process.stderr.write(`    ${contestant.name}: ${error.message}\n`);
      }
    }
  }
  return entries.map(({ contestant, ...entry }) => ({ name: contestant.name, ...entry }));
}

function written({ program, args }: Command): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of one figure over all runs. */
export const typical = (tally: Tally, figure: keyof Sample): number =>
  median(tally.samples.map((sample) => sample[figure]));

/** The quickest of several tallies of the same work, by median; undefined when none has worked. */
export function quickest(tallies: readonly Tally[]): Tally | undefined {
  return tallies
    .filter(({ samples, failure }) => samples.length > 0 && failure === undefined)
    .sort((a, b) => typical(a, 'seconds') - typical(b, 'seconds'))[0];
}
