/** The verb `chmod`: permissions on a server. */
import { changeMode } from '../../hand/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import type { Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

export const chmod: Verb = (program, context) => {
  const verb = program
    .command('chmod')
    .description('set permissions on a server')
    .argument('<mode>', 'in octal, such as 644')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<mode> <path...> [options]');
  addServerOptions(verb)
    .addHelpText('after', "\nExamples:\n  ferry chmod 644 'web:/htdocs/*.html'\n")
    .action(async (mode: string, paths: readonly string[], flags: ServerOptions) => {
      if (!/^0?[0-7]{3,4}$/.test(mode)) {
        throw new UsageError(`${printable(mode)} is no mode: write permission bits in octal, such as 644`);
      }
      const code = await atDesk(context, { verb: 'chmod', flags }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        const changed = (path: string) => desk.done('chmod', path);
        await changeMode(work, await desk.matches(work, places), { mode: Number.parseInt(mode, 8), changed });
        return undefined;
      });
      context.finish(code);
    });
};
