/** What a copy by hand is going to do: the steps for the engine, and what is left as it is. */
import { instantOf, sameInstant, TELLING_PRECISION } from '../diff/times.ts';
import {
  type Action,
  type Entry,
  fingerprintOf,
  isTemporary,
  type Local,
  type MkdirAction,
  nameOf,
  type Problem,
  type RelPath,
  type TransferAction,
} from '../model/index.ts';
import type { Work } from './work.ts';

export interface CopyRules {
  /** Whether folders are copied with all that is in them. */
  readonly recursive?: boolean;
  /** What is done about a file that is there: replaced unless it is the same, replaced in any case, or left. */
  readonly existing?: 'unless-same' | 'replace' | 'keep';
  /** As text: line ends become those of the other side. Sizes then say nothing. */
  readonly text?: boolean;
}

/** One source, and the name that it gets. */
export interface Item {
  readonly source: Entry;
  readonly target: RelPath;
  /** What is under that name. */
  readonly there: Entry | null;
}

/** Collects the steps of one copy. */
export class CopyPlan {
  readonly actions: Action[] = [];
  /** Files that are there and are left. */
  unchanged = 0;
  /** Links and special files, left out. */
  links = 0;
  private readonly work: Work;
  private readonly direction: 'push' | 'pull';
  private readonly rules: CopyRules;
  /** Names that something gets already; two sources must not become one file. */
  private readonly taken = new Map<string, RelPath>();
  private readonly foldsCase: boolean;

  constructor(work: Work, direction: 'push' | 'pull', rules: CopyRules, foldsCase = false) {
    this.work = work;
    this.direction = direction;
    this.rules = rules;
    this.foldsCase = foldsCase;
  }

  /** Takes on what was named. Resolves with the folders, to go into. */
  async take(items: readonly Item[]): Promise<Item[]> {
    const folders: Item[] = [];
    const files: Item[] = [];
    for (const item of items) {
      const { kind } = item.source;
      if (kind === 'link' || kind === 'other') this.links++;
      else if (this.isTaken(item)) continue;
      else if (kind === 'directory') folders.push(item);
      else files.push(item);
    }
    for (const item of await this.measured(files)) this.file(item);
    return folders.filter((item) => this.folder(item));
  }

  /** Takes on what is in a folder, but for temporary files of transfers under way. */
  takeContents(items: readonly Item[]): Promise<Item[]> {
    return this.take(items.filter(({ source }) => !isTemporary(nameOf(source.path))));
  }

  private isTaken({ source, target }: Item): boolean {
    const key = this.foldsCase ? target.normalize('NFC').toLowerCase() : target;
    const other = this.taken.get(key);
    if (other === undefined) this.taken.set(key, source.path);
    else this.problem(source, 'name', `it would get the same name as ${other}; copy one of them elsewhere`);
    return other !== undefined;
  }

  private folder({ source, target, there }: Item): boolean {
    if (there && there.kind !== 'directory') {
      this.problem(source, 'kind', `a folder cannot take the place of the ${there.kind} ${target}; remove that first`);
      return false;
    }
    const side = this.direction === 'push' ? 'remote' : 'local';
    const made: MkdirAction = { action: 'mkdir', side, path: target, reason: 'new' };
    if (!there) this.actions.push(made);
    return true;
  }

  private file({ source, target, there }: Item): void {
    if (there && there.kind !== 'file') {
      this.problem(source, 'kind', `a file cannot take the place of the ${there.kind} ${target}; remove that first`);
      return;
    }
    const { existing = 'unless-same', text = false } = this.rules;
    if (there && (existing === 'keep' || (existing === 'unless-same' && !text && isSame(source, there)))) {
      this.unchanged++;
      return;
    }
    const { path, size, mtime, zoned, mode } = source;
    const action: TransferAction = {
      action: this.direction === 'push' ? 'upload' : 'download',
      path,
      reason: there ? 'changed' : 'new',
      size: size ?? 0,
      source: fingerprintOf(source),
      replaces: there && fingerprintOf(there),
      mtime: zoned ? mtime : null,
      ...(mode === undefined ? {} : { mode }),
      ...(target === path ? {} : { alias: target }),
    };
    this.actions.push(action);
  }

  /** Where a listing's date is too coarse to tell whether a file is the same, the server is asked for it. */
  private async measured(items: readonly Item[]): Promise<readonly Item[]> {
    const { existing = 'unless-same', text = false } = this.rules;
    if (existing !== 'unless-same' || text) return items;
    const side = this.direction === 'push' ? 'there' : 'source';
    const coarse = items.filter(({ source, there }) => {
      const one = side === 'there' ? there : source;
      return there && one && one.precision > TELLING_PRECISION && source.size === there.size;
    });
    if (coarse.length === 0) return items;
    const paths = coarse.map((item) => item[side]!.path);
    const exact = new Map<Item, Entry>();
    const sightings = await this.work.remote.sight(paths, this.work.signal);
    for (const [at, sighting] of sightings.entries()) {
      if (sighting.found === 'present' && sighting.entry.kind === 'file') exact.set(coarse[at]!, sighting.entry);
    }
    return items.map((item) => {
      const told = exact.get(item);
      const one = item[side];
      if (!told || !one || told.mtime === null) return item;
      const { mtime, precision, zoned, stamps } = told;
      return { ...item, [side]: { ...one, mtime, precision, zoned, stamps: { ...one.stamps, ...stamps } } };
    });
  }

  private problem({ path }: Entry, code: Problem['code'], message: string): void {
    this.work.problem({ path, side: this.direction === 'push' ? 'local' : 'remote', code, message });
  }
}

/** The same size, and the same time as far as both know it well: what an earlier copy has left. */
function isSame(a: Entry, b: Entry): boolean {
  const [x, y] = [instantOf(a), instantOf(b)];
  if (a.size !== b.size || !x || !y || Math.max(x.precision, y.precision) > TELLING_PRECISION) return false;
  return sameInstant(x, y);
}

/** A local folder as a plan needs it: what is there by name, nothing where it is not there yet. */
export async function localNames(local: Local, folder: RelPath, there: boolean): Promise<Map<string, Entry>> {
  if (!there) return new Map();
  const { entries } = await local.list(folder);
  return new Map(entries.map((entry) => [nameOf(entry.path), entry]));
}
