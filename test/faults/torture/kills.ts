/**
 * Runs that are killed, in the very call that a named point stands for and at random moments: whole files on both
 * sides, and the next run puts everything right.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JobSettings } from '../../../src/config/settings.ts';
import { FtpServer } from '../../../src/server/index.ts';
import { job, serverSettings } from '../../builders/connect.ts';
import { type Drawing, read } from '../../builders/drawing.ts';
import { perform } from '../../builders/perform.ts';
import type { AnyServer } from '../../servers/every-server.ts';
import {
  chance,
  count,
  type Harness,
  type HarnessOptions,
  type Outcome,
  pick,
  progress,
  slice,
  spread,
  type Violation,
} from './harness.ts';
import { projectFolder } from './project.ts';
import { stripes } from './trees.ts';
import { audit, become, difference, explained, temporaries } from './trial.ts';

/** Where a run is killed, and on which way. On a server without rename-over an upload swaps names. */
const POINTS: readonly (readonly [point: string, direction: 'push' | 'pull', swaps?: boolean])[] = [
  ['memory.saveCheckpoint before', 'push'],
  ['memory.saveCheckpoint after', 'push'],
  ['lane.write before', 'push'],
  ['lane.write within', 'push'],
  ['lane.write after', 'push'],
  ['lane.setModified after', 'push'],
  ['lane.inspect after', 'push'],
  ['lane.rename before', 'push'],
  ['lane.rename after', 'push'],
  ['memory.learn before', 'push'],
  ['memory.learn after', 'push'],
  ['lane.makeDirectory after', 'push'],
  ['lane.remove after', 'push'],
  ['lane.removeDirectory after', 'push'],
  ['memory.saveSwap after', 'push', true],
  ['lane.rename after', 'push', true],
  ['memory.dropSwap before', 'push', true],
  ['memory.saveCheckpoint after', 'pull'],
  ['stage.write after', 'pull'],
  ['stage.commit before', 'pull'],
  ['fs.link after', 'pull'],
  ['fs.rename after', 'pull'],
  ['local.flush after', 'pull'],
  ['memory.learn after', 'pull'],
  ['local.remove after', 'pull'],
];
const TIMES = 20;
const AT_RANDOM = 500;
const AT_ONCE = 3;
const MUST_LAND = 0.95;

interface Kill {
  readonly direction: 'push' | 'pull';
  readonly swaps: boolean;
  /** A point and which of its passings; or a share of the time that a whole run takes. */
  readonly at: { readonly point: string; readonly nth: number } | { readonly share: number };
}

function everyKill(seed: number): Kill[] {
  const random = chance(seed);
  const named = POINTS.flatMap(([point, direction, swaps = false]) =>
    Array.from({ length: TIMES }, (_, n): Kill => ({ direction, swaps, at: { point, nth: 1 + (n % 3) } })),
  );
  const some = Array.from({ length: AT_RANDOM }, (_, n): Kill => {
    const direction = n % 2 === 0 ? 'push' : 'pull';
    return { direction, swaps: direction === 'push' && n % 8 === 0, at: { share: 0.2 + 0.8 * random() } };
  });
  return [...named, ...some];
}

const title = ({ direction, swaps, at }: Kill) =>
  `${direction}${swaps ? ', swapping' : ''}: ${'point' in at ? `${at.point}, number ${at.nth}` : `after ${Math.round(at.share * 100)} %`}`;

/** Two versions of one tree: files that change, come and go, directories that come and go, a big one that resumes. */
function version(mark: string, other: string): Drawing {
  const drawing: Record<string, string> = { [`only-${mark}/x.txt`]: mark, [`only-${mark}/y.txt`]: mark };
  for (let n = 0; n < 9; n++) drawing[`d${n % 3}/f${n}.txt`] = stripes(mark, 100 + 10 * n + (mark < other ? 1 : 2));
  for (let n = 0; n < 3; n++) drawing[`gone-${other}${n}.txt`] = 'goes';
  drawing['big.bin'] = stripes(mark, mark < other ? 1_300_001 : 1_250_000);
  return drawing;
}

const VERSIONS = [version('a', 'b'), version('b', 'a')] as const;

/** A server, and a pair of folders that is killed over and over. */
class Pen {
  readonly own = mkdtempSync(join(tmpdir(), 'ferry-torture-kills-'));
  private readonly servers = new Map<boolean, { server: FtpServer; handle: AnyServer }>();
  /** ms that whole runs took, the slowest of the last. */
  took = new Map<string, number>();

  async server(swaps: boolean): Promise<AnyServer> {
    const known = this.servers.get(swaps);
    if (known) return known.handle;
    const root = join(this.own, swaps ? 'swapping' : 'server');
    mkdirSync(root);
    const user = { name: 'tester', password: 'geheim-42', home: root };
    const server = new FtpServer({ users: [user], noRenameOver: swaps });
    const { host, port } = await server.listen();
    const handle: AnyServer = {
      name: 'ours',
      host,
      port,
      user: user.name,
      password: user.password,
      root,
      tls: 'none',
      ca: '',
      log: () => '',
      stop: () => server.close(0),
    };
    this.servers.set(swaps, { server, handle });
    return handle;
  }

  async end(): Promise<void> {
    for (const { server } of this.servers.values()) await server.close(0);
    rmSync(this.own, { recursive: true, force: true });
  }
}

const VICTIM = join(projectFolder(), 'test/faults/torture/children/victim.mjs');

interface Died {
  readonly landed: boolean;
  readonly took: number;
}

async function victim(
  settings: JobSettings,
  password: string,
  state: string,
  at: Kill['at'] | undefined,
  whole: number,
): Promise<Died> {
  const plain = { ...settings, server: { ...settings.server, password } };
  const spec = { job: plain, state, ...(at && 'point' in at ? { at: at.point, nth: at.nth } : {}) };
  const since = performance.now();
  const child = spawn(process.execPath, [VICTIM, JSON.stringify(spec)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const timer = at && 'share' in at ? setTimeout(() => child.kill('SIGKILL'), at.share * whole) : undefined;
  const patience = setTimeout(() => child.kill('SIGTERM'), 60_000);
  const signal = await new Promise<NodeJS.Signals | null>((done) => child.once('close', (_, by) => done(by)));
  clearTimeout(timer);
  clearTimeout(patience);
  return { landed: signal === 'SIGKILL', took: performance.now() - since };
}

/** A folder once nothing moves in it any more: the server still ends what the dead client had begun. */
async function atRest(folder: string): Promise<Drawing> {
  const look = () => {
    try {
      return read(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  for (let before = look(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const now = look();
    if (now && isDeepStrictEqual(before, now)) return now;
    before = now;
  }
}

async function kill(one: Kill, pen: Pen, name: string): Promise<{ violations: Violation[]; landed: boolean }> {
  const { direction, swaps, at } = one;
  const server = await pen.server(swaps);
  const [local, state] = [join(pen.own, `${name}-local`), join(pen.own, `${name}-state`)];
  const remote = join(server.root, name);
  const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
  const settings = job(server, local, {
    direction,
    remote: `/${name}`,
    retries: 2,
    maxDelete: { percent: 100 },
    server: serverSettings(server, { connections: 2 }),
  });
  const violations: Violation[] = [];
  const wrong = (kind: Violation['wrong'], what: string) =>
    violations.push({ wrong: kind, what: `${title(one)}: ${what}` });
  try {
    for (const folder of [local, remote]) mkdirSync(folder);
    const [before, after] = VERSIONS;
    become(source, {}, before);
    const first = await perform(settings, state);
    if (first.summary.exitCode !== 0) throw new Error(`the first run failed: ${explained(first)}`);
    become(source, before, after);
    const key = `${direction} ${swaps}`;
    const { landed, took } = await victim(settings, server.password, state, at, pen.took.get(key) ?? 900);
    // How long a run takes follows the load of the machine: what was not hit tells, and so does what was.
    if (!landed) pen.took.set(key, took);
    const there = await atRest(destination);
    // While a server swaps names, the old bytes may be under the name that is journalled for them.
    const found = audit(there, before, after);
    const aside = (path: string) =>
      Object.entries(there).some(([other, content]) => other.endsWith('.old.ferry') && content === before[path]);
    for (const { wrong: kind, what } of found) {
      if (kind === 'lost' && swaps && aside(what.slice(0, -' is gone'.length))) continue;
      wrong(kind, what);
    }
    const next = await perform(settings, state);
    if (next.summary.exitCode !== 0) wrong('unconverged', explained(next));
    else if (!isDeepStrictEqual(read(destination), { ...after }))
      wrong('unconverged', difference(read(destination), after));
    const left = [...temporaries(local), ...temporaries(remote)];
    if (left.length > 0) wrong('orphan', left.join(', '));
    return { violations, landed };
  } finally {
    for (const folder of [local, remote, state]) rmSync(folder, { recursive: true, force: true });
  }
}

export const kills: Harness = {
  name: 'kills',
  async run(options: HarnessOptions): Promise<Outcome> {
    const all = slice(everyKill(options.seed), options, 5, title);
    const violations: Violation[] = [];
    const done = progress(options, all.length);
    const pens = Array.from({ length: Math.min(AT_ONCE, all.length) }, () => new Pen());
    const spared: string[] = [];
    const random = chance(options.seed + 1);
    try {
      await spread(all, pens, async (one, pen, index) => {
        const { violations: found, landed } = await kill(one, pen, `k${index}`);
        violations.push(...found);
        if (!landed) spared.push(title(one));
        done();
      });
    } finally {
      await Promise.all(pens.map((pen) => pen.end()));
    }
    const landed = all.length - spared.length;
    if (spared.length > 0) options.say(`spared, for example: ${pick(random, spared)}`);
    const [torn, lost] = [count(violations, 'torn'), count(violations, 'lost')];
    const line =
      `${all.length} kills (${landed} landed, ${Math.floor((landed * 100) / all.length)} %): ${torn} torn, ${lost} lost, ` +
      `${count(violations, 'unconverged')} unconverged, ${count(violations, 'orphan')} orphans`;
    const short = landed < all.length * (options.short ? 0.6 : MUST_LAND);
    return { line, violations, ...(short ? { tooFew: `${spared.length} kills came too late` } : {}) };
  },
};
