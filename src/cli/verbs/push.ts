/** The verb `push`: the remote side becomes like the local one. */
import type { Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { runJob } from '../run-job.ts';

export const push: Verb = (program, context) => {
  const verb = program
    .command('push')
    .description('make a folder on a server like a local one')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'where to, when no job is named')
    .usage('[job | source destination] [options]');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: RunFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await runJob(names, flags, { name: 'push', direction: 'push' }, context));
    });
};

const EXAMPLES = `
Examples:
  ferry push site                     the job 'site' of sync.config.json
  ferry push ./public ftpes://me@example.com/htdocs
  ferry push site -n                  what would it do?
  ferry push site --delete all        remove what is not here, too
`;
