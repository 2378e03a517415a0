/** Turns what the system refused into a LocalError that names the path and the way out. */
import { LocalError, printable } from '../model/index.ts';

const MEANING: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; give the user that runs Ferry the right to it, or exclude it',
  EPERM: 'not permitted; give the user that runs Ferry the right to it, or exclude it',
  EROFS: 'the file system is read-only; mount it writable, or choose another folder',
  ENOENT: 'nothing is there',
  ENOTDIR: 'a part of the path is not a directory; rename one of the two',
  EISDIR: 'it is a directory',
  EEXIST: 'something is already there',
  ENOTEMPTY: 'the directory is not empty',
  ELOOP: 'the path leads through a symbolic link, which Ferry does not pass; replace the link, or exclude it',
  ENOSPC: 'no room left on the disk; free some space and run again',
  EDQUOT: 'the disk quota is used up; free some space and run again',
  ENAMETOOLONG: 'the name is too long for this file system; shorten it, or exclude it',
  EMFILE: 'too many open files; raise the limit (ulimit -n), or use fewer connections',
  ENFILE: 'too many open files on this machine; raise the limit, or use fewer connections',
  EIO: 'the disk reported an error; check it before running again',
  EFBIG: 'the file is too large for this file system',
  ETXTBSY: 'it is a program that is running; stop it and run again',
  EBUSY: 'it is in use; close what uses it and run again',
};

/** The system's code of an error, such as `EACCES`; `EUNKNOWN` where it has none. */
export function errnoOf(error: unknown): string {
  if (error instanceof LocalError) return error.errno;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}

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
  const meaning = detail ?? MEANING[errno] ?? (error instanceof Error ? error.message : String(error));
  return new LocalError(`cannot ${doing} ${printable(path)}: ${meaning} (${errno})`, errno, { cause: error });
}

/** The same where Ferry itself refuses. */
export function refusal(errno: string, doing: string, path: string, detail?: string): LocalError {
  const meaning = detail ?? MEANING[errno] ?? 'refused';
  return new LocalError(`cannot ${doing} ${printable(path)}: ${meaning} (${errno})`, errno);
}
