/**
 * Calls of the file system that fail, within one folder, at the Nth; or after which nothing has any effect there any more,
 * as if the process had died. To be imported before anything that takes the calls for its own: the first import of whoever
 * starts.
 */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

interface Within {
  /** Only what is at or below this path fails. */
  readonly folder: string;
  /** Which of the calls: 1 is the first. */
  readonly nth: number;
}

export interface FsFault extends Within {
  readonly code: 'ENOSPC' | 'EIO' | 'EDQUOT' | 'EACCES' | 'EMFILE';
  /** Whether every later call fails too, as on a disk that is full and stays so. */
  readonly forGood: boolean;
}

export interface FsDeath extends Within {
  /** Whether the call in which it dies is still carried out. */
  readonly after: boolean;
  readonly onDeath: () => void;
}

export interface Armed {
  /** How many calls it struck. */
  readonly struck: number;
  /** From now on nothing has any effect, whatever call it is. */
  die(): void;
  disarm(): void;
}

/** What changes something on the disk: by a path, or by the number of an open file; direct, or with a callback. */
const CALLS = ['link', 'rename', 'unlink', 'mkdir', 'rmdir', 'open', 'copyFile'] as const;
const NUMBER_CALLS = ['write', 'fsync', 'fchmod', 'fchown', 'futimes'] as const;
const HANDLE_CALLS = ['write', 'writeFile', 'sync', 'chmod', 'utimes'] as const;
const PROMISED_CALLS = ['link', 'rename', 'unlink', 'mkdir', 'rmdir'] as const;

class Arm implements Armed {
  struck = 0;
  private count = 0;
  private dead = false;
  private readonly fault: FsFault | FsDeath;

  constructor(fault: FsFault | FsDeath) {
    this.fault = fault;
  }

  die(): void {
    this.dead = true;
  }

  disarm(): void {
    armed.delete(this);
  }

  fateOf(call: string, at: string): Fate | undefined {
    const { folder } = this.fault;
    if (at !== folder && !at.startsWith(`${folder}/`)) return undefined;
    const fail = (code: string, late = false): Fate => {
      this.struck++;
      return {
        error: Object.assign(new Error(`${code}: made to fail, ${call} '${at}'`), { code, syscall: call }),
        late,
      };
    };
    if (this.dead) return fail('EIO');
    this.count++;
    const { fault } = this;
    if ('onDeath' in fault) {
      if (this.count !== fault.nth) return undefined;
      this.dead = true;
      fault.onDeath();
      return fail('EIO', fault.after);
    }
    if (fault.forGood ? this.count < fault.nth : this.count !== fault.nth) return undefined;
    // To take something away needs no room.
    if (fault.forGood && (call === 'unlink' || call === 'rmdir')) return undefined;
    return fail(fault.code);
  }
}

/** What becomes of a call: this error, `late` where it is carried out all the same. */
interface Fate {
  readonly error: NodeJS.ErrnoException;
  readonly late: boolean;
}

const armed = new Set<Arm>();

/** From now on, beside any other in another folder. */
export function armCalls(fault: FsFault | FsDeath): Armed {
  const arm = new Arm(fault);
  armed.add(arm);
  return arm;
}

let spared = false;

/** What somebody else does meanwhile, in one go, is not struck. */
export function byOthers(act: () => void): void {
  spared = true;
  try {
    act();
  } finally {
    spared = false;
  }
}

let single: Armed | undefined;

/** From now on; undefined: nothing fails any more. Returns how often the fault before struck. */
export function failCalls(fault: FsFault | undefined): number {
  const struck = single?.struck ?? 0;
  single?.disarm();
  single = fault && armCalls(fault);
  return struck;
}

const readlinkSync = fs.readlinkSync;

function fateOf(call: string, at: unknown): Fate | undefined {
  if (armed.size === 0 || spared) return undefined;
  const path = realPath(typeof at === 'number' ? `/proc/self/fd/${at}` : String(at));
  for (const arm of armed) {
    const fate = path === undefined ? undefined : arm.fateOf(call, path);
    if (fate) return fate;
  }
  return undefined;
}

/** Paths may be anchored in an open folder, and files be given by their number: those lead where they lead. */
function realPath(path: string): string | undefined {
  const anchored = /^(\/proc\/self\/fd\/\d+)(.*)$/s.exec(path);
  if (!anchored) return path;
  try {
    return readlinkSync(anchored[1]!) + anchored[2]!;
  } catch {
    return undefined;
  }
}

const writes = (flags: unknown) =>
  typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : typeof flags === 'string' && /[wa+]/.test(flags);

type Callback = (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void;
type AnyCall = (...args: unknown[]) => unknown;

const calls = fs as unknown as Record<string, AnyCall>;
for (const name of [...CALLS, ...NUMBER_CALLS]) {
  const fate = (args: readonly unknown[]) => {
    if (name === 'open' && !writes(args[1])) return undefined;
    return fateOf(name, name === 'copyFile' ? args[1] : args[0]);
  };
  const call = calls[name]!;
  calls[name] = (...args) => {
    const met = fate(args);
    if (!met) return call(...args);
    const done = args.at(-1) as Callback;
    if (met.late) {
      return call(...args.slice(0, -1), (_: unknown, result: unknown) => {
        if (name === 'open' && typeof result === 'number') fs.closeSync(result);
        done(met.error);
      });
    }
    setImmediate(() => done(met.error));
    return undefined;
  };
  const direct = calls[`${name}Sync`]!;
  calls[`${name}Sync`] = (...args) => {
    const met = fate(args);
    if (met && !met.late) throw met.error;
    const result = direct(...args);
    if (!met) return result;
    if (name === 'open') fs.closeSync(result as number);
    throw met.error;
  };
}

const promised = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;

/** A call that returns a promise, as it is met by what is armed. */
function meet(call: string, at: unknown, carryOut: () => Promise<unknown>): Promise<unknown> {
  const fate = fateOf(call, at);
  if (!fate) return carryOut();
  const fail = () => Promise.reject(fate.error);
  return fate.late
    ? carryOut()
        .then(dropped, () => undefined)
        .then(fail)
    : fail();
}

/** A file that nobody gets to hold is closed. */
async function dropped(result: unknown): Promise<void> {
  if (result instanceof Object && 'fd' in result) await (result as FileHandle).close();
}

for (const name of PROMISED_CALLS) {
  const call = promised[name]!;
  promised[name] = (...args) => meet(name, args[0], () => call(...args));
}

const open = fs.promises.open;
fs.promises.open = async (path, flags, mode) => {
  if (!writes(flags)) return open(path, flags, mode);
  const handle = (await meet('open', path, () => open(path, flags, mode))) as FileHandle;
  if (armed.size > 0) failing(handle);
  return handle;
};

/** A folder is removed name by name, so that it can be cut off in the middle. */
const remove = fs.promises.rm;
fs.promises.rm = async (path, options = {}) => {
  if (armed.size === 0 || !options.recursive) return meet('unlink', path, () => remove(path, options)) as Promise<void>;
  const walk = async (at: string): Promise<void> => {
    for (const entry of await fs.promises.readdir(at, { withFileTypes: true })) {
      if (entry.isDirectory()) await walk(join(at, entry.name));
      else await fs.promises.unlink(join(at, entry.name));
    }
    await fs.promises.rmdir(at);
  };
  if (fs.existsSync(path)) await walk(String(path));
};
syncBuiltinESMExports();

function failing(handle: FileHandle): void {
  const own = handle as unknown as Record<string, AnyCall>;
  for (const name of HANDLE_CALLS) {
    const call = own[name]!.bind(handle);
    own[name] = (...args) => meet(name, handle.fd, () => call(...args) as Promise<unknown>);
  }
}
