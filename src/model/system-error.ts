/** What the system means by the code of an error, in words. */
import { LocalError } from './errors.ts';

const MEANING: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'nothing is there',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'something is already there',
  ENOTEMPTY: 'the directory is not empty',
  ELOOP: 'the path leads through a symbolic link',
  ENOSPC: 'no room left on the disk',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long for this file system',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  EIO: 'the disk reported an error',
  EFBIG: 'the file is too large for this file system',
  ETXTBSY: 'it is a program that is running',
  EBUSY: 'it is in use',
};

/** The system's code of an error, such as `EACCES`; `EUNKNOWN` where it has none. */
export function errnoOf(error: unknown): string {
  if (error instanceof LocalError) return error.errno;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}

/** The words for an error's code; where there are none, what it says itself. */
export function meaningOf(error: unknown): string {
  return MEANING[errnoOf(error)] ?? (error instanceof Error ? error.message : 'refused');
}

/** Why something could not be read or run: `permission denied (EACCES)`. */
export function systemReason(error: unknown): string {
  return `${meaningOf(error)} (${errnoOf(error)})`;
}

/** Why a file could not be written: where nothing is found, it is its folder that is missing. */
export function writeReason(error: unknown): string {
  const errno = errnoOf(error);
  return errno === 'ENOENT' ? `its folder does not exist (${errno})` : systemReason(error);
}
