/** The verb `sync`: both sides get what the other one changed. */
import type { Verb } from '../context.ts';
import { addRunOptions, flag, oneOf, type RunFlags } from '../options.ts';
import { runJob } from '../run-job.ts';

export const sync: Verb = (program, context) => {
  const verb = program
    .command('sync')
    .description('carry changes both ways')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'where to, when no job is named')
    .usage('[job | source destination] [options]');
  verb
    .optionsGroup('What is done:')
    .addOption(
      flag('--conflict <rule>', 'keep-both (default), newer, local, remote or fail', oneOf(...CONFLICT_RULES)),
    );
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: RunFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await runJob(names, flags, { name: 'sync', direction: 'sync' }, context));
    });
};

const CONFLICT_RULES = ['keep-both', 'newer', 'local', 'remote', 'fail'] as const;

const EXAMPLES = `
Examples:
  ferry sync notes                    the job 'notes' of sync.config.json
  ferry sync ./notes ftpes://me@example.com/notes
  ferry sync notes --conflict newer   where both changed, the newer one wins
`;
