/**
 * Calls of the file system that fail, within one folder, at the Nth. To be imported before anything that takes the
 * calls for its own: the first import of whoever starts.
 */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface FsFault {
  /** Only what is at or below this path fails. */
  readonly folder: string;
  /** Which of the calls: 1 is the first. */
  readonly nth: number;
  readonly code: 'ENOSPC' | 'EIO' | 'EDQUOT' | 'EACCES' | 'EMFILE';
  /** Whether every later call fails too, as on a disk that is full and stays so. */
  readonly forGood: boolean;
}

/** What changes something on the disk: by a path, or by the number of an open file; direct, or with a callback. */
const CALLS = ['link', 'rename', 'unlink', 'mkdir', 'rmdir', 'open'] as const;
const NUMBER_CALLS = ['write', 'fsync', 'fchmod', 'fchown', 'futimes'] as const;
const HANDLE_CALLS = ['write', 'sync', 'chmod', 'utimes'] as const;

let armed: (FsFault & { count: number; struck: number }) | undefined;

/** From now on; undefined: nothing fails any more. Returns how often the fault before struck. */
export function failCalls(fault: FsFault | undefined): number {
  const struck = armed?.struck ?? 0;
  armed = fault && { ...fault, count: 0, struck: 0 };
  return struck;
}

const readlinkSync = fs.readlinkSync;

function failure(call: string, at: unknown): NodeJS.ErrnoException | undefined {
  if (!armed || !isBelow(typeof at === 'number' ? `/proc/self/fd/${at}` : String(at), armed.folder)) return undefined;
  armed.count++;
  if (armed.forGood ? armed.count < armed.nth : armed.count !== armed.nth) return undefined;
  // To take something away needs no room.
  if (armed.forGood && (call === 'unlink' || call === 'rmdir')) return undefined;
  armed.struck++;
  return Object.assign(new Error(`${armed.code}: made to fail, ${call} '${String(at)}'`), {
    code: armed.code,
    syscall: call,
  });
}

/** Paths may be anchored in an open folder, and files be given by their number: those lead where they lead. */
function isBelow(path: string, folder: string): boolean {
  const anchored = /^(\/proc\/self\/fd\/\d+)(.*)$/s.exec(path);
  let real = path;
  if (anchored) {
    try {
      real = readlinkSync(anchored[1]!) + anchored[2]!;
    } catch {
      return false;
    }
  }
  return real === folder || real.startsWith(`${folder}/`);
}

const writes = (flags: unknown) =>
  typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;

type Callback = (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void;
type AnyCall = (...args: unknown[]) => unknown;

const calls = fs as unknown as Record<string, AnyCall>;
for (const name of [...CALLS, ...NUMBER_CALLS]) {
  const failed = (args: readonly unknown[]) =>
    name === 'open' && !writes(args[1]) ? undefined : failure(name, args[0]);
  const call = calls[name]!;
  calls[name] = (...args) => {
    const error = failed(args);
    if (!error) return call(...args);
    setImmediate(() => (args.at(-1) as Callback)(error));
    return undefined;
  };
  const direct = calls[`${name}Sync`]!;
  calls[`${name}Sync`] = (...args) => {
    const error = failed(args);
    if (error) throw error;
    return direct(...args);
  };
}

const open = fs.promises.open;
fs.promises.open = async (path, flags, mode) => {
  const failed = writes(flags) ? failure('open', path) : undefined;
  if (failed) throw failed;
  const handle = await open(path, flags, mode);
  if (writes(flags) && armed) failing(handle);
  return handle;
};
syncBuiltinESMExports();

function failing(handle: FileHandle): void {
  const own = handle as unknown as Record<string, AnyCall>;
  for (const name of HANDLE_CALLS) {
    const call = own[name]!.bind(handle);
    own[name] = async (...args) => {
      const failed = failure(name, handle.fd);
      if (failed) throw failed;
      return call(...args);
    };
  }
}
