/**
 * What a release has written down on the server: what it did to each path, so that it can be told what was there before.
 * Its name, `<UTC time>.<key of the job>.json`, says when the release was; one that took the next ones in, as what lay
 * between was let go, is called `<its time>-<time of the last>.<key>.json`.
 */
import { createHash } from 'node:crypto';
import { type Fingerprint, isWithin, nameOf, printable, type RelPath, ROOT, toRelPath } from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';

/** What a run set out to do with one path on the server. */
export interface Kept {
  readonly did: 'replaced' | 'deleted' | 'added' | 'made' | 'renamed';
  readonly path: RelPath;
  /** What was there before; undefined where nothing was, and for a directory. */
  readonly was?: Fingerprint;
  /** What it was when the run was over; undefined where it did not come to its end. */
  readonly now?: Fingerprint;
  /** SHA-256 of what was there, where it was known. */
  readonly sha256?: string;
  /** What it was called before. */
  readonly from?: RelPath;
  /** The release that was taken in, in whose folder it still lies if it does not lie in this one's. */
  readonly of?: string;
}

export interface Manifest extends Release {
  readonly version: 1;
  readonly job: string;
  /** The release before, by the time up to which it went; undefined for the first. */
  readonly after?: string;
  /** The release that this one took back. */
  readonly rollbackOf?: string;
  /** Where it took in others: the releases before it that one of them took back. */
  readonly tookBack?: readonly string[];
  /** Whether it came to its end. */
  readonly ended?: boolean;
  readonly kept: readonly Kept[];
  /**
   * Where it took in others: what lies in their folders still and is to return to the releases in `tookBack`. It tells
   * nothing of what was there before this one.
   */
  readonly spare?: readonly Kept[];
}

/** One step on the server from what was to what came after; by its times alone. */
export interface Release {
  /** UTC, as in the name of its folder: `20261121T144158Z`. What is kept was there until then. */
  readonly release: string;
  /** When what came after it began, where it took in others; otherwise at once. */
  readonly until?: string;
}

/** Where all of it is. */
export const VERSIONS = toRelPath(`${OWN_FOLDER}/versions`);
const STAMP = /^\d{8}T\d{6}Z$/;
const NAME = /^(\d{8}T\d{6}Z)(?:-(\d{8}T\d{6}Z))?\.([0-9a-f]{8})\.json$/;
const HASH = /^[0-9a-f]{64}$/;

/** Names a job among others that use the same remote folder. */
export function keyOf(job: string): string {
  return createHash('sha256').update(job).digest('hex').slice(0, 8);
}

export function folderOf(release: string): RelPath {
  return toRelPath(`${VERSIONS}/${release}`);
}

/** Where a release keeps what was under a path. */
export function keptPath(release: string, path: RelPath): RelPath {
  return toRelPath(`${VERSIONS}/${release}/${path}`);
}

export function manifestPath({ release, until }: Release, job: string): RelPath {
  return toRelPath(`${VERSIONS}/${release}${until === undefined ? '' : `-${until}`}.${keyOf(job)}.json`);
}

/** What the name of a manifest says; undefined for any other file. */
export function releaseAt(path: RelPath): (Release & { readonly key: string }) | undefined {
  const [, release, until, key] = NAME.exec(nameOf(path)) ?? [];
  if (release === undefined || key === undefined) return undefined;
  return { release, key, ...(until === undefined ? {} : { until }) };
}

/** The moment from which on what a release made was there. */
export function endOf({ release, until }: Release): string {
  return until ?? release;
}

/**
 * The time of a release between two that follow each other here, of which nothing is written down any more; undefined where
 * there was none. A note of an older one says only that a listing was cut short at the time.
 */
export function missingBetween(before: string | undefined, { after }: Manifest): string | undefined {
  return before !== undefined && after !== undefined && after > before ? after : undefined;
}

/** Whether the file that was there was to be kept. */
export function keeps({ did }: Kept): boolean {
  return did === 'replaced' || did === 'deleted';
}

/** Whether a text is a SHA-256 in hexadecimal, as it is not where the content was never read. */
export function isHash(text: string | undefined): text is string {
  return text !== undefined && HASH.test(text);
}

/** @throws RangeError where it cannot be understood, or names what is not a path of this folder. */
export function parseManifest(text: string, expected: Release): Manifest {
  const read = JSON.parse(text) as Manifest;
  if (read.version !== 1)
    throw new RangeError(`its version is ${printable(String(read.version))}, and this ferry knows 1`);
  if (read.release !== expected.release || read.until !== expected.until || !Array.isArray(read.kept))
    throw new RangeError('it is not whole');
  if (read.after !== undefined && !STAMP.test(read.after)) throw new RangeError('it is not whole');
  const { tookBack = [] } = read;
  if (!Array.isArray(tookBack) || !tookBack.every((one) => STAMP.test(one))) throw new RangeError('it is not whole');
  const { spare = [] } = read;
  if (!Array.isArray(spare) || spare.some(({ of }) => of === undefined)) throw new RangeError('it is not whole');
  return { ...read, kept: read.kept.map(checked), ...(spare.length > 0 ? { spare: spare.map(checked) } : {}) };
}

const DEEDS = new Set<unknown>(['replaced', 'deleted', 'added', 'made', 'renamed']);

/** What comes from a server is checked before it is acted on. */
function checked(one: Kept): Kept {
  const inside = (path: unknown): RelPath => {
    const checkedPath = toRelPath(String(path));
    if (checkedPath === ROOT || isWithin(checkedPath, OWN_FOLDER))
      throw new RangeError(`it names ${printable(checkedPath)}`);
    return checkedPath;
  };
  if (!DEEDS.has(one.did)) throw new RangeError('it tells of something unknown');
  const from = one.from === undefined ? {} : { from: inside(one.from) };
  for (const print of [one.was, one.now]) {
    if (print !== undefined && (typeof print.size !== 'number' || typeof print.stamps !== 'object')) {
      throw new RangeError('it is not whole');
    }
  }
  if (one.of !== undefined && !STAMP.test(one.of)) throw new RangeError('it is not whole');
  return { ...one, path: inside(one.path), ...from };
}

/** In ms since the epoch. */
export function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

export function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
