/** The decisions against the plain rules, by the million: the properties of `test/diff`, in two processes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Harness, HarnessOptions, Outcome, Violation } from './harness.ts';
import { projectFolder } from './project.ts';

const SUITE = 'test/diff/properties.test.ts';
const CASES = 1_000_000;
const PROCESSES = 2;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

async function prove(runs: number, seed: number): Promise<{ held: number; violations: Violation[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-torture-diff-'));
  const report = join(folder, 'report.json');
  const env = { ...process.env, FERRY_RUNS: String(runs), FERRY_SEED: String(seed) };
  const vitest = join(projectFolder(), 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', SUITE, '--reporter=json', `--outputFile=${report}`];
  try {
    const child = spawn(process.execPath, args, { env, cwd: projectFolder(), stdio: ['ignore', 'ignore', 'ignore'] });
    await new Promise<void>((done) => child.once('close', () => done()));
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const properties = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = properties.filter(({ status }) => status !== 'passed');
    return {
      held: properties.length - failed.length,
      violations: failed.map(({ title, failureMessages }) => ({
        wrong: 'wrong delete',
        what: `FERRY_SEED=${seed} FERRY_RUNS=${runs}: ${title}: ${failureMessages.join('\n')}`,
      })),
    };
  } catch (error) {
    return { held: 0, violations: [{ wrong: 'crash', what: `seed ${seed}: ${(error as Error).message}` }] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const diff: Harness = {
  name: 'diff',
  async run({ short, seed }: HarnessOptions): Promise<Outcome> {
    // In `npm test` the properties run by themselves: to run them here as well would show nothing more.
    if (short) return { line: 'the properties of test/diff, which npm test runs', violations: [] };
    const properties = 5;
    const runs = Math.ceil(CASES / properties / PROCESSES);
    const proofs = await Promise.all(Array.from({ length: PROCESSES }, (_, n) => prove(runs, (seed + n) % 2 ** 31)));
    const violations = proofs.flatMap((proof) => proof.violations);
    const cases = proofs.reduce((sum, { held }) => sum + held * runs, 0);
    const line = `${cases.toLocaleString('en')} cases: ${violations.length} counterexamples`;
    return {
      line,
      violations,
      ...(cases < CASES && violations.length === 0 ? { tooFew: 'fewer cases than asked for' } : {}),
    };
  },
};
