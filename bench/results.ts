// Keeps what the rows have found, and tells it: RESULTS.md, and the same on stdout. A run of some rows replaces those
// and leaves the others as they were.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { quickest, type Tally, typical } from './contest.ts';
import { type Finding, type Goal, reached } from './finding.ts';

export interface Account {
  readonly row: string;
  /** Day, ISO. */
  readonly when: string;
  readonly machine: string;
  readonly versions: string;
  readonly findings: readonly Finding[];
}

export function remember(file: string, fresh: readonly Account[], order: readonly string[]): Account[] {
  const accounts = [...recall(file).filter(({ row }) => !fresh.some((one) => one.row === row)), ...fresh].sort(
    (a, b) => order.indexOf(a.row) - order.indexOf(b.row),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(accounts, undefined, 1));
  return accounts;
}

function recall(file: string): Account[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'), (key, value) => (key === 'value' ? (value ?? Number.NaN) : value));
  } catch {
    return [];
  }
}

export function report(accounts: readonly Account[]): string {
  const findings = accounts.flatMap((account) => account.findings);
  const conditions = [...new Set(accounts.map(({ machine, versions }) => `${machine}\n${versions}`))];
  const sections = [
    '# Results',
    'Made by `npm run bench`. Times are medians, on the wall, of runs that took turns; a ratio below 1 is in Ferry’s favour.',
    ...conditions,
    table(['work', 'server', 'ferry', 'peer', 'ratio', 'goal', 'reached'], findings.flatMap(summaryLines)),
    '## Every contestant',
    'Seconds: median (least to most, number of runs); processor seconds: in the program and in the kernel for it; memory: the most at one time.',
    table(
      ['work', 'server', 'who', 'seconds', 'processor', 'memory', 'after'],
      findings.flatMap(({ work, server, ferry, peers }) =>
        [ferry, ...peers].map((tally) => [work, server, ...contestantCells(tally)]),
      ),
    ),
    ...notes(findings),
    '## Command lines',
    'Ferry’s password comes from `FERRY_PASSWORD`, its state from `FERRY_STATE`; all but the first run of a row that says so begin with an empty one.',
    ...commands(findings),
    `Measured: ${accounts.map(({ row, when }) => `${row} ${when}`).join(', ')}.`,
  ];
  return `${hidden(sections.join('\n\n'))}\n`;
}

function summaryLines({ work, server, ferry, peers, goals }: Finding): string[][] {
  const best = quickest(peers.filter(({ name }) => !name.startsWith('ferry')));
  const ratio = best === undefined ? '–' : (typical(ferry, 'seconds') / typical(best, 'seconds')).toFixed(2);
  const cells = [
    work,
    server,
    ferry.samples.length === 0 ? (ferry.failure ?? 'did not run').slice(0, 120) : seconds(typical(ferry, 'seconds')),
    best === undefined ? '–' : `${seconds(typical(best, 'seconds'))} ${best.name}`,
    ratio,
  ];
  if (goals.length === 0) return [[...cells, 'figure only', '–']];
  // Further goals of the same work stand below the first.
  return goals.map((goal, index) => [...(index === 0 ? cells : cells.map(() => '')), written(goal), verdict(goal)]);
}

const written = ({ bound, limit, of }: Goal): string => `${bound} ${limit} ${of}`;

function verdict(goal: Goal): string {
  if (Number.isNaN(goal.value)) return 'not measured';
  const figure = goal.value >= 20 ? goal.value.toFixed(0) : goal.value.toFixed(2);
  return `${reached(goal) ? 'yes' : '**no**'}: ${figure}`;
}

function contestantCells(tally: Tally): string[] {
  const { name, samples, failure, told } = tally;
  if (samples.length === 0) return [name, failure === undefined ? 'did not run' : `failed: ${failure}`, '', '', ''];
  const times = samples.map((sample) => sample.seconds);
  const spread = `${seconds(Math.min(...times))} to ${seconds(Math.max(...times))}, ${times.length}`;
  return [
    name,
    `${seconds(typical(tally, 'seconds'))} (${spread})`,
    `${typical(tally, 'user').toFixed(2)} + ${typical(tally, 'system').toFixed(2)}`,
    `${(typical(tally, 'peak') / 1e6).toFixed(0)} MB`,
    [told, failure && `then failed: ${failure}`].filter(Boolean).join('; '),
  ];
}

const seconds = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1));

function notes(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap(({ work, server, notes }) => notes.map((note) => `- ${work}, ${server}: ${note}`));
  return lines.length === 0 ? [] : ['## Notes', lines.join('\n')];
}

function commands(findings: readonly Finding[]): string[] {
  return findings.map(({ work, server, ferry, peers }) =>
    [`${work}, ${server}:`, '```sh', ...[ferry, ...peers].map(({ command }) => command).filter(Boolean), '```'].join(
      '\n',
    ),
  );
}

/** Throw-away names and passwords say nothing to a reader. */
const hidden = (text: string): string =>
  text
    .replaceAll(/\/[\w./-]*\/ferry-bench-\w{6}/g, 'FOLDER')
    .replaceAll(/\/[\w./-]*\/node /g, 'node ')
    .replaceAll(/\/[\w./-]*\/cli\/ferry\.js/g, 'dist/cli/ferry.js')
    .replaceAll(/ftp:\/\/\w+@/g, 'ftp://USER@')
    .replaceAll(/--ftp-user \w+/g, '--ftp-user USER')
    .replaceAll(/open -u [^,\s]+,[^\s;]+/g, 'open -u USER,PASSWORD')
    .replaceAll(/--user '?[^:\s]+:[^'\s]+'?/g, '--user USER:PASSWORD')
    .replaceAll(/--ftp-pass '?[^'\s]+'?/g, '--ftp-pass PASSWORD');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
