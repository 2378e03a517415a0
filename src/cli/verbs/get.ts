/** The verb `get`: files and folders from a server to here. */

import type { Command } from 'commander';
import type { WrittenPlace } from '../../config/index.ts';
import { formatRemoteUrl, parseSomeBytes } from '../../config/index.ts';
import {
  type CopyRequest,
  type CopyRules,
  copy,
  expand,
  type Match,
  planGet,
  pour,
  type Work,
} from '../../hand/index.ts';
import { UsageError } from '../../model/index.ts';
import type { Context, Verb } from '../context.ts';
import { atDesk, type Desk } from '../desk.ts';
import { addServerOptions, flag, liftable, type ServerOptions, whole } from '../options.ts';

/** Further attempts after a failure, unless said otherwise. */
export const RETRIES = 5;

export interface CopyFlags extends ServerOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly clobber: boolean;
  readonly preserve?: boolean;
  readonly ascii?: boolean;
  readonly dryRun?: boolean;
  readonly limitRate?: number | null;
  readonly retries?: number;
}

export const get: Verb = (program, context) => {
  const verb = program
    .command('get')
    .description('copy files and folders from a server')
    .argument('<path...>', 'NAME:/path or a URL; last, a local folder or a new name')
    .usage('<source...> [target] [options]');
  addCopyOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], flags: CopyFlags) => {
      context.finish(await getAll(names, flags, context));
    });
};

const EXAMPLES = `
Without a target, into this folder; - is stdout. Patterns are matched on the
server. A file arrives under a temporary name and gets its own when it is whole.
What was cut off goes on where it was; what is there already, with the same size
and time, is left.

Examples:
  ferry get web:/htdocs/a.txt                 into this folder
  ferry get -r web:/htdocs ./copy             into it, or as it where it is new
  ferry get -r web:/htdocs/. ./copy           what is in the folder
  ferry get 'web:/logs/2026-*.gz' logs/       quoted: the server's names
  ferry get 'web:/a\\*b.txt'                   a name with a * in it
  ferry get ftpes://me@example.com/backup.tar - | tar t
`;

export function addCopyOptions(verb: Command): Command {
  verb
    .optionsGroup('The copy:')
    .option('-r, --recursive', 'folders, with all that is in them')
    .option('-f, --force', 'replace what is there even if it seems the same')
    .option('--no-clobber', 'leave every file that is there')
    .option('-p, --preserve', 'keep permissions, too; times are always kept')
    .option('--ascii', 'as text: line ends become those of the other side')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .addOption(flag('--limit-rate <bytes>', 'bytes a second: 500k, 2M; none', liftable(parseSomeBytes)))
    .addOption(flag('--retries <n>', 'further attempts after a failure (default 5)', whole(0, 1000)));
  return addServerOptions(verb);
}

async function getAll(names: readonly string[], flags: CopyFlags, context: Context): Promise<number> {
  const bench = context.bench;
  const piped = names.length > 1 && names.at(-1) === '-';
  if (piped) return pipe(names.slice(0, -1), flags, context);
  return atDesk(context, { verb: 'get', flags }, async (desk) => {
    const { sources, target } = (bench ?? desk.bench).split('get', names);
    const places = await desk.places(sources);
    const prepare = async (work: Work) => planGet(work, await expandAll(work, places), target, rulesOf(flags));
    return conducted(desk, 'get', places[0]!, target, flags, prepare);
  });
}

/** To stdout, one after the other. */
async function pipe(sources: readonly string[], flags: CopyFlags, context: Context): Promise<number> {
  const { ascii = false, retries = RETRIES } = flags;
  if (flags.recursive || flags.json) throw new UsageError('to stdout go files, and nothing else: no -r, no --json');
  return atDesk(context, { verb: 'get', flags, data: true }, async (desk) => {
    const places = await desk.places(sources);
    const work = await desk.work(places[0]!);
    const write = (chunk: Uint8Array) => context.stdout.bytes(chunk);
    for (const { path } of await desk.matches(work, places)) {
      await pour(work, path, { write }, { text: ascii, attempts: retries + 1 });
    }
    return undefined;
  });
}

async function expandAll(work: Work, places: readonly WrittenPlace[]): Promise<Match[]> {
  const found = new Map<string, Match>();
  for (const { segments, contents } of places) {
    for (const match of await expand(work, segments)) {
      if (!found.has(match.path)) found.set(match.path, { ...match, contents });
    }
  }
  return [...found.values()];
}

export function rulesOf({ recursive, force, clobber, ascii }: CopyFlags): CopyRules {
  if (force && !clobber) throw new UsageError('--force replaces what is there and --no-clobber leaves it; choose one');
  return {
    recursive: recursive ?? false,
    existing: clobber ? (force ? 'replace' : 'unless-same') : 'keep',
    text: ascii ?? false,
  };
}

/** Runs a copy and tells it. */
export async function conducted(
  desk: Desk,
  verb: 'get' | 'put',
  place: WrittenPlace,
  local: string,
  flags: CopyFlags,
  prepare: CopyRequest['prepare'],
): Promise<number> {
  const { server, remote } = place.settings;
  const summary = await copy({
    verb,
    local,
    remoteUrl: formatRemoteUrl({ ...server, remote }),
    server,
    connect: async () => (await desk.work(place)).remote,
    prepare,
    tell: desk.voice.tell,
    signal: desk.signal,
    attempts: (flags.retries ?? RETRIES) + 1,
    limitRate: flags.limitRate ?? null,
    preserve: flags.preserve ?? false,
    text: flags.ascii ?? false,
    dryRun: flags.dryRun ?? false,
  });
  return summary.exitCode;
}
