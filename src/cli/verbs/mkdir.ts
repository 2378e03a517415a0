/** The verbs `mkdir` and `rmdir`: folders on a server. */
import { makeFolders, removeFolders } from '../../hand/index.ts';
import type { Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

interface MkdirFlags extends ServerOptions {
  readonly parents?: boolean;
}

export const mkdir: Verb = (program, context) => {
  const verb = program
    .command('mkdir')
    .description('make folders on a server')
    .argument('<path...>', 'NAME:/path or a URL')
    .usage('<path...> [options]')
    .optionsGroup('The folders:')
    .option('-p, --parents', 'those above, too; one that is there is no problem');
  addServerOptions(verb)
    .addHelpText('after', '\nExamples:\n  ferry mkdir -p web:/htdocs/2026/11\n')
    .action(async (paths: readonly string[], flags: MkdirFlags) => {
      const code = await atDesk(context, { verb: 'mkdir', flags }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        const made = (path: string) => desk.done('mkdir', path);
        await makeFolders(work, await desk.matches(work, places), { parents: flags.parents ?? false, made });
        return undefined;
      });
      context.finish(code);
    });
};

export const rmdir: Verb = (program, context) => {
  const verb = program
    .command('rmdir')
    .description('remove empty folders on a server')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<path...> [options]');
  addServerOptions(verb)
    .addHelpText('after', '\nExamples:\n  ferry rmdir web:/htdocs/old\n')
    .action(async (paths: readonly string[], flags: ServerOptions) => {
      const code = await atDesk(context, { verb: 'rmdir', flags }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        await removeFolders(work, await desk.matches(work, places), (path) => desk.done('delete', path));
        return undefined;
      });
      context.finish(code);
    });
};
