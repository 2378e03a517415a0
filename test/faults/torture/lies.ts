/**
 * Listings that are cut, empty, full of garbage or of wrong types, and say that all is well: nothing that both sides
 * hold may be deleted for it. And sources that are empty or gone, which only the guard stands against.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../../src/server/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { job, serverSettings } from '../../builders/connect.ts';
import { type Drawing, draw, read } from '../../builders/drawing.ts';
import { type Lie, type LyingServer, lyingServer } from '../lying-server.ts';
import {
  count,
  type Harness,
  type HarnessOptions,
  type Outcome,
  progress,
  slice,
  spread,
  type Violation,
} from './harness.ts';
import { ferry, subject } from './subject.ts';
import { NEW, OLD } from './trees.ts';
import { attempt, explained } from './trial.ts';

type Bent = Omit<Lie, 'on'>;

const whole = (listing: string) => listing.split('\r\n').filter((line) => line !== '');
const joined = (lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('');
const half = (listing: string) => joined(whole(listing).slice(0, whole(listing).length / 2));
const torn = (listing: string) => listing.slice(0, Math.floor(listing.length * 0.6));

/** A file's line as a directory's and back, in each dialect. */
function otherKind(line: string): string {
  if (/type=file/.test(line)) return line.replace('type=file', 'type=dir');
  if (/type=dir/.test(line)) return line.replace('type=dir', 'type=file');
  if (/^-/.test(line)) return `d${line.slice(1)}`;
  if (/^d/.test(line)) return `-${line.slice(1)}`;
  if (/<DIR>/.test(line)) return line.replace('         <DIR>', '            12');
  return line.replace(/(\d\d:\d\d[AP]M) +\d+ /, '$1       <DIR>          ');
}

const otherSize = (line: string) =>
  line
    .replace(/size=\d+/, 'size=3')
    .replace(/^(-\S+ +\d+ +\S+ +\S+ +)\d+/, '$13')
    .replace(/([AP]M +)\d+ /, '$13 ');

const LIES: Readonly<Record<string, Bent>> = {
  empty: { tells: () => '' },
  'empty, with 426': { tells: () => '', reply: () => '426 Connection closed; transfer aborted' },
  'empty, with 450 No files found': { tells: () => '', reply: () => '450 No files found' },
  half: { tells: half },
  'the first line': { tells: (all) => joined(whole(all).slice(0, 1)) },
  'without the last line': { tells: (all) => joined(whole(all).slice(0, -1)) },
  'cut in a line': { tells: torn },
  'cut in a line, with 426': { tells: torn, reply: () => '426 Connection closed; transfer aborted' },
  'cut in a line, with 451': { tells: torn, reply: () => '451 Local error in processing' },
  'cut in a line, by a reset, with 226': { tells: torn, ends: 'reset' },
  'cut at a line, by a reset': { tells: half, ends: 'reset' },
  'cut at a line, the connection dropped': { tells: half, drops: true },
  'the last line not ended': { tells: (all) => all.slice(0, -2) },
  'garbage in the place of one line': {
    tells: (all) => joined(whole(all).map((line, at) => (at === 1 ? '%%% ?? \x01' : line))),
  },
  'nothing but garbage': { tells: (all) => joined(whole(all).map((_, at) => `?? ${'x'.repeat(at)}`)) },
  'every line twice': { tells: (all) => all + all },
  'every line twice, of other sizes': { tells: (all) => all + joined(whole(all).map(otherSize)) },
  'wrong types': { tells: (all) => joined(whole(all).map(otherKind)) },
  'wrong sizes': { tells: (all) => joined(whole(all).map(otherSize)) },
  'half, and says so': { tells: half, reply: () => '226 Output truncated to 3 matches' },
  'half, and counts all': { tells: half, reply: () => '226-Options: -a -l \r\n226 31 matches total' },
  'names in capitals': {
    tells: (all) => joined(whole(all).map((line) => line.replace(/\S+$/, (name) => name.toUpperCase()))),
  },
  'names that lead out': { tells: (all) => joined(whole(all).map((line) => line.replace(/(\S+)$/, '../$1'))) },
  'NUL in every line': { tells: (all) => joined(whole(all).map((line) => line.replace(/(\S)$/, '\0$1'))) },
  'one line without end': { tells: (all) => `${'x'.repeat(70_000)}${all}` },
};

const DIALECTS: Readonly<Record<string, Partial<ServerOptions>>> = {
  MLSD: {},
  LIST: { withoutFeatures: ['MLST'] },
  'LIST of IIS': { withoutFeatures: ['MLST'], listDialect: 'dos' },
};

/** Which directory is lied about, by a name that is in it alone. */
const PLACES: Readonly<Record<string, (listing: string) => boolean>> = {
  'the root': (listing) => /\be\.txt/.test(listing),
  'a directory': (listing) => /\bd\.txt/.test(listing),
};

interface Told {
  readonly lie: string;
  readonly dialect: string;
  readonly place: string;
  readonly direction: 'pull' | 'sync';
}

const ALL: readonly Told[] = Object.keys(LIES).flatMap((lie) =>
  Object.keys(DIALECTS).flatMap((dialect) =>
    Object.keys(PLACES).flatMap((place) =>
      (['pull', 'sync'] as const).map((direction) => ({ lie, dialect, place, direction })),
    ),
  ),
);

const title = ({ lie, dialect, place, direction }: Told) => `${direction}, ${dialect} of ${place}: ${lie}`;
const AT_ONCE = 8;

async function believe(one: Told, options: Partial<RunOptions>): Promise<{ violations: Violation[]; lied: number }> {
  const { lie, dialect, place, direction } = one;
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-lies-'));
  const server = await lyingServer(DIALECTS[dialect]);
  try {
    const settings = job(server, join(own, 'local'), {
      direction,
      retries: 1,
      maxDelete: { percent: 100 },
      server: serverSettings(server, { connections: 2 }),
    });
    let lied = 0;
    const tried = await attempt({
      direction,
      local: join(own, 'local'),
      remote: join(server.root, 'site'),
      state: join(own, 'state'),
      settings,
      before: OLD,
      after: NEW,
      options,
      begin: () => server.lie({ on: PLACES[place]!, ...LIES[lie]! }),
      end: () => {
        lied = server.lied;
        server.lie(undefined);
      },
    });
    // What a listing leaves out of what is new cannot be missed, and what it says that is not so must be told of,
    // though both sides agree.
    const counted = tried.violations.filter(({ wrong }) => wrong !== 'false success' && wrong !== 'wrong exit');
    return {
      violations: counted.map(({ wrong, what }) => ({
        wrong: wrong === 'lost' ? 'wrong delete' : wrong,
        what: `${title(one)}: ${what}`,
      })),
      lied,
    };
  } finally {
    await server.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

/** Sources that say nothing wrong and are empty all the same: an unmounted disk, a folder that was moved away. */
const EMPTIED = ['push', 'pull', 'sync'].flatMap((direction) =>
  ['empty', 'gone'].map((how) => ({ direction: direction as 'push' | 'pull' | 'sync', how })),
);

async function emptied(
  { direction, how }: (typeof EMPTIED)[number],
  options: Partial<RunOptions>,
): Promise<Violation[]> {
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-empty-'));
  const server: LyingServer = await lyingServer();
  try {
    const [local, remote, state] = [join(own, 'local'), join(server.root, 'site'), join(own, 'state')];
    const held: Drawing = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`d${n % 3}/f${n}.txt`, `${n}`]));
    const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
    for (const folder of [local, remote]) draw(folder, { keep: null });
    draw(source, held);
    const settings = job(server, local, { direction, retries: 1, server: serverSettings(server) });
    const first = await subject().run(settings, state);
    if (first.summary.exitCode !== 0) throw new Error(`the first run failed: ${explained(first)}`);
    rmSync(source, { recursive: true });
    if (how === 'empty') draw(source, { keep: null });
    const { summary } = await subject().run(settings, state, options);
    const left = read(destination);
    const missing = Object.keys(held).filter((path) => !(path in left));
    const what = `${direction} from a source that is ${how}`;
    if (missing.length > 0) return [{ wrong: 'wrong delete', what: `${what}: ${missing.length} files are gone` }];
    return summary.exitCode === 4 ? [] : [{ wrong: 'wrong exit', what: `${what}: exit ${summary.exitCode}` }];
  } finally {
    await server.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

/** @param run what is put in the place of parts of every run: the bench itself is tried so */
export async function tellLies(options: HarnessOptions, run: Partial<RunOptions> = {}): Promise<Outcome> {
  const all = slice(ALL, options, 10, title);
  const violations: Violation[] = [];
  const done = progress(options, all.length);
  let never = 0;
  await spread(all, Array(AT_ONCE).fill(undefined), async (one) => {
    const { violations: found, lied } = await believe(one, run);
    violations.push(...found);
    if (lied === 0) never++;
    if (lied === 0) options.say(`never told: ${title(one)}`);
    done();
  });
  // A tool that cannot go both ways is not asked to.
  for (const one of EMPTIED.filter(({ direction }) => direction !== 'sync' || subject() === ferry))
    violations.push(...(await emptied(one, run)));
  const wrong = count(violations, 'wrong delete');
  const others = violations.length - wrong;
  return {
    line: `${all.length}: ${wrong} wrong deletes${others > 0 ? `, ${others} otherwise wrong` : ''}`,
    violations,
    ...(never > 0 ? { tooFew: `${never} lies were never told` } : {}),
  };
}

export const lies: Harness = { name: 'lies', run: (options) => tellLies(options) };
