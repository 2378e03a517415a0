/** The verb `raw`: one command of the protocol, and what the server answers. */
import { onLane } from '../../hand/index.ts';
import { EXIT, printable } from '../../model/index.ts';
import type { Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

export const raw: Verb = (program, context) => {
  const verb = program
    .command('raw')
    .description('send one FTP command and show the answer')
    .argument('<place>', 'NAME: or a URL')
    .argument('<command...>', 'as the server is to get it')
    .usage('<place> <command...> [options]');
  addServerOptions(verb, 'the answer as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (place: string, words: readonly string[], flags: ServerOptions) => {
      const code = await atDesk(context, { verb: 'raw', flags, data: true }, async (desk) => {
        const [written] = await desk.places([place]);
        const work = await desk.work(written!);
        const reply = await onLane(work, (lane) => lane.order(words.join(' ')));
        if (flags.json) desk.line(JSON.stringify(reply));
        else for (const line of reply.lines) desk.line(printable(line));
        return reply.code >= 400 ? EXIT.incomplete : EXIT.agreed;
      });
      context.finish(code);
    });
};

const EXAMPLES = `
Exit 3 where the server answers with 400 or more.

Examples:
  ferry raw web: SITE HELP
  ferry raw web: STAT
`;
