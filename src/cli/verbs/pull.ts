/** The verb `pull`: the local side becomes like the remote one. */
import type { Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { runJob } from '../run-job.ts';

export const pull: Verb = (program, context) => {
  const verb = program
    .command('pull')
    .description('make a local folder like one on a server')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'where to, when no job is named')
    .usage('[job | source destination] [options]');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: RunFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await runJob(names, flags, { name: 'pull', direction: 'pull' }, context));
    });
};

const EXAMPLES = `
Examples:
  ferry pull nightly                  the job 'nightly' of sync.config.json
  ferry pull ftpes://me@example.com/htdocs ./backup
  ferry pull nightly -q               for cron: silent when all is well
`;
