/** The verb `rm`: removes files, and folders with all that is in them if told so. */
import { lookAt, type Match, NoMatchError, remove, type Work } from '../../hand/index.ts';
import { printable } from '../../model/index.ts';
import { ask, someoneIsThere } from '../ask.ts';
import type { Verb } from '../context.ts';
import { atDesk, note } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

interface RmFlags extends ServerOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export const rm: Verb = (program, context) => {
  const verb = program
    .command('rm')
    .description('remove files on a server')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<path...> [options]')
    .optionsGroup('What is removed:')
    .option('-r, --recursive', 'folders, with all that is in them')
    .option('-f, --force', 'never ask; what is not there is no problem')
    .option('-n, --dry-run', 'say what would be removed, and remove nothing');
  addServerOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (paths: readonly string[], flags: RmFlags) => {
      const code = await atDesk(context, { verb: 'rm', flags }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        const matches = await desk.matches(work, places).catch((error) => {
          if (flags.force && error instanceof NoMatchError) return [];
          throw error;
        });
        const asker = context.ask ?? (someoneIsThere() ? ask : undefined);
        const asks = asker !== undefined && flags.recursive && !flags.force && !flags.dryRun;
        if (asks && !(await confirmed(work, matches, asker))) return undefined;
        const removed = (path: string, kind: string) => {
          const name = kind === 'directory' ? `${path}/` : path;
          if (!flags.dryRun) desk.done('delete', name);
          else if (flags.json) desk.line(JSON.stringify({ path, kind }));
          else note(`would remove ${printable(name)}`);
        };
        const { recursive = false, force = false, dryRun = false } = flags;
        await remove(work, matches, { recursive, force, dryRun, removed });
        return undefined;
      });
      context.finish(code);
    });
};

const EXAMPLES = `
There is no way back. At a terminal, a folder with something in it is removed
only after a question (-f: never asked); in a script, -r is enough. A link is
removed as a link: what it leads to stays.

Examples:
  ferry rm web:/htdocs/old.html
  ferry rm 'web:/logs/*.log'                  quoted: the server's names
  ferry rm -rn web:/htdocs/drafts             what would it remove?
`;

/** Asks a person, once for all folders that hold something. */
async function confirmed(
  work: Work,
  matches: readonly Match[],
  asker: (question: string) => Promise<string>,
): Promise<boolean> {
  const holding: string[] = [];
  for (const { path, entry } of matches) {
    const seen = entry ?? (await lookAt(work.remote, path, work.signal));
    if (seen?.kind !== 'directory') continue;
    const { entries } = await work.remote.list(path, work.signal);
    if (entries.length > 0) holding.push(`${printable(path || '/')}/ (${entries.length} in it)`);
  }
  if (holding.length === 0) return true;
  const named = holding.slice(0, 3).join(', ') + (holding.length > 3 ? ` and ${holding.length - 3} more` : '');
  const answer = await asker(`Remove ${named} with all that is in it? There is no way back. [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  note('nothing was removed');
  return false;
}
