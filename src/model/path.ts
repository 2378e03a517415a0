/**
 * Paths inside a pair of folders. A {@link RelPath} is the only kind of path that leaves a parser: names that a server
 * sends become one here or become a Problem, so that no listing can point outside the pair.
 */
declare const brand: unique symbol;

/** A normalised `/`-separated path inside the pair; `''` is the root; never absolute, never with `.` or `..`. */
export type RelPath = string & { readonly [brand]: 'RelPath' };

/** The top of the pair. */
export const ROOT = '' as RelPath;

const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;
const FORBIDDEN_ON_WINDOWS = /[\\:*?"<>|\u0001-\u001f]|[ .]$/;

/**
 * Says why a name cannot be one segment of a path, or `undefined` if it can. CR and LF end an FTP command, so a name
 * with one of them cannot be carried by the protocol at all (RFC 959, 5.3.1).
 */
export function segmentFault(name: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return `it is '${name}'`;
  if (name.includes('/')) return 'it contains a slash';
  if (name.includes('\0')) return 'it contains a NUL byte';
  if (/[\r\n]/.test(name)) return 'it contains a line break, which FTP cannot carry';
  if (platform === 'win32') {
    if (FORBIDDEN_ON_WINDOWS.test(name)) return 'it cannot be a file name on Windows';
    if (RESERVED_ON_WINDOWS.test(name)) return 'it is a device name on Windows';
  }
  return undefined;
}

/** The path of `name` in the directory `parent`. Throws a RangeError on a name that {@link segmentFault} objects to. */
export function joinPath(parent: RelPath, name: string): RelPath {
  const fault = segmentFault(name);
  if (fault) throw new RangeError(`${printable(name)} cannot be a name here: ${fault}`);
  return (parent === ROOT ? name : `${parent}/${name}`) as RelPath;
}

/** Checks a path written by a person or read from a file (a saved plan, the state). Throws a RangeError. */
export function toRelPath(text: string): RelPath {
  if (text === '') return ROOT;
  let path = ROOT;
  for (const segment of text.split('/')) path = joinPath(path, segment);
  return path;
}

/** The directory a path is in; the root's is the root. */
export function parentOf(path: RelPath): RelPath {
  const cut = path.lastIndexOf('/');
  return (cut < 0 ? ROOT : path.slice(0, cut)) as RelPath;
}

/** The last segment. */
export function nameOf(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** How many segments a path has: 0 for the root. */
export function depthOf(path: RelPath): number {
  return path === ROOT ? 0 : path.split('/').length;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: RelPath, ancestor: RelPath): boolean {
  return ancestor === ROOT || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** The path itself, then its ancestors up to and including the root. */
export function* lineage(path: RelPath): Generator<RelPath> {
  for (let at = path; at !== ROOT; at = parentOf(at)) yield at;
  yield ROOT;
}

/** Orders paths so that a directory comes right before what is in it, by code unit otherwise. */
export function comparePaths(a: RelPath, b: RelPath): number {
  const x = a.replaceAll('/', '\0');
  const y = b.replaceAll('/', '\0');
  return x < y ? -1 : x > y ? 1 : 0;
}

// C0, DEL, C1, zero-width and bidirectional controls: what a terminal obeys or a reader cannot see (CVE-2024-50349).
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A name as it may be shown to a person: control and bidirectional characters escaped. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
