/** Small changes on a server: folders, names, times, permissions. */

import { problemOf } from '../act/failure.ts';
import {
  type Entry,
  FerryError,
  fingerprintOf,
  isWithin,
  joinPath,
  lineage,
  nameOf,
  parentOf,
  printable,
  type RelPath,
  ReplyError,
  ROOT,
  UsageError,
} from '../model/index.ts';
import { publish } from '../transfer/swap.ts';
import { each } from './each.ts';
import { journalled } from './journal.ts';
import { followed, lookAt } from './look.ts';
import type { Match } from './pattern.ts';
import { onLane } from './remove.ts';
import type { Work } from './work.ts';

type Done = (path: RelPath) => void;

/** Makes folders; with `parents` also those above that are missing, and one that is there already is no problem. */
export async function makeFolders(
  work: Work,
  matches: readonly Match[],
  { parents, made }: { readonly parents: boolean; readonly made: Done },
): Promise<void> {
  await each(work, matches, async ({ path }) => {
    const missing: RelPath[] = [];
    for (const at of parents ? lineage(path) : [path]) {
      const there = await lookAt(work.remote, at, work.signal);
      const kind = there && (await followed(work.remote, there, work.signal)).kind;
      if (kind === 'directory' && (parents || at !== path)) break;
      if (kind)
        throw new FerryError('reply', kind === 'directory' ? 'it is there already' : `there is a ${kind} of that name`);
      missing.unshift(at);
    }
    for (const one of missing) {
      await onLane(work, (lane) => lane.makeDirectory(one)).catch((error) => unlessAbove(work, one, error));
      made(one);
    }
  });
}

/** Why a folder could not be made: where the one above it is missing, that says more than the server's words. */
async function unlessAbove({ remote, signal }: Work, path: RelPath, error: unknown): Promise<never> {
  const above = parentOf(path);
  if (!(error instanceof ReplyError) || (await lookAt(remote, above, signal)) !== null) throw error;
  throw new FerryError('reply', `there is no folder ${printable(above)} on the server; mkdir -p makes it, too`);
}

export interface MoveRules {
  /** Whether a file under the new name is replaced. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly moved: (from: RelPath, to: RelPath) => void;
}

/**
 * Renames files and folders; into the target where it is a folder. Nothing is replaced unless `force`.
 * RACE: what gets the new name between the look and the rename is replaced on servers that rename over files.
 */
export async function move(
  work: Work,
  sources: readonly Match[],
  target: { readonly path: RelPath; readonly folder: boolean },
  rules: MoveRules,
): Promise<void> {
  const { remote, signal } = work;
  const seen = await lookAt(remote, target.path, signal);
  const into = seen && (await followed(remote, seen, signal)).kind === 'directory';
  const one = sources.length === 1 && sources[0]!.path;
  if (!into && (target.folder || one === false)) {
    throw new UsageError(`there is no folder ${printable(target.path)} on the server; ferry mkdir -p makes one`);
  }
  await each(work, sources, async ({ path }) => {
    if (path === ROOT) throw new FerryError('usage', 'the top of what can be seen here cannot be moved');
    const to = into ? joinPath(target.path, nameOf(path)) : target.path;
    if (to === path) throw new FerryError('usage', 'the new name is the one that it has');
    if (isWithin(to, path)) throw new FerryError('usage', 'a folder cannot be moved into itself');
    const there = await lookAt(remote, to, signal);
    if (there) await mayReplace(work, path, there, rules);
    if (!rules.dryRun) {
      // One connection after the other: there may be no second one to be had.
      if (!there) await onLane(work, (lane) => lane.rename(path, to));
      else {
        const old = fingerprintOf(there);
        await journalled(work, 'remote', [`/${to}`], ({ memory }) =>
          onLane(work, (lane) => publish(lane, memory, path, to, old, { style: 'hidden' })),
        );
      }
    }
    rules.moved(path, to);
  });
}

async function mayReplace(work: Work, from: RelPath, there: Entry, { force }: MoveRules): Promise<void> {
  const name = printable(there.path);
  if (there.kind === 'directory') throw new FerryError('usage', `there is a folder ${name} already; remove it first`);
  if (!force) throw new FerryError('usage', `there is a file ${name} already; --force replaces it`);
  const source = await lookAt(work.remote, from, work.signal);
  if (source?.kind === 'directory') throw new FerryError('usage', `a folder cannot take the place of the file ${name}`);
}

/** Sets permission bits (SITE CHMOD). */
export async function changeMode(
  work: Work,
  matches: readonly Match[],
  { mode, changed }: { readonly mode: number; readonly changed: Done },
): Promise<void> {
  await each(work, matches, async ({ path }) => {
    if (!(await onLane(work, (lane) => lane.setMode(path, mode)))) {
      throw new FerryError('reply', 'this server cannot change permissions (SITE CHMOD)');
    }
    changed(path);
  });
}

/**
 * Sets modification times (ms, UTC), and makes an empty file where there is none, unless `create` is false.
 * RACE: what gets the name between the look and the making is emptied; FTP cannot make a file only if there is none.
 */
export async function touch(
  work: Work,
  matches: readonly Match[],
  { mtime, create, touched }: { readonly mtime: number; readonly create: boolean; readonly touched: Done },
): Promise<void> {
  await each(work, matches, async ({ path, entry }) => {
    const there = entry ?? (await lookAt(work.remote, path, work.signal));
    if (!there && !create) return;
    await onLane(work, async (lane) => {
      if (!there) await lane.write(path, { async *chunks() {} });
      if (!(await lane.setModified(path, mtime)) && there) {
        throw new FerryError('reply', 'this server cannot set times');
      }
    });
    touched(path);
  });
}

/** What the server says of each path, as `stat` shows it. */
export async function look(work: Work, matches: readonly Match[], seen: (entry: Entry) => void): Promise<void> {
  await each(work, matches, async ({ path, entry }) => {
    const found = entry ?? (await lookAt(work.remote, path, work.signal));
    if (found) seen(found);
    else work.problem(problemOf(new FerryError('reply', 'there is no such file on the server'), path, 'remote'));
  });
}
