/**
 * Names that are one to the server: many fold case, some store all in lower case, or without the dots and spaces at the
 * end. What is to be deleted there because its name is gone here may be the very file that is there under its new one.
 */
import { type Action, isTransfer, joinPath, nameOf, type Pair, parentOf, type RelPath, ROOT } from '../model/index.ts';
import { listRemote } from './listings.ts';

/** What a plan writes on the server, by names as some servers know them. */
export class WrittenNames {
  readonly #actions: readonly Action[];
  /** Made once it is asked for: most plans delete nothing. */
  #written: Map<string, RelPath> | undefined;

  constructor(actions: readonly Action[]) {
    this.#actions = actions;
  }

  /** What is written under a name that may be the same one to the server. */
  twinOf(path: RelPath): RelPath | undefined {
    this.#written ??= namesOf(this.#actions);
    const twin = this.#written.get(folded(path));
    return twin === path ? undefined : twin;
  }
}

function namesOf(actions: readonly Action[]): Map<string, RelPath> {
  const written = new Map<string, RelPath>();
  const note = (action: Action) => {
    if (action.action === 'rename') action.instead?.forEach(note);
    const to = isTransfer(action) ? action.action === 'upload' && (action.alias ?? action.path) : writtenBy(action);
    if (to) written.set(folded(to), to);
  };
  actions.forEach(note);
  return written;
}

/** Counts the names that were met and may be one to the server. */
export class Namesakes {
  readonly #met = new Map<string, number>();

  /** How many came before this one: 0 for nearly all. */
  before(path: RelPath): number {
    const name = folded(path);
    const met = this.#met.get(name) ?? 0;
    this.#met.set(name, met + 1);
    return met;
  }
}

function writtenBy(action: Exclude<Action, { readonly action: 'upload' | 'download' }>): RelPath | false {
  return action.side === 'remote' && (action.action === 'mkdir' || action.action === 'rename') && action.path;
}

function folded(path: RelPath): string {
  return path
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[ .]+(?=\/|$)/g, '');
}

interface Looking {
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/**
 * Tells which of two names are one on a server: a listing of the directory where their ways part shows them both, or one.
 * What cannot be seen counts as one. Each directory is listed once.
 */
export function oneNameOn(pair: Pair, { attempts, signal }: Looking): (a: RelPath, b: RelPath) => Promise<boolean> {
  const listed = new Map<RelPath, Promise<ReadonlySet<string>>>();
  const namesIn = async (directory: RelPath) => {
    const listing = await listRemote(pair, directory, signal, attempts);
    return new Set(listing?.entries.map(({ path }) => nameOf(path)));
  };
  return async (a, b) => {
    const [parent, first, second] = parting(a, b);
    let names = listed.get(parent);
    if (!names) listed.set(parent, (names = namesIn(parent)));
    return !((await names).has(first) && (await names).has(second));
  };
}

/** The last directory that is the same for both, and the names below it. */
function parting(a: RelPath, b: RelPath): [parent: RelPath, first: string, second: string] {
  const [one, other] = [a.split('/'), b.split('/')];
  let at = ROOT;
  for (const [index, name] of one.entries()) {
    if (name !== other[index]) return [at, name, other[index] ?? ''];
    at = joinPath(at, name);
  }
  return [parentOf(a), nameOf(a), nameOf(b)];
}
