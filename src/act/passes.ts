/**
 * Takes many small steps, and those that did not succeed once more while that can help. A refusal concerns its own step;
 * a lost connection concerns all that are left. Every step must be one that can be taken again: its answer may have
 * been lost when it had succeeded.
 */
import type { Action, Lane } from '../model/index.ts';
import { isRetryable, retrying } from '../queue/index.ts';
import type { Acting } from './acting.ts';
import { isConnectionGone } from './failure.ts';

/** In place of an error: the step was left out because of another one that failed. */
export const LEFT_OUT = Symbol('left out');

export interface Pass<S> {
  /** Steps not taken yet, in order. Those that succeed are to be taken out. */
  readonly left: Set<S>;
  /** Why steps failed in this pass. */
  readonly failures: Map<S, unknown>;
}

/** @throws whatever breaks a pass off: a lost connection, in the end; an abort. */
export async function inPasses<S extends Action>(
  acting: Acting,
  steps: readonly S[],
  take: (pass: Pass<S>) => Promise<void>,
): Promise<void> {
  const { signal, attempts } = acting.options;
  const left = new Set(steps);
  const failures = new Map<S, unknown>();
  let before = left.size;
  const progressed = () => {
    const some = left.size < before;
    before = left.size;
    return some;
  };
  const once = async () => {
    failures.clear();
    if (left.size > 0) await take({ left, failures });
    // What failed for good may have done so because of one that can still succeed: a directory above it, say.
    const passing = [...failures.values()].find(isRetryable);
    if (passing) throw passing;
  };
  try {
    await retrying(once, { attempts, signal, progressed });
  } catch (error) {
    if (![...failures.values()].includes(error)) throw error;
  }
  for (const [step, error] of failures) {
    if (error === LEFT_OUT) acting.skipped(step);
    else acting.failed(step, error);
  }
}

/** Steps that are on their way before the oldest answer is waited for. */
const AHEAD = 256;

/**
 * Takes all steps of a pass, one after the other on the wire, without waiting for each one's answer. The lane is given
 * back at the end. @throws what breaks the pass off: the connection is gone.
 */
export async function inFlight<S extends Action>(
  { left, failures }: Pass<S>,
  lane: Lane,
  take: (step: S) => Promise<void>,
): Promise<void> {
  const underway: Promise<void>[] = [];
  const taken = async (step: S) => {
    try {
      await take(step);
      left.delete(step);
    } catch (error) {
      if (isConnectionGone(error)) throw error;
      failures.set(step, error);
    }
  };
  try {
    for (const one of [...left]) {
      const step = taken(one);
      step.catch(() => undefined);
      underway.push(step);
      if (underway.length >= AHEAD) await Promise.all(underway.splice(0, AHEAD / 2));
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
    lane.release();
  }
}
