/** The verb `put`: files and folders from here to a server. */
import { basename } from 'node:path';
import type { WrittenPlace } from '../../config/index.ts';
import {
  expand,
  fill,
  followed,
  isPattern,
  literalPath,
  lookAt,
  type PutTarget,
  planPut,
  type Work,
} from '../../hand/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import type { Context, Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { addCopyOptions, type CopyFlags, conducted, rulesOf } from './get.ts';

export const put: Verb = (program, context) => {
  const verb = program
    .command('put')
    .description('copy files and folders to a server')
    .argument('<path...>', 'local files, or - for stdin; last, NAME:/path or a URL')
    .usage('<source...> <target> [options]');
  addCopyOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], flags: CopyFlags) => {
      context.finish(await putAll(names, flags, context));
    });
};

const EXAMPLES = `
A file is sent under a temporary name, its size is checked, and only then does
it get its own. What was cut off goes on where it was; what is there already,
with the same size and time, is left.

Examples:
  ferry put report.pdf web:/htdocs/           into that folder
  ferry put report.pdf web:/htdocs/new.pdf    under that name
  ferry put -r public ftpes://me@example.com/htdocs
  mysqldump shop | gzip | ferry put - web:/backup/shop.sql.gz
`;

async function putAll(names: readonly string[], flags: CopyFlags, context: Context): Promise<number> {
  return atDesk(context, { verb: 'put', flags }, async (desk) => {
    const { sources: written, target } = desk.bench.split('put', names);
    const sources = await desk.bench.localNames(written);
    const [place] = await desk.places([target]);
    if (sources.includes('-')) {
      if (sources.length > 1) throw new UsageError('- is stdin, and goes alone');
      return fromStdin(await desk.work(place!), place!, flags, (path) => desk.done('upload', path));
    }
    const prepare = async (work: Work) => planPut(work, sources, await targetOf(work, place!), rulesOf(flags));
    return conducted(desk, 'put', place!, named(sources), flags, prepare);
  });
}

function named([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** The one path that a place is; a pattern has to match but one. */
export async function targetOf(work: Work, { segments, folder }: WrittenPlace): Promise<PutTarget> {
  if (!isPattern(segments)) return { path: literalPath(segments), folder };
  const matches = await expand(work, segments);
  const [only, other] = matches;
  if (only && !other) return { path: only.path, folder };
  const names = matches.slice(0, 3).map(({ path }) => printable(basename(path)));
  throw new UsageError(`the target matches ${matches.length} names (${names.join(', ')}, ...); name one`);
}

async function fromStdin(
  work: Work,
  place: WrittenPlace,
  flags: CopyFlags,
  done: (path: string) => void,
): Promise<undefined> {
  const { path, folder } = await targetOf(work, place);
  const there = await lookAt(work.remote, path, work.signal);
  if (folder || (there && (await followed(work.remote, there, work.signal)).kind === 'directory')) {
    throw new UsageError(`${printable(path || '/')} is a folder; name the file that stdin is to become`);
  }
  if (flags.dryRun) return undefined;
  const rules = rulesOf(flags);
  const read = await fill(work, path, process.stdin, { text: flags.ascii ?? false, keep: rules.existing === 'keep' });
  if (read !== null) done(path);
  return undefined;
}
