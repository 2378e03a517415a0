/** Turns what the system refused into a LocalError that names the path and the way out. */
import { errnoOf, LocalError, meaningOf, printable } from '../model/index.ts';

export { errnoOf };

/** What to do where a path of a run is concerned. */
const WAY_OUT: Readonly<Record<string, string>> = {
  EACCES: 'give the user that runs Ferry the right to it, or exclude it',
  EPERM: 'give the user that runs Ferry the right to it, or exclude it',
  EROFS: 'mount it writable, or choose another folder',
  ENOTDIR: 'rename one of the two',
  ELOOP: 'Ferry passes none; replace it, or exclude it',
  ENOSPC: 'free some space and run again',
  EDQUOT: 'free some space and run again',
  ENAMETOOLONG: 'shorten it, or exclude it',
  EMFILE: 'raise the limit (ulimit -n), or use fewer connections',
  ENFILE: 'raise the limit, or use fewer connections',
  EIO: 'check it before running again',
  ETXTBSY: 'stop it and run again',
  EBUSY: 'close what uses it and run again',
};

/** Whether an error says that nothing is under the name: it, or a directory above it, is missing. */
export function isAbsence(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/**
 * A LocalError for `path` (absolute). `doing` completes 'cannot …', as in `read`. A LocalError passes unchanged, so that
 * the place that knew most keeps the word.
 */
export function localError(error: unknown, doing: string, path: string, detail?: string): LocalError {
  if (error instanceof LocalError) return error;
  const errno = errnoOf(error);
  const why = detail ?? withWayOut(errno, meaningOf(error));
  return new LocalError(`cannot ${doing} ${printable(path)}: ${why} (${errno})`, errno, { cause: error });
}

/** The same where Ferry itself refuses. */
export function refusal(errno: string, doing: string, path: string, detail?: string): LocalError {
  const why = detail ?? withWayOut(errno, meaningOf({ code: errno }));
  return new LocalError(`cannot ${doing} ${printable(path)}: ${why} (${errno})`, errno);
}

function withWayOut(errno: string, meaning: string): string {
  const way = WAY_OUT[errno];
  return way === undefined ? meaning : `${meaning}; ${way}`;
}
