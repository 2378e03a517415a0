/** Files and folders from here to a server, named as `cp` would name them. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, parse, relative, resolve, sep } from 'node:path';
import { problemOf } from '../act/failure.ts';
import { openLocal } from '../local/index.ts';
import {
  type Entry,
  joinPath,
  type Local,
  LocalError,
  nameOf,
  parentOf,
  printable,
  type RelPath,
  ReplyError,
  toRelPath,
  UsageError,
} from '../model/index.ts';
import type { Prepared } from './copy.ts';
import { followed, lookAt } from './look.ts';
import { CopyPlan, type CopyRules, type Item } from './plan.ts';
import type { Work } from './work.ts';

export interface PutTarget {
  readonly path: RelPath;
  /** Whether it was written with a slash at its end. */
  readonly folder: boolean;
}

/** A file or folder here, by its real path, and the name that it was given by. */
interface Source {
  readonly real: string;
  /** `''` where what is in it is meant: `.`, `folder/.`. */
  readonly name: string;
}

/**
 * Plans the copies of local `sources` to a path on the server: into it where it is a folder, else under that name.
 * @throws UsageError where the target cannot be that, or a source is not there.
 */
export async function planPut(
  work: Work,
  sources: readonly string[],
  target: PutTarget,
  rules: CopyRules,
): Promise<Prepared> {
  const real = await Promise.all(sources.map(sourceOf));
  const root = commonFolder(real.map((source) => dirname(source.real)));
  const local = await openLocal(root);
  const plan = new CopyPlan(work, 'push', rules);
  const into = await placeFor(work, target, sources.length);
  const [items, contents]: [Item[], Item[]] = [[], []];
  const places: string[] = [];
  for (const { real: path, name } of real) {
    const source = await entryOf(work, local, path, rules);
    if (!source) continue;
    if (into.kind !== 'folder' && source.kind === 'directory' && into.there) {
      throw new UsageError(`${printable(target.path)} on the server is a file, and the source is a folder`);
    }
    const own = into.kind === 'name' ? into.path : name === '' ? into.path : named(into.path, name);
    places.push(`/${own}`);
    const whole = name === '' && into.kind === 'folder';
    const there = into.kind === 'name' ? into.there : whole ? into.there : await lookAt(work.remote, own, work.signal);
    const seen = there && (await followed(work.remote, there, work.signal));
    (whole ? contents : items).push({ source, target: own, there: seen });
  }
  const pending = [...contents, ...(await plan.take(items))];
  for (let one = pending.shift(); one; one = pending.shift()) {
    work.signal.throwIfAborted();
    pending.push(...(await enter(work, local, plan, one)));
  }
  return { plan, local, places };
}

/** What is in a folder here; resolves with the folders in it. */
async function enter(work: Work, local: Local, plan: CopyPlan, { source, target, there }: Item): Promise<Item[]> {
  try {
    const here = await local.list(source.path);
    for (const problem of here.problems) work.problem(problem);
    const names = new Map<string, Entry>();
    if (there) {
      const listing = await work.remote.list(target, work.signal);
      for (const entry of listing.entries) names.set(nameOf(entry.path), entry);
    }
    return await plan.takeContents(
      here.entries.map((entry) => {
        const own = nameOf(entry.path);
        return { source: entry, target: joinPath(target, own), there: names.get(own) ?? null };
      }),
    );
  } catch (error) {
    const remote = error instanceof ReplyError && !error.retryable;
    if (!remote && !(error instanceof LocalError)) throw error;
    work.problem(problemOf(error, source.path, remote ? 'remote' : 'local'));
    return [];
  }
}

async function sourceOf(written: string): Promise<Source> {
  try {
    const contents = /(?:^|[\\/])\.{1,2}[\\/]?$/.test(written);
    return { real: await realpath(written), name: contents ? '' : basename(resolve(written)) };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read (${error})`;
    throw new UsageError(`${printable(written)} ${why}`, { cause: error });
  }
}

async function entryOf(work: Work, local: Local, real: string, { recursive }: CopyRules): Promise<Entry | undefined> {
  const path = toRelPath(relative(local.root, real).split(sep).join('/'));
  const entry = await local.look(path);
  const fail = (code: 'kind' | 'unreadable', message: string) => {
    work.problem({ path, side: 'local', code, message });
    return undefined;
  };
  if (!entry) return fail('unreadable', 'it is gone');
  if (entry.kind === 'directory' && !recursive) return fail('kind', 'it is a folder, which -r copies with all in it');
  if (entry.kind === 'other') return fail('kind', 'it is no regular file; to send what comes out of it: put - < it');
  return entry;
}

type Into =
  | { readonly kind: 'folder'; readonly path: RelPath; readonly there: Entry }
  | { readonly kind: 'name'; readonly path: RelPath; readonly there: Entry | null };

async function placeFor(work: Work, { path, folder }: PutTarget, sources: number): Promise<Into> {
  const seen = await lookAt(work.remote, path, work.signal);
  const there = seen && (await followed(work.remote, seen, work.signal));
  const shown = printable(path);
  if (there?.kind === 'directory') return { kind: 'folder', path, there };
  const make = 'ferry mkdir -p makes one';
  if (sources > 1 || folder) {
    throw new UsageError(there ? `${shown} on the server is no folder` : `there is no folder ${shown} there; ${make}`);
  }
  if (!there) {
    const above = await lookAt(work.remote, parentOf(path), work.signal);
    if (!above) throw new UsageError(`there is no folder ${printable(parentOf(path))} on the server; ${make}`);
  }
  return { kind: 'name', path, there };
}

function named(folder: RelPath, name: string): RelPath {
  try {
    return joinPath(folder, name);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** The deepest folder that all of these are in, or are. @throws UsageError where they are on different drives. */
function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  const top = parse(first).root;
  let shared = first.slice(top.length).split(sep);
  for (const other of others) {
    if (parse(other).root !== top) throw new UsageError('these files are on different drives; put them one by one');
    const words = other.slice(top.length).split(sep);
    const differs = shared.findIndex((word, at) => word !== words[at]);
    if (differs >= 0) shared = shared.slice(0, differs);
  }
  return top + shared.join(sep);
}
