/** The verb `ls`: what is in a folder on a server. */
import { below } from '../../config/index.ts';
import { followed, lookAt, type Match, type Work } from '../../hand/index.ts';
import {
  comparePaths,
  type Entry,
  FerryError,
  type Listing,
  nameOf,
  parentOf,
  printable,
  type RelPath,
  ROOT,
} from '../../model/index.ts';
import type { Verb } from '../context.ts';
import { atDesk, type Desk } from '../desk.ts';
import { entryLine } from '../entry-line.ts';
import { listingTable } from '../listing-table.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

interface LsFlags extends ServerOptions {
  readonly recursive?: boolean;
  readonly names?: boolean;
}

export const ls: Verb = (program, context) => {
  const verb = program
    .command('ls')
    .description('list a folder on a server')
    .argument('[place]', 'NAME:/path, a server or a job, or a URL')
    .argument('[path]', 'a folder there; without a / at the front, below the place')
    .usage('[place] [path] [options]')
    .optionsGroup('The listing:')
    .option('-l, --long', 'permissions, size and time; this is the default')
    .option('-1, --names', 'names only')
    .option('-R, --recursive', 'what is in its folders, too');
  addServerOptions(verb, 'one entry per line as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (place: string | undefined, path: string | undefined, flags: LsFlags) => {
      const how = { verb: 'ls', flags, data: true };
      context.finish(await atDesk(context, how, (desk) => list(desk, place, path, flags)));
    });
};

const EXAMPLES = `
Examples:
  ferry ls web:/htdocs
  ferry ls 'web:/logs/*.gz'                   quoted: the server's names
  ferry ls ftpes://me@example.com/htdocs --json -R
`;

async function list(desk: Desk, place: string | undefined, path: string | undefined, flags: LsFlags) {
  // The name of a server alone is the server, here where nothing else could be meant.
  const written = place === undefined || desk.bench.isRemote(place) ? place : `${place}:`;
  const [base] = await desk.places([written]);
  const at = path === undefined ? base! : below(base!, path);
  const work = await desk.work(at);
  const matches = await desk.matches(work, [at]);
  const lister = new Lister(desk, work, flags);
  for (const match of matches) await lister.show(match, matches.length > 1);
  lister.end();
  return undefined;
}

class Lister {
  readonly #desk: Desk;
  readonly #work: Work;
  readonly #flags: LsFlags;
  /** Files that a pattern matched, not printed yet: those in a row are one table. */
  #files: Entry[] = [];

  constructor(desk: Desk, work: Work, flags: LsFlags) {
    this.#desk = desk;
    this.#work = work;
    this.#flags = flags;
  }

  /** A file is shown itself, a folder by what is in it; of several, all names begin with their own. */
  async show({ path, entry }: Match, several: boolean): Promise<void> {
    const { remote, signal } = this.#work;
    const seen = entry ?? (path === ROOT ? undefined : await lookAt(remote, path, signal));
    if (seen === null) throw new FerryError('reply', `there is no ${printable(path)} on the server`);
    const what = seen && (entry ? seen : await followed(remote, seen, signal));
    const base = several || (what && what.kind !== 'directory') ? parentOf(path) : path;
    if (what && what.kind !== 'directory') {
      this.#files.push({ ...what, path: beneath(what.path, base) });
      return;
    }
    this.end();
    const pending: RelPath[] = [path];
    for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
      const listing = await remote.list(directory, signal);
      const entries = [...listing.entries].sort((a, b) => comparePaths(a.path, b.path));
      this.#print(entries.map((entry) => ({ ...entry, path: beneath(entry.path, base) })));
      this.#problems(listing, base);
      // The first folder comes next: the order is that of the paths.
      if (!this.#flags.recursive) continue;
      pending.push(...entries.flatMap((one) => (one.kind === 'directory' ? [one.path] : [])).reverse());
    }
  }

  /** Prints what still waits for others of its kind. */
  end(): void {
    this.#print(this.#files);
    this.#files = [];
  }

  #print(shown: readonly Entry[]): void {
    const { json, names } = this.#flags;
    if (json) for (const entry of shown) this.#desk.line(entryLine(entry));
    else if (names) for (const entry of shown) this.#desk.line(printable(entry.path));
    else for (const line of listingTable(shown)) this.#desk.line(line);
  }

  #problems({ directory, problems, incomplete }: Listing, base: RelPath): void {
    for (const problem of problems) {
      const path = beneath(problem.path, base);
      if (this.#flags.json) this.#desk.line(problemLine(path, problem.message));
      this.#work.problem({ ...problem, path });
    }
    if (incomplete === undefined || problems.some(({ code }) => code === 'incomplete')) return;
    const path = beneath(directory, base);
    if (this.#flags.json) this.#desk.line(problemLine(path, incomplete));
    this.#work.problem({ path, side: 'remote', code: 'incomplete', message: `it may hold more: ${incomplete}` });
  }
}

function problemLine(path: RelPath, problem: string): string {
  return JSON.stringify({ path, kind: 'other', size: null, mtime: null, precision: null, problem });
}

/** A path as seen from a folder above it. */
function beneath(path: RelPath, base: RelPath): RelPath {
  if (path === base) return (base === ROOT ? ROOT : nameOf(path)) as RelPath;
  return (base === ROOT ? path : path.slice(base.length + 1)) as RelPath;
}
