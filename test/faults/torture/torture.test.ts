/** A slice of every harness of the torture bench; `npm run torture` runs them whole. */
// First, before anything takes the calls of the file system for its own.
import './fs-faults.ts';
import { describe, expect, test } from 'vitest';
import { isGood } from './harness.ts';
import { HARNESSES } from './harnesses.ts';

// Another slice every day, and the same one all day, so that what fails can be seen again.
const seed = Number(process.env.FERRY_SEED ?? Math.floor(Date.now() / 86_400_000));

describe(`a slice, FERRY_SEED=${seed}`, () => {
  test.concurrent.each(HARNESSES)('$name', { timeout: 240_000 }, async (harness) => {
    const told: string[] = [];
    const outcome = await harness.run({ short: true, seed, say: (text) => told.push(text) });
    const what = outcome.violations.map((violation) => `${violation.wrong}: ${violation.what}`);
    expect([outcome.line, outcome.tooFew, ...what, ...(isGood(outcome) ? [] : told)]).toEqual([
      outcome.line,
      undefined,
    ]);
  });
});
