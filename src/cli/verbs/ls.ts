/** The verb `ls`: what is in a folder on a server. */
import { type RemoteSettings, remoteFolder } from '../../config/index.ts';
import {
  comparePaths,
  type Entry,
  EXIT,
  type Listing,
  type Problem,
  printable,
  type RelPath,
  ROOT,
  UsageError,
} from '../../model/index.ts';
import { remoteOf as openable } from '../../sync/index.ts';
import type { Context, Verb } from '../context.ts';
import { listingTable } from '../listing-table.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';
import { remoteOf } from '../target.ts';
import { type Voice, voiceOf } from '../voice.ts';

interface LsFlags extends ServerOptions {
  readonly recursive?: boolean;
}

export const ls: Verb = (program, context) => {
  const verb = program
    .command('ls')
    .description('list a folder on a server')
    .argument('[place]', 'a server or a job of the configuration, or a URL')
    .argument('[path]', 'a folder there; without a / at the front, below the place')
    .usage('[place] [path] [options]')
    .optionsGroup('The listing:')
    .option('-R, --recursive', 'what is in its folders, too');
  addServerOptions(verb, 'one entry per line as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (place: string | undefined, path: string | undefined, flags: LsFlags) => {
      context.finish(await listFolder(place, path, flags, context));
    });
};

const EXAMPLES = `
Examples:
  ferry ls web /htdocs
  ferry ls ftpes://me@example.com/htdocs --json -R
`;

async function listFolder(
  place: string | undefined,
  path: string | undefined,
  flags: LsFlags,
  { stdout, signal }: Context,
): Promise<number> {
  const { settings, warnings } = await remoteOf(place, flags, 'ls');
  const voice = voiceOf(flags, { words: true });
  const until = AbortSignal.any([signal, stdout.closed]);
  const remote = openable(below(settings, path), voice.wire);
  let complete = true;
  try {
    for (const message of warnings) voice.tell({ type: 'warning', message });
    await remote.open(until);
    const pending: RelPath[] = [ROOT];
    for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
      const listing = await remote.list(directory, until);
      const entries = [...listing.entries].sort((a, b) => comparePaths(a.path, b.path));
      if (flags.json) for (const line of jsonLines(listing, entries)) stdout.line(line);
      else for (const line of listingTable(entries)) stdout.line(line);
      complete = sayProblems(listing, voice) && complete;
      // The first folder comes next: the order is that of the paths.
      if (flags.recursive)
        pending.push(
          ...entries
            .filter(({ kind }) => kind === 'directory')
            .map(pathOf)
            .reverse(),
        );
    }
    return complete ? EXIT.agreed : EXIT.incomplete;
  } catch (error) {
    if (stdout.closed.aborted && !signal.aborted) return EXIT.agreed;
    throw signal.aborted ? signal.reason : error;
  } finally {
    await remote.close();
    await voice.close();
  }
}

function below(settings: RemoteSettings, path: string | undefined): RemoteSettings {
  if (path === undefined) return settings;
  const apart = path.startsWith('/') || path.startsWith('~') || settings.remote === '';
  try {
    return { ...settings, remote: remoteFolder(apart ? path : `${settings.remote}/${path}`) };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function pathOf({ path }: Entry): RelPath {
  return path;
}

function* jsonLines({ directory, problems, incomplete }: Listing, entries: readonly Entry[]): Generator<string> {
  for (const { path, kind, size, mtime, precision } of entries) {
    const time = mtime === null ? null : new Date(mtime).toISOString();
    yield JSON.stringify({ path, kind, size, mtime: time, precision });
  }
  for (const { path, message } of problems) yield problemLine(path, message);
  if (incomplete !== undefined && !saysIncomplete(problems)) yield problemLine(directory, incomplete);
}

function problemLine(path: RelPath, problem: string): string {
  return JSON.stringify({ path, kind: 'other', size: null, mtime: null, precision: null, problem });
}

/** Whether nothing was wrong. */
function sayProblems({ directory, problems, incomplete }: Listing, { tell }: Voice): boolean {
  for (const problem of problems) tell({ type: 'problem', ...problem });
  if (incomplete !== undefined && !saysIncomplete(problems)) {
    tell({ type: 'warning', message: `${printable(directory || '.')} may hold more: ${incomplete}` });
  }
  return problems.length === 0 && incomplete === undefined;
}

function saysIncomplete(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => code === 'incomplete');
}
