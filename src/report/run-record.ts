/** What is worth keeping of a run's events until it is over: a few of each kind, and how many there were. */
import type { Problem, RunEvent, Summary } from '../model/index.ts';

type Told<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

const MOST_CHANGES = 200;
const MOST_PROBLEMS = 100;
const MOST_WARNINGS = 20;

/** The first of many, and how many. */
export interface Some<T> {
  readonly first: readonly T[];
  readonly count: number;
}

export interface RunRecord {
  readonly start: Told<'start'> | undefined;
  readonly changes: Some<Told<'action'>>;
  readonly problems: Some<Problem>;
  readonly warnings: Some<string>;
  readonly summary: Summary | undefined;
}

/** Remembers one run after the other: a new start begins anew. */
export class Recorder implements RunRecord {
  start: Told<'start'> | undefined;
  summary: Summary | undefined;
  #changes = gathering<Told<'action'>>(MOST_CHANGES);
  #problems = gathering<Problem>(MOST_PROBLEMS);
  #warnings = gathering<string>(MOST_WARNINGS);

  get changes(): Some<Told<'action'>> {
    return this.#changes;
  }

  get problems(): Some<Problem> {
    return this.#problems;
  }

  get warnings(): Some<string> {
    return this.#warnings;
  }

  take(event: RunEvent): void {
    if (event.type === 'start') {
      this.start = event;
      this.summary = undefined;
      this.#changes = gathering(MOST_CHANGES);
      this.#problems = gathering(MOST_PROBLEMS);
      this.#warnings = gathering(MOST_WARNINGS);
    } else if (event.type === 'action' && event.status === 'done') this.#changes.add(event);
    else if (event.type === 'problem') this.#problems.add(event);
    else if (event.type === 'warning') this.#warnings.add(event.message);
    else if (event.type === 'summary') this.summary = event;
  }
}

function gathering<T>(most: number): Some<T> & { add(one: T): void } {
  const first: T[] = [];
  let count = 0;
  return {
    first,
    get count() {
      return count;
    },
    add(one) {
      count++;
      if (first.length < most) first.push(one);
    },
  };
}
