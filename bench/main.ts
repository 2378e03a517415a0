// `npm run bench [-- ROW...] [--runs N]`: measures Ferry beside lftp, rclone and curl, and writes what came out to
// bench/RESULTS.md.
//   --quick       a third of the files or less, to see that everything works; RESULTS.md stays as it is
//   --profile     Ferry alone, once, under Node's CPU profiler; RESULTS.md stays as it is
//   --folder DIR  where the trees and the servers' files are; in memory unless said, where there is room
//   --dist DIR    measures another build of Ferry, such as one of an earlier day
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench, type Row } from './bench.ts';
import { measureBuild, projectFolder } from './ferry.ts';
import { machine, versions, warnings } from './machine.ts';
import { profilesIn } from './profile.ts';
import { type Account, remember, report } from './results.ts';
import {
  downDistant,
  downNear,
  large,
  many,
  million,
  servingRow,
  unchangedDistant,
  upDistant,
  upNear,
} from './rows/index.ts';

const rows: readonly Row[] = [
  upDistant,
  unchangedDistant,
  upNear,
  downNear,
  downDistant,
  many,
  large,
  million,
  servingRow,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    folder: { type: 'string' },
    dist: { type: 'string', default: `${projectFolder}/dist` },
  },
});
const unknown = positionals.find((name) => !rows.some((row) => row.name === name));
const runs = Number(values.runs);
if (unknown !== undefined || !(runs >= 1)) {
  process.stderr.write(
    `${unknown === undefined ? '--runs takes a number from 1' : `There is no row ${unknown}`}.\n` +
      `Rows:\n${rows.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join('\n')}\n`,
  );
  process.exit(2);
}

measureBuild(resolve(values.dist));
const profiles = `${projectFolder}/.cache/bench-profiles`;
if (values.profile) mkdirSync(profiles, { recursive: true });
const bench = new Bench({ runs, quick: values.quick, profile: values.profile ? profiles : undefined }, values.folder);
// The servers and the folder go with the process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.once('exit', () => bench.close());

for (const warning of warnings()) process.stderr.write(`bench: ${warning}\n`);
const accounts: Account[] = [];
const order = rows.map(({ name }) => name);
for (const row of rows) {
  if (positionals.length > 0 && !positionals.includes(row.name)) continue;
  process.stderr.write(`${row.name}: ${row.title}\n`);
  const before = new Set(values.profile ? readdirSync(profiles) : []);
  const findings = await row.run(bench);
  if (values.profile) {
    for (const { name, text } of profilesIn(profiles, before))
      process.stdout.write(`${row.name}, ${name}\n${text}\n\n`);
    continue;
  }
  const when = new Date().toISOString().slice(0, 10);
  const account = { row: row.name, when, machine: machine(), versions: versions(), findings };
  accounts.push(account);
  if (values.quick) continue;
  // After every row: an interrupted bench has still measured what it has measured.
  const all = remember(`${projectFolder}/.cache/bench-results.json`, [account], order);
  writeFileSync(`${projectFolder}/bench/RESULTS.md`, report(all));
}
if (!values.profile) process.stdout.write(report(accounts));
