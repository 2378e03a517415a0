/** The verb `mv`: renames on a server. */
import { move } from '../../hand/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import type { Verb } from '../context.ts';
import { atDesk, note } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';
import { targetOf } from './put.ts';

interface MvFlags extends ServerOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export const mv: Verb = (program, context) => {
  const verb = program
    .command('mv')
    .description('rename or move on a server')
    .argument('<path...>', 'NAME:/path or a URL; last, a folder there or the new name')
    .usage('<source...> <target> [options]')
    .optionsGroup('The move:')
    .option('-f, --force', 'replace a file that has the new name')
    .option('-n, --dry-run', 'say what would be done, and do nothing');
  addServerOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], flags: MvFlags) => {
      const code = await atDesk(context, { verb: 'mv', flags }, async (desk) => {
        if (names.length < 2) throw new UsageError('name the new place, last: ferry mv web:/a.txt web:/b.txt');
        const places = await desk.places(names);
        const work = await desk.work(places[0]!);
        const { force = false, dryRun = false } = flags;
        const moved = (from: string, to: string) => {
          if (!dryRun) desk.done('rename', `${from} -> ${to}`);
          else if (flags.json) desk.line(JSON.stringify({ from, to }));
          else note(`would rename ${printable(from)} to ${printable(to)}`);
        };
        const matches = await desk.matches(work, places.slice(0, -1));
        await move(work, matches, await targetOf(work, places.at(-1)!), { force, dryRun, moved });
        return undefined;
      });
      context.finish(code);
    });
};

const EXAMPLES = `
Nothing is replaced unless --force says so. Patterns are matched on the server.

Examples:
  ferry mv web:/htdocs/new.html web:/htdocs/index.html
  ferry mv 'web:/in/*.csv' web:/done/
`;
