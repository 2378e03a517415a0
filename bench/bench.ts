// What every row is given: how often to run, and a folder that is gone afterwards.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../test/builders/scratch.ts';
import { type Contestant, contest, quickest, type Tally } from './contest.ts';
import type { Finding } from './finding.ts';

export interface Row {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Finding[]>;
}

export interface Choices {
  readonly runs: number;
  /** A third of the files and of the bytes, to see that everything works. */
  readonly quick: boolean;
  /** Folder for CPU profiles: only Ferry runs then, once. */
  readonly profile: string | undefined;
}

const roomNeeded = 8 * 2 ** 30;

export class Bench {
  readonly folder: string;
  readonly runs: number;
  readonly quick: boolean;
  readonly profile: string | undefined;
  /** What the peers are given, and the most that Ferry takes by itself. */
  readonly connections = 8;
  #made = 0;

  constructor({ runs, quick, profile }: Choices, under = scratchFolder(roomNeeded)) {
    this.runs = profile === undefined ? runs : 1;
    this.quick = quick;
    this.profile = profile;
    this.folder = mkdtempSync(join(under, 'ferry-bench-'));
  }

  /** An empty folder of its own. */
  newFolder(name: string): string {
    const folder = this.newName(name);
    mkdirSync(folder);
    return folder;
  }

  /** A path where nothing is. */
  newName(name: string): string {
    this.#made += 1;
    return join(this.folder, `${name}-${this.#made}`);
  }

  /**
   * Ferry against the quickest of several settings of a peer, the peer's first run deciding which that is. The tallies of
   * the slower settings keep their one run.
   */
  async against(ferry: Contestant, peers: readonly Contestant[]): Promise<{ ferry: Tally; peers: Tally[] }> {
    const rivals = this.profile === undefined ? peers : [];
    const [first, ...scouted] = await contest([ferry, ...rivals], rivals.length > 1 ? 1 : this.runs);
    const best = quickest(scouted);
    if (rivals.length < 2 || best === undefined || this.runs < 2) return { ferry: first!, peers: scouted };
    const rival = rivals.find(({ name }) => name === best.name)!;
    // The first round went one way round, so the next one goes the other.
    const [theirs, ours] = await contest([rival, ferry], this.runs - 1);
    const merged = scouted.map((tally) => (tally.name === best.name ? both(tally, theirs!) : tally));
    return { ferry: both(first!, ours!), peers: merged };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function both(earlier: Tally, later: Tally): Tally {
  return {
    ...later,
    command: later.command || earlier.command,
    samples: [...earlier.samples, ...later.samples],
    failure: earlier.failure ?? later.failure,
  };
}
