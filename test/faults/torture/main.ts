/**
 * `npm run torture [-- HARNESS...] [--short] [--seed N] [--only REGEX]`: what may go wrong, made to go wrong, and every
 * byte looked at afterwards. Prints one line a harness; exit code 1 if one of them is not as it should be.
 */
// First, before anything takes the calls of the file system for its own.
import './fs-faults.ts';
import { parseArgs } from 'node:util';
import { isGood } from './harness.ts';
import { HARNESSES } from './harnesses.ts';

const MOST_TOLD = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const unknown = positionals.find((name) => !HARNESSES.some((harness) => harness.name === name));
if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  const names = HARNESSES.map(({ name }) => name).join(', ');
  process.stderr.write(
    unknown === undefined ? '--seed takes a number\n' : `There is no harness ${unknown}. There are: ${names}\n`,
  );
  process.exit(2);
}

process.stderr.write(`torture: seed ${seed}\n`);
let good = true;
for (const harness of HARNESSES) {
  if (positionals.length > 0 && !positionals.includes(harness.name)) continue;
  const since = performance.now();
  const say = (text: string) => void process.stderr.write(`  ${harness.name}: ${text}\n`);
  const only = values.only === undefined ? {} : { only: new RegExp(values.only) };
  const outcome = await harness.run({ short: values.short, seed, say, ...only });
  const seconds = Math.round((performance.now() - since) / 1000);
  for (const { wrong, what } of outcome.violations.slice(0, MOST_TOLD)) say(`${wrong}: ${what}`);
  if (outcome.violations.length > MOST_TOLD) say(`and ${outcome.violations.length - MOST_TOLD} more`);
  if (outcome.tooFew !== undefined) say(outcome.tooFew);
  process.stdout.write(`${isGood(outcome) ? 'ok ' : 'BAD'} ${harness.name}: ${outcome.line} (${seconds} s)\n`);
  good &&= isGood(outcome);
}
// What a fault left standing is no reason to wait.
process.exit(good ? 0 : 1);
