/**
 * Names that servers, disks and terminals trip over, by the thousand, each way: carried exactly or told of, and nothing
 * else is written, replaced or deleted for them. On the way down the listing holds names that lead out as well.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { job, serverSettings } from '../../builders/connect.ts';
import { perform } from '../../builders/perform.ts';
import { type LyingServer, lyingServer } from '../lying-server.ts';
import { chance, count, type Harness, type HarnessOptions, type Outcome, pick, type Violation } from './harness.ts';
import { explained } from './trial.ts';

const PIECES = [
  'a',
  'b',
  'Z',
  '0',
  'é',
  'e\u0301',
  'ß',
  'İ',
  'ſ',
  '日本',
  '\u{1f600}',
  '\u200b',
  '\u202e',
  '\ufeff',
  '\u00a0',
  ' ',
  '  ',
  '.',
  '..',
  '...',
  '-',
  '--',
  '~',
  '*',
  '?',
  '[',
  ']',
  '{',
  '}',
  '\\',
  '\\\\',
  ':',
  '|',
  '<',
  '>',
  '"',
  "'",
  '`',
  '$(x)',
  '%00',
  '%2f',
  ';',
  '&',
  '#',
  '!',
  '\t',
  '\x01',
  '\x1b[2J',
  '\x7f',
  '\u0085',
  '\n',
  '\r',
  '\r\n',
  '\nDELE canary.txt\r\n',
  '\nQUIT\r\n',
  ' -> ',
  '.git',
  '.ferryignore',
  'CON',
  'NUL.txt',
  'LPT1',
  '; type=dir',
  'total 12',
  'drwxr-xr-x',
  'AAAAAAAAAA',
  '\u1100\u1161',
] as const;
/** Bytes that are no UTF-8. */
const BROKEN = [[0xff], [0xc3], [0xff, 0xf4], [0xff, 0xff], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0x80]] as const;

/** One name in bytes, as a file system on Linux takes it. */
function hostileName(random: () => number): Buffer {
  const parts: Buffer[] = [];
  for (let more = 1 + Math.floor(random() * 4); more > 0; more--) {
    parts.push(random() < 0.05 ? Buffer.from(pick(random, BROKEN)) : Buffer.from(pick(random, PIECES)));
  }
  if (random() < 0.03) parts.push(Buffer.from('x'.repeat(255)));
  return Buffer.concat(parts).subarray(0, 255);
}

/** Different names, as bytes in latin1, none of which is one of Ferry's own or means something to a file system. */
function hostileNames(random: () => number, many: number): string[] {
  const names = new Set<string>();
  while (names.size < many) {
    const name = hostileName(random).toString('latin1');
    if (name === '.' || name === '..' || name === '' || name === '.ferryignore' || name.endsWith('.ferry')) continue;
    names.add(name);
  }
  return [...names];
}

const at = (folder: string, name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);

/** What a folder holds, by the bytes of the names. */
function contents(folder: string): Map<string, string> {
  const names = readdirSync(Buffer.from(folder), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  return new Map(names.map((name) => [name, readFileSync(at(folder, name), 'utf8')]));
}

/** Lines that no file can be behind, one of each. */
const IMPOSSIBLE = [
  '../canary.txt',
  '../../canary.txt',
  '/canary.txt',
  'sub/canary.txt',
  '..',
  '.',
  '',
  'x\0y',
  '..\\canary.txt',
];

const CANARY = 'nobody may touch this';
const PER_FOLDER = 250;

/** One folder of names, half of which are on the other side already, with other content. */
async function carry(
  direction: 'push' | 'pull',
  names: readonly string[],
  server: LyingServer,
  own: string,
  index: number,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  const wrong = (kind: Violation['wrong'], what: string) =>
    violations.push({ wrong: kind, what: `${direction}, folder ${index}: ${what}` });
  const near = join(own, `near${index}`);
  const far = join(server.root, `far${index}`);
  const [local, remote] = [join(near, 'pair'), join(far, 'pair')];
  for (const folder of [local, remote]) mkdirSync(folder, { recursive: true });
  for (const folder of [near, far, server.root]) writeFileSync(join(folder, 'canary.txt'), CANARY);
  const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
  names.forEach((name, n) => {
    writeFileSync(at(source, name), `new ${n}`);
    if (n % 2 === 0) writeFileSync(at(destination, name), `old ${n}, and longer`);
  });
  const sent = contents(source);
  const planted = contents(destination);

  const settings = job(server, local, {
    direction,
    delete: 'all',
    remote: `/far${index}/pair`,
    retries: 1,
    maxDelete: { percent: 100 },
    server: serverSettings(server, { connections: 4 }),
  });
  const lines = IMPOSSIBLE.map((name) => `type=file;size=5;modify=20260101000000; ${name}\r\n`).join('');
  if (direction === 'pull') server.lie({ on: () => true, tells: (listing) => listing + lines });
  const { summary, problems } = await perform(settings, join(own, `state${index}`));
  server.lie(undefined);

  const arrived = contents(destination);
  let short = 0;
  for (const [name, content] of arrived) {
    const shown = JSON.stringify(name);
    if (name.endsWith('.ferry')) wrong('orphan', shown);
    else if (!sent.has(name)) wrong('escape', `${shown} came from nowhere`);
    else if (content !== sent.get(name) && content !== planted.get(name))
      wrong('overwrite', `${shown} holds '${content}'`);
  }
  for (const [name, content] of sent) {
    if (planted.has(name) && !arrived.has(name)) wrong('wrong delete', `${JSON.stringify(name)} is gone`);
    // A listing cannot hold a name with a line break: what a server leaves out nobody can miss.
    const shown = direction === 'push' || !/[\r\n]/.test(name);
    if (shown && arrived.get(name) !== content) short++;
  }
  const now = contents(source);
  for (const [name, content] of sent)
    if (now.get(name) !== content) wrong('lost', `${JSON.stringify(name)} at the source`);
  if (now.size !== sent.size) wrong('escape', 'the source has other names than before');
  for (const folder of [near, far, server.root]) {
    if (readFileSync(join(folder, 'canary.txt'), 'utf8') !== CANARY) wrong('escape', `the canary in ${folder}`);
  }
  for (const folder of [near, far]) if (readdirSync(folder).length !== 2) wrong('escape', `something new in ${folder}`);
  if (summary.exitCode === 1) wrong('crash', `${summary.message}`);
  if (short > 0 && summary.exitCode === 0) wrong('false success', `${short} names did not get there`);
  if (short > problems.length)
    wrong('false success', `${short} names did not get there, ${problems.length} were told of`);
  if (summary.exitCode === 5 || summary.exitCode === 4) wrong('wrong exit', explained({ summary, problems } as never));
  return violations;
}

export const names: Harness = {
  name: 'names',
  async run({ short, seed, say }: HarnessOptions): Promise<Outcome> {
    const many = short ? 100 : 5000;
    const own = mkdtempSync(join(tmpdir(), 'ferry-torture-names-'));
    const server = await lyingServer();
    const violations: Violation[] = [];
    try {
      let index = 0;
      for (const direction of ['push', 'pull'] as const) {
        const all = hostileNames(chance(seed + index), many);
        for (let from = 0; from < all.length; from += PER_FOLDER) {
          violations.push(...(await carry(direction, all.slice(from, from + PER_FOLDER), server, own, index++)));
        }
        say(`${direction}: ${all.length}`);
      }
    } finally {
      await server.stop();
      rmSync(own, { recursive: true, force: true });
    }
    const [escapes, overwrites] = [count(violations, 'escape'), count(violations, 'overwrite', 'lost')];
    const deletes = count(violations, 'wrong delete');
    const others = violations.length - escapes - overwrites - deletes;
    return {
      line:
        `${many.toLocaleString('en')} names each way: ${escapes} escapes, ${overwrites} overwrites, ${deletes} wrong deletes` +
        (others > 0 ? `, ${others} otherwise wrong` : ''),
      violations,
    };
  },
};
