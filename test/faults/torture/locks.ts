/** Many processes that want one lock, and locks that dead processes left: never two holders, never nobody let in. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisOwner } from '../../../src/state/owner.ts';
import type { Harness, HarnessOptions, Outcome, Violation } from './harness.ts';
import { projectFolder } from './project.ts';

const CONTENDER = join(projectFolder(), 'test/faults/torture/children/contender.mjs');
/** ms until a process that gets no lock has been locked out. */
const PATIENCE = 900_000;
/** Processes that find one stale lock at the same time. */
const FINDERS = 3;

async function contend(directory: string, guarded: string, rounds: number): Promise<string[]> {
  const args = [CONTENDER, directory, guarded, String(rounds), String(PATIENCE)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  await new Promise<void>((done) => child.once('close', () => done()));
  return said.split('\n').slice(0, -1);
}

async function contest(processes: number, rounds: number, directory: string): Promise<Violation[]> {
  const told = await Promise.all(
    Array.from({ length: processes }, () => contend(join(directory, 'job'), join(directory, 'guarded'), rounds)),
  );
  const violations: Violation[] = told
    .flat()
    .filter((line) => line !== 'held')
    .map((what) => ({ wrong: what.startsWith('overlap') ? 'overwrite' : 'lost', what }));
  const held = told.flat().filter((line) => line === 'held').length;
  if (violations.length === 0 && held !== processes * rounds) {
    violations.push({ wrong: 'lost', what: `${held} of ${processes * rounds} rounds were held` });
  }
  return violations;
}

export const locks: Harness = {
  name: 'locks',
  async run({ short, say }: HarnessOptions): Promise<Outcome> {
    const [processes, rounds, stale] = short ? [3, 5, 2] : [20, 200, 200];
    const own = mkdtempSync(join(tmpdir(), 'ferry-torture-locks-'));
    try {
      const violations = await contest(processes, rounds, own);
      say(`${processes} processes, ${rounds} rounds each`);
      for (let n = 0; n < stale; n++) {
        const directory = join(own, `stale${n}`);
        mkdirSync(join(directory, 'job'), { recursive: true });
        const pid = spawnSync(process.execPath, ['-e', '']).pid;
        const owner = { ...thisOwner('contest'), pid };
        writeFileSync(join(directory, 'job', 'lock'), JSON.stringify({ id: `stale-${n}`, owner }));
        // Every other one was being taken over by a process that died too.
        if (n % 2 === 1)
          writeFileSync(join(directory, 'job', `lock-stale-${n}.claim`), JSON.stringify({ id: `claim-${n}`, owner }));
        violations.push(...(await contest(FINDERS, 1, directory)));
      }
      const overlaps = violations.filter(({ wrong }) => wrong === 'overwrite').length;
      return {
        line: `${processes} processes x ${rounds} rounds, ${stale} stale locks: ${overlaps} overlaps, ${violations.length - overlaps} lock-outs`,
        violations,
      };
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  },
};
