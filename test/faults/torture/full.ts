/**
 * A real disk that is full, at one byte or another: under what is downloaded, under the server, and under what is
 * remembered. `disk` makes single calls fail; here the system itself says that there is no room, wherever it likes.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { job, serverSettings } from '../../builders/connect.ts';
import { scriptedServer } from '../scripted-server.ts';
import { type SmallDisk, smallDisk, smallDisksMissing } from '../small-disk.ts';
import { count, type Harness, type HarnessOptions, type Outcome, progress, slice, type Violation } from './harness.ts';
import { NEW, OLD } from './trees.ts';
import { attempt, type Tried } from './trial.ts';

const KIB = 1024;
const SIZE = 12 * KIB * KIB;
const BLOCK = 4 * KIB;

interface Full {
  readonly where: 'here' | 'on the server' | 'memory';
  readonly direction: 'push' | 'pull';
  /** Bytes that are left. */
  readonly left: number;
}

/** From nothing at all to what holds all but the last block: the big file has 1.3 MB, and the rest one block a file. */
const LEFT = [0, 1, 2, 3, 4, 5, 8, 16, 17, 64, 128, 255, 256, 300, 316, 317, 318, 319, 320, 321, 322, 323].map(
  (blocks) => blocks * BLOCK,
);
/** What is remembered of so small a tree takes little: a log and a marker. */
const LEFT_FOR_MEMORY = [0, 1, 2, 3, 4, 5, 6, 8].map((blocks) => blocks * BLOCK);

const ALL: readonly Full[] = [
  ...LEFT.map((left): Full => ({ where: 'here', direction: 'pull', left })),
  ...LEFT.map((left): Full => ({ where: 'on the server', direction: 'push', left })),
  ...(['push', 'pull'] as const).flatMap((direction) =>
    LEFT_FOR_MEMORY.map((left): Full => ({ where: 'memory', direction, left })),
  ),
];

const title = ({ where, direction, left }: Full) => `${direction}, full ${where} but for ${left} bytes`;

async function fill(one: Full, disk: SmallDisk): Promise<{ violations: Violation[]; struck: boolean }> {
  const { where, direction, left } = one;
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-full-'));
  const small = mkdtempSync(join(disk.folder, 'trial-'));
  const at = (place: Full['where'], name: string) => join(where === place ? small : own, name);
  const root = at('on the server', 'root');
  mkdirSync(root);
  const server = await scriptedServer({ root });
  try {
    const local = at('here', 'local');
    const settings = job(server, local, {
      direction,
      retries: 1,
      maxDelete: { percent: 100 },
      server: serverSettings(server, { connections: 2 }),
    });
    const tried = await attempt({
      direction,
      local,
      remote: join(server.root, 'site'),
      state: at('memory', 'state'),
      settings,
      before: OLD,
      after: NEW,
      begin: () => disk.fill(left),
      end: () => disk.empty(),
    });
    const violations = [...tried.violations, ...untold(one, tried)];
    return {
      violations: violations.map(({ wrong, what }) => ({ wrong, what: `${title(one)}: ${what}` })),
      struck: tried.under?.summary.exitCode !== 0,
    };
  } finally {
    disk.empty();
    await server.stop();
    for (const folder of [own, small]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Whoever reads what went wrong must be told that it is the room, and where. */
function untold({ where }: Full, { under, agreed }: Tried): Violation[] {
  const { exitCode, message = '' } = under!.summary;
  if (exitCode === 0) return [];
  const said = [message, ...under!.problems].join('\n');
  const violations: Violation[] = [];
  if (exitCode !== 3) violations.push({ wrong: 'wrong exit', what: `exit ${exitCode}: ${said}` });
  const about = where === 'on the server' ? /\b(452|552) .*(room|space|needed)/is : /no room left on the disk/;
  if (!agreed && !about.test(said)) violations.push({ wrong: 'wrong exit', what: `it does not say why: ${said}` });
  return violations;
}

export const full: Harness = {
  name: 'full',
  async run(options: HarnessOptions): Promise<Outcome> {
    const why = smallDisksMissing();
    if (why !== undefined) {
      options.say(`left out: ${why}`);
      return { line: `left out: ${why}`, violations: [] };
    }
    const all = slice(ALL, options, 6, title);
    const violations: Violation[] = [];
    const done = progress(options, all.length);
    const disk = smallDisk(SIZE);
    let struck = 0;
    try {
      for (const one of all) {
        const { violations: found, struck: hit } = await fill(one, disk);
        violations.push(...found);
        if (hit) struck++;
        done();
      }
    } finally {
      await disk.close();
    }
    const lost = count(violations, 'lost', 'torn');
    const others = violations.length - lost;
    return {
      line: `${all.length} (${struck} struck): ${lost} lost${others > 0 ? `, ${others} otherwise wrong` : ''}`,
      violations,
      ...(struck < all.length / 2 ? { tooFew: 'most disks had room enough' } : {}),
    };
  },
};
