/** The verb `cat`: what is in files on a server, on stdout. */
import { each, pour } from '../../hand/index.ts';
import type { Verb } from '../context.ts';
import { atDesk, type Desk } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';
import { RETRIES } from './get.ts';

interface CatFlags extends ServerOptions {
  readonly ascii?: boolean;
}

export const cat: Verb = (program, context) => {
  const verb = program
    .command('cat')
    .description('write files of a server to stdout')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<path...> [options]')
    .optionsGroup('The content:')
    .option('--ascii', 'as text: line ends become those of this machine');
  addServerOptions(verb, null)
    .addHelpText('after', EXAMPLES)
    .action(async (paths: readonly string[], flags: CatFlags) => {
      const how = { verb: 'cat', flags, data: true };
      context.finish(await atDesk(context, how, (desk) => catAll(desk, paths, flags, context.stdout.bytes)));
    });
};

const EXAMPLES = `
Examples:
  ferry cat web:/htdocs/robots.txt
  ferry cat 'web:/logs/*.log' | grep 404      quoted: the server's names
  ferry cat ftpes://me@example.com/dump.sql.gz | gunzip | head
`;

async function catAll(
  desk: Desk,
  paths: readonly string[],
  { ascii = false }: CatFlags,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<undefined> {
  const places = await desk.places(paths);
  const work = await desk.work(places[0]!);
  await each(work, await desk.matches(work, places), async ({ path }) => {
    await pour(work, path, { write }, { text: ascii, attempts: RETRIES + 1 });
  });
  return undefined;
}
