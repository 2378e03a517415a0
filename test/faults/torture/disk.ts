/** Disks that are full or failing at the Nth call: here, on the server, and under what is remembered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Memory, StateError } from '../../../src/model/index.ts';
import { type FileSystem, type OpenFile, disk as realDisk } from '../../../src/server/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { openPair } from '../../../src/sync/pair.ts';
import { job, serverSettings } from '../../builders/connect.ts';
import { scriptedServer } from '../scripted-server.ts';
import { type FsFault, failCalls } from './fs-faults.ts';
import { count, type Harness, type HarnessOptions, type Outcome, progress, slice, type Violation } from './harness.ts';
import { NEW, OLD } from './trees.ts';
import { attempt } from './trial.ts';

interface Failing {
  readonly where: 'here' | 'on the server' | 'memory';
  readonly direction: 'push' | 'pull';
  readonly nth: number;
  readonly code: FsFault['code'];
  readonly forGood: boolean;
}

const CODES = ['ENOSPC', 'EIO', 'EDQUOT', 'EACCES'] as const;
const upTo = (most: number) => Array.from({ length: most }, (_, n) => n + 1);

const ALL: readonly Failing[] = [
  ...upTo(40).flatMap((nth) =>
    [true, false].map((forGood): Failing => {
      const code = forGood ? 'ENOSPC' : CODES[nth % CODES.length]!;
      return { where: 'here', direction: 'pull', nth, code, forGood };
    }),
  ),
  ...upTo(40).flatMap((nth) =>
    [true, false].map((forGood): Failing => {
      const code = forGood ? 'ENOSPC' : CODES[nth % CODES.length]!;
      return { where: 'on the server', direction: 'push', nth, code, forGood };
    }),
  ),
  ...upTo(20).flatMap((nth) =>
    (['push', 'pull'] as const).map(
      (direction): Failing => ({ where: 'memory', direction, nth, code: 'EIO', forGood: nth % 2 === 0 }),
    ),
  ),
];

const title = ({ where, direction, nth, code, forGood }: Failing) =>
  `${direction}, ${where}: ${code} at call ${nth}${forGood ? ' and after' : ''}`;

/** A disk below the server on which what changes something fails. */
class FailingDisk {
  fault: Failing | undefined;
  count = 0;
  struck = 0;

  private strike(call: string): void {
    if (!this.fault) return;
    this.count++;
    const { nth, forGood, code } = this.fault;
    if (forGood ? this.count < nth || call === 'unlink' : this.count !== nth) return;
    this.struck++;
    throw Object.assign(new Error(`${code}: made to fail, ${call}`), { code });
  }

  readonly fileSystem: FileSystem = {
    ...realDisk,
    open: async (path, flags, mode) => {
      if ((flags & 3) !== 0) this.strike('open');
      const file = await realDisk.open(path, flags, mode);
      const strike = (call: string) => this.strike(call);
      const failing: OpenFile = {
        stat: () => file.stat(),
        read: (buffer, position) => file.read(buffer, position),
        write: async (chunks, position) => {
          strike('write');
          return file.write(chunks, position);
        },
        truncate: async (size) => {
          strike('truncate');
          return file.truncate(size);
        },
        sync: () => file.sync(),
        close: () => file.close(),
      };
      return failing;
    },
    mkdir: async (path) => {
      this.strike('mkdir');
      return realDisk.mkdir(path);
    },
    rename: async (from, to) => {
      this.strike('rename');
      return realDisk.rename(from, to);
    },
    unlink: async (path) => {
      this.strike('unlink');
      return realDisk.unlink(path);
    },
    utimes: async (path, mtime) => {
      this.strike('utimes');
      return realDisk.utimes(path, mtime);
    },
  };
}

const WRITES = ['learn', 'forget', 'saveCheckpoint', 'dropCheckpoint', 'saveSwap', 'dropSwap', 'setNote', 'flush'];

/** A memory whose Nth write fails, as it does where its disk is full. */
function forgetful({ nth, forGood }: Failing, onStrike: () => void): Partial<RunOptions> {
  let writes = 0;
  const opening: typeof openPair = async (...asked) => {
    const pair = await openPair(...asked);
    const memory = new Proxy(pair.memory, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        if (!WRITES.includes(String(key))) return value.bind(target);
        return async (...args: unknown[]) => {
          writes++;
          if (forGood ? writes < nth : writes !== nth) return value.apply(target, args);
          onStrike();
          throw new StateError('the remembered state cannot be written: made to fail');
        };
      },
    }) as Memory;
    return { ...pair, memory };
  };
  return { seams: { openPair: opening } };
}

async function fill(one: Failing): Promise<{ violations: Violation[]; struck: number }> {
  const { where, direction } = one;
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-disk-'));
  const failing = new FailingDisk();
  const server = await scriptedServer({ fileSystem: failing.fileSystem });
  const local = join(own, 'local');
  let struck = 0;
  try {
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
      state: join(own, 'state'),
      settings,
      before: OLD,
      after: NEW,
      ...(where === 'memory' ? { options: forgetful(one, () => struck++) } : {}),
      begin: () => {
        if (where === 'here') failCalls({ folder: local, ...one });
        if (where === 'on the server') failing.fault = one;
      },
      end: () => {
        struck += failCalls(undefined) + failing.struck;
        failing.fault = undefined;
      },
    });
    // What is remembered and cannot be written ends a run with 1, by design, whatever was done by then.
    const meant = (wrong: Violation['wrong']) => where === 'memory' && (wrong === 'crash' || wrong === 'wrong exit');
    const violations = tried.violations.filter(({ wrong }) => !meant(wrong));
    return { violations: violations.map(({ wrong, what }) => ({ wrong, what: `${title(one)}: ${what}` })), struck };
  } finally {
    failCalls(undefined);
    await server.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

export const disk: Harness = {
  name: 'disk',
  async run(options: HarnessOptions): Promise<Outcome> {
    const all = slice(ALL, options, 6, title);
    const violations: Violation[] = [];
    const done = progress(options, all.length);
    let struck = 0;
    const missed = new Map<string, number>();
    // One at a time: calls of the file system are counted for the whole process.
    for (const one of all) {
      const { violations: found, struck: times } = await fill(one);
      violations.push(...found);
      if (times > 0) struck++;
      else missed.set(one.where, (missed.get(one.where) ?? 0) + 1);
      done();
    }
    for (const [where, times] of missed) options.say(`${where}: ${times} of these calls never came`);
    const lost = count(violations, 'lost', 'torn');
    const others = violations.length - lost;
    return {
      line: `${all.length} (${struck} struck): ${lost} lost${others > 0 ? `, ${others} otherwise wrong` : ''}`,
      violations,
      ...(struck < all.length / 2 ? { tooFew: 'most calls never came' } : {}),
    };
  },
};
