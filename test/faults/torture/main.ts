/**
 * `npm run torture [-- HARNESS...] [--short] [--seed N] [--only REGEX] [--path P]`: what may go wrong, made to go wrong, and every
 * byte looked at afterwards. Prints one line a harness; exit code 1 if one of them is not as it should be.
 * `proxy --server NAME` cuts connections to vsftpd, proftpd, pure-ftpd or pyftpdlib, or to all of them that are here. With
 * `--peers` the same faults befall lftp and rclone, for comparison; no line of theirs makes the exit code bad.
 */
// First, before anything takes the calls of the file system for its own.
import './fs-faults.ts';
import { parseArgs } from 'node:util';
import { scratchFolder } from '../../builders/scratch.ts';
import { availableServers, type ServerName } from '../../servers/index.ts';
import { type Harness, isGood } from './harness.ts';
import { HARNESSES } from './harnesses.ts';
import { lies } from './lies.ts';
import { peers } from './peers.ts';
import { proxy } from './proxy.ts';
import { scripted } from './scripted.ts';
import { ferry, putThrough } from './subject.ts';

const MOST_TOLD = 20;
const USAGE =
  'npm run torture [-- HARNESS... [--short] [--seed N] [--only REGEX] [--path P] [--server NAME] [--peers]]; docs/torture.md tells more';

const { values, positionals } = given();
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const unknown = positionals.find((name) => !HARNESSES.some((harness) => harness.name === name));
if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  const names = HARNESSES.map(({ name }) => name).join(', ');
  process.stderr.write(
    unknown === undefined ? '--seed takes a number\n' : `There is no harness ${unknown}. There are: ${names}\n`,
  );
  process.exit(2);
}

process.env.TMPDIR = scratchFolder(4 * 2 ** 30);
process.stderr.write(`torture: seed ${seed}\n`);
if (values.peers) {
  await compare();
  process.exit(0);
}
let good = true;
for (const server of servers()) {
  for (const harness of HARNESSES) if (isMeant(harness)) await put(harness, server);
}
// What a fault left standing is no reason to wait.
process.exit(good ? 0 : 1);

function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        short: { type: 'boolean', default: false },
        seed: { type: 'string' },
        only: { type: 'string' },
        path: { type: 'string' },
        peers: { type: 'boolean', default: false },
        server: { type: 'string' },
      },
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}

/** Whose turn it is; undefined: our own server. What is not installed is said, and left out. */
function servers(): readonly (ServerName | undefined)[] {
  if (values.server === undefined) return [undefined];
  const known = availableServers();
  const meant = known.filter(({ name }) => values.server === 'all' || name === values.server);
  const others = positionals.length !== 1 || positionals[0] !== proxy.name;
  if (meant.length === 0 || others) {
    const names = known.map(({ name }) => name).join(', ');
    process.stderr.write(`--server is for the harness ${proxy.name}, and takes all, or one of ${names}\n`);
    process.exit(2);
  }
  for (const { name, available, why } of meant) if (!available) process.stderr.write(`left out: ${name} (${why})\n`);
  return meant.flatMap(({ name, available }) => (available ? [name] : []));
}

function isMeant({ name }: Harness): boolean {
  return positionals.length === 0 || positionals.includes(name);
}

async function put(harness: Harness, server: ServerName | undefined): Promise<void> {
  const since = performance.now();
  const say = (text: string) => void process.stderr.write(`  ${harness.name}: ${text}\n`);
  const only = values.only === undefined ? {} : { only: new RegExp(values.only) };
  const path = values.path === undefined ? {} : { path: values.path };
  const more = { ...only, ...path, ...(server && { server }) };
  const outcome = await harness.run({ short: values.short, seed, say, ...more });
  const seconds = Math.round((performance.now() - since) / 1000);
  for (const { wrong, what } of outcome.violations.slice(0, MOST_TOLD)) say(`${wrong}: ${what}`);
  if (outcome.violations.length > MOST_TOLD) say(`and ${outcome.violations.length - MOST_TOLD} more`);
  if (outcome.tooFew !== undefined) say(outcome.tooFew);
  process.stdout.write(`${isGood(outcome) ? 'ok ' : 'BAD'} ${harness.name}: ${outcome.line} (${seconds} s)\n`);
  good &&= isGood(outcome);
}

/** What every tool can be asked for: one way, without TLS, and by names that all of them have. */
async function compare(): Promise<void> {
  const tried: [typeof proxy, RegExp][] = [
    [proxy, /^(STOR|RETR|MLSD) .*plain/],
    [scripted, /^(STOR|RETR|MLSD|DELE|MKD|EPSV) answered (421|450|451|550|553) once/],
    [lies, /^pull, (MLSD|LIST) of/],
  ];
  for (const who of [ferry, ...peers()]) {
    putThrough(who);
    for (const [harness, only] of tried) {
      if (!isMeant(harness)) continue;
      const outcome = await harness.run({ short: values.short, seed, only, say: () => {} });
      const kinds = new Map<string, number>();
      for (const { wrong } of outcome.violations) kinds.set(wrong, (kinds.get(wrong) ?? 0) + 1);
      const all = [...kinds].map(([wrong, times]) => `${times} ${wrong}`).join(', ') || 'nothing wrong';
      const trials = /^[\d,]+/.exec(outcome.line)?.[0];
      process.stdout.write(`${who.name}, ${harness.name}: ${trials} trials: ${all}\n`);
    }
  }
}
