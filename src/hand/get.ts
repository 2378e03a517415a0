/** Files and folders from a server to here, named as `cp` would name them. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { problemOf } from '../act/failure.ts';
import { openLocal } from '../local/index.ts';
import {
  type Entry,
  joinPath,
  type Local,
  nameOf,
  printable,
  type RelPath,
  ReplyError,
  ROOT,
  UsageError,
} from '../model/index.ts';
import type { Prepared } from './copy.ts';
import { followed, lookAt } from './look.ts';
import type { Match } from './pattern.ts';
import { CopyPlan, type CopyRules, type Item, localNames } from './plan.ts';
import type { Work } from './work.ts';

/**
 * Plans the copies of `sources` to a local path: into it where it is a folder, else under that name.
 * @throws UsageError where the target cannot be that, or a folder is to be copied without being told so.
 */
export async function planGet(
  work: Work,
  sources: readonly Match[],
  target: string,
  rules: CopyRules,
): Promise<Prepared> {
  const found = await sourcesOf(work, sources, rules);
  const { folder, name } = await placeFor(found, sources.length, target);
  const local = await openLocal(folder);
  const plan = new CopyPlan(work, 'pull', rules, await local.foldsCase());
  const items: Item[] = [];
  const contents: Item[] = [];
  for (const source of found) {
    const own = name ?? (source.contents ? '' : nameOf(source.path));
    const there = own === '' ? null : await local.look(joinPath(ROOT, own));
    if (own === '') contents.push({ source, target: ROOT, there: null });
    else items.push({ source, target: joinPath(ROOT, own), there });
  }
  const pending = [...contents, ...(await plan.take(items))];
  for (let one = pending.shift(); one; one = pending.shift()) {
    work.signal.throwIfAborted();
    pending.push(...(await enter(work, local, plan, one)));
  }
  return {
    plan,
    local,
    places: [...items, ...contents].map(({ target }) => (target === ROOT ? local.root : `${local.root}/${target}`)),
  };
}

/** What is in a folder on the server; resolves with the folders in it. */
async function enter(work: Work, local: Local, plan: CopyPlan, { source, target, there }: Item): Promise<Item[]> {
  try {
    const listing = await work.remote.list(source.path, work.signal);
    for (const problem of listing.problems) work.problem(problem);
    if (listing.incomplete !== undefined && listing.problems.every(({ code }) => code !== 'incomplete')) {
      work.problem({ path: source.path, side: 'remote', code: 'incomplete', message: listing.incomplete });
    }
    const names = await localNames(local, target, target === ROOT || there !== null);
    return await plan.takeContents(
      listing.entries.map((entry) => {
        const own = nameOf(entry.path);
        return { source: entry, target: joinPath(target, own), there: names.get(own) ?? null };
      }),
    );
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable) throw error;
    work.problem(problemOf(error, source.path, 'remote'));
    return [];
  }
}

interface Source extends Entry {
  readonly contents: boolean;
}

async function sourcesOf(work: Work, sources: readonly Match[], { recursive }: CopyRules): Promise<Source[]> {
  const found: Source[] = [];
  for (const { path, entry, contents = false } of sources) {
    const seen = entry ?? (await lookAt(work.remote, path, work.signal));
    if (!seen) {
      work.problem({ path, side: 'remote', code: 'refused', message: 'there is no such file on the server' });
      continue;
    }
    // What a pattern has matched was not named, and a link among it is left out; one that was named is meant.
    const one = entry ? seen : await followed(work.remote, seen, work.signal);
    if (one.kind === 'directory' && !recursive) {
      const message = 'it is a folder, which -r copies with all that is in it';
      work.problem({ path, side: 'remote', code: 'kind', message });
      continue;
    }
    found.push({ ...one, contents });
  }
  return found;
}

/** The folder that is written to, and the one name where it is no folder that was named. */
async function placeFor(
  sources: readonly Entry[],
  asked: number,
  target: string,
): Promise<{ folder: string; name?: string }> {
  const there = await stat(target).catch(() => undefined);
  const shown = printable(target);
  if (there?.isDirectory()) return { folder: await realpath(target) };
  if (asked > 1 || /[\\/]$/.test(target)) {
    throw new UsageError(there ? `${shown} is no folder` : `there is no folder ${shown}; make it first`);
  }
  const [source] = sources;
  if (there && source?.kind === 'directory') throw new UsageError(`${shown} is a file, and the source is a folder`);
  // A name that is a link to a file is where that file is.
  const link = there && (await lstat(target)).isSymbolicLink();
  const absolute = link ? await realpath(target) : resolve(target);
  const folder = await realpath(dirname(absolute)).catch((error) => {
    throw new UsageError(`there is no folder ${printable(dirname(absolute))}; make it first`, { cause: error });
  });
  const name = basename(absolute);
  joinable(name);
  return { folder, name };
}

function joinable(name: string): RelPath {
  try {
    return joinPath(ROOT, name);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
