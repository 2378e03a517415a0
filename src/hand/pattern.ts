/** Patterns for names on a server, as shells have them: `*`, `?`, `[a-z]`, `[!a-z]`; a backslash makes a character literal. */
import { type Entry, joinPath, nameOf, printable, type RelPath, ReplyError, ROOT, UsageError } from '../model/index.ts';
import { lookAt } from './look.ts';
import { literalName, matcher } from './wildcard.ts';
import type { Work } from './work.ts';

/** A pattern that matches nothing, and is no name either. */
export class NoMatchError extends UsageError {}

export interface Match {
  readonly path: RelPath;
  /** As a listing showed it; undefined where nothing was asked yet. */
  readonly entry?: Entry;
  /** Whether what is in it is meant, and not the folder itself. */
  readonly contents?: boolean;
}

/** Whether any of these words is a pattern. */
export function isPattern(segments: readonly string[]): boolean {
  return segments.some((segment) => matcher(segment) !== undefined);
}

/** The path that words without a pattern are. @throws UsageError on a name that cannot be. */
export function literalPath(segments: readonly string[]): RelPath {
  try {
    return segments.map(literalName).reduce<RelPath>(joinPath, ROOT);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/**
 * Every path that the words match, in order; a path without patterns as it is, whether it is there or not. A pattern
 * that matches nothing is taken for a name, as shells do; @throws NoMatchError where that is not there either.
 */
export async function expand(work: Work, segments: readonly string[]): Promise<readonly Match[]> {
  if (!isPattern(segments)) return [{ path: literalPath(segments) }];
  let reached: Match[] = [{ path: ROOT }];
  for (const [at, segment] of segments.entries()) {
    const matches = matcher(segment);
    if (!matches) {
      reached = reached.map(({ path }) => ({ path: join(path, literalName(segment)) }));
      continue;
    }
    const next: Match[] = [];
    for (const { path } of reached) next.push(...(await matching(work, path, matches, at < segments.length - 1)));
    reached = next;
  }
  const standing: Match[] = [];
  for (const match of reached) {
    const entry = match.entry ?? (await lookAt(work.remote, match.path, work.signal));
    if (entry) standing.push({ path: match.path, entry });
  }
  if (standing.length > 0) return standing;
  const path = literalPath(segments);
  const entry = await lookAt(work.remote, path, work.signal);
  if (entry) return [{ path, entry }];
  const words = printable(segments.join('/'));
  throw new NoMatchError(`nothing on the server matches ${words}; if it is a name, write \\ before each *, ? and [`);
}

async function matching(
  work: Work,
  directory: RelPath,
  matches: (name: string) => boolean,
  folders: boolean,
): Promise<Match[]> {
  try {
    const listing = await work.remote.list(directory, work.signal);
    for (const problem of listing.problems) work.problem(problem);
    if (listing.incomplete !== undefined && listing.problems.every(({ code }) => code !== 'incomplete')) {
      work.problem({ path: directory, side: 'remote', code: 'incomplete', message: listing.incomplete });
    }
    return listing.entries
      .filter(({ path, kind }) => matches(nameOf(path)) && (!folders || kind === 'directory' || kind === 'link'))
      .map((entry) => ({ path: entry.path, entry }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    // A folder that is not there, or is none: nothing in it matches.
    if (error instanceof ReplyError && !error.retryable) return [];
    throw error;
  }
}

function join(parent: RelPath, name: string): RelPath {
  try {
    return joinPath(parent, name);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
