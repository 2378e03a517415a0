/** The verb `touch`: modification times on a server, and empty files. */
import { touch as touchAll } from '../../hand/index.ts';
import type { Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { addServerOptions, flag, type ServerOptions } from '../options.ts';

interface TouchFlags extends ServerOptions {
  readonly time?: number;
  readonly create: boolean;
}

export const touch: Verb = (program, context) => {
  const verb = program
    .command('touch')
    .description('set times on a server, make empty files')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<path...> [options]')
    .optionsGroup('The files:')
    .addOption(flag('-t, --time <when>', 'such as 2026-11-21T14:30:00Z; default: now', instant))
    .option('--no-create', 'make no file that is not there');
  addServerOptions(verb)
    .addHelpText('after', '\nExamples:\n  ferry touch web:/htdocs/.reload\n  ferry touch -t 2026-01-01 web:/a.txt\n')
    .action(async (paths: readonly string[], flags: TouchFlags) => {
      const code = await atDesk(context, { verb: 'touch', flags }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        const { time: mtime = Date.now(), create } = flags;
        const touched = (path: string) => desk.done('touch', path);
        await touchAll(work, await desk.matches(work, places), { mtime, create, touched });
        return undefined;
      });
      context.finish(code);
    });
};

/** ISO 8601; without a zone it is the time of this machine, as `touch -d` has it. ms, UTC. */
function instant(written: string): number {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(written) ? `${written}T00:00:00` : written.replace(' ', 'T');
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(whole) ? Date.parse(whole) : Number.NaN;
  if (Number.isNaN(time)) throw new RangeError(`${JSON.stringify(written)} is no time such as 2026-11-21T14:30:00Z`);
  return time;
}
