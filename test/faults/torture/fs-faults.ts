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

/** What changes something on the disk. */
const CALLS = ['link', 'rename', 'unlink', 'mkdir', 'rmdir'] as const;
const HANDLE_CALLS = ['write', 'sync', 'chmod', 'utimes'] as const;

let armed: (FsFault & { count: number; struck: number }) | undefined;

/** From now on; undefined: nothing fails any more. Returns how often the fault before struck. */
export function failCalls(fault: FsFault | undefined): number {
  const struck = armed?.struck ?? 0;
  armed = fault && { ...fault, count: 0, struck: 0 };
  return struck;
}

function failure(call: string, path: string): NodeJS.ErrnoException | undefined {
  if (!armed || !isBelow(path, armed.folder)) return undefined;
  armed.count++;
  if (armed.forGood ? armed.count < armed.nth : armed.count !== armed.nth) return undefined;
  // To take something away needs no room.
  if (armed.forGood && (call === 'unlink' || call === 'rmdir')) return undefined;
  armed.struck++;
  return Object.assign(new Error(`${armed.code}: made to fail, ${call} '${path}'`), {
    code: armed.code,
    syscall: call,
  });
}

/** Paths may be anchored in an open folder: those lead where they lead. */
function isBelow(path: string, folder: string): boolean {
  const anchored = /^(\/proc\/self\/fd\/\d+)(.*)$/s.exec(path);
  let real = path;
  if (anchored) {
    try {
      real = fs.readlinkSync(anchored[1]!) + anchored[2]!;
    } catch {
      return false;
    }
  }
  return real === folder || real.startsWith(`${folder}/`);
}

type Callback = (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void;
type AnyCall = (...args: unknown[]) => unknown;

const calls = fs as unknown as Record<string, AnyCall>;
for (const name of CALLS) {
  const call = calls[name]!;
  calls[name] = (...args) => {
    const failed = failure(name, String(args[0]));
    if (!failed) return call(...args);
    setImmediate(() => (args.at(-1) as Callback)(failed));
    return undefined;
  };
}

const open = fs.promises.open;
fs.promises.open = async (path, flags, mode) => {
  const writes = typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  const failed = writes ? failure('open', String(path)) : undefined;
  if (failed) throw failed;
  const handle = await open(path, flags, mode);
  if (writes && armed && isBelow(String(path), armed.folder)) failing(handle, String(path));
  return handle;
};
syncBuiltinESMExports();

function failing(handle: FileHandle, path: string): void {
  const own = handle as unknown as Record<string, AnyCall>;
  // The name may be gone by the time of the call; where it was is what counts.
  const { folder } = armed!;
  for (const name of HANDLE_CALLS) {
    const call = own[name]!.bind(handle);
    own[name] = async (...args) => {
      const failed = armed?.folder === folder ? failure(name, `${folder}/${path.split('/').at(-1)}`) : undefined;
      if (failed) throw failed;
      return call(...args);
    };
  }
}
