/** The verb `unlock`: removes a lock that no run holds any more. */
import { EXIT } from '../../model/index.ts';
import { breakLock } from '../../state/index.ts';
import { stateOf } from '../../sync/index.ts';
import type { Verb } from '../context.ts';
import type { RunFlags } from '../options.ts';
import { jobOf } from '../target.ts';

interface UnlockFlags extends RunFlags {
  readonly force?: boolean;
}

export const unlock: Verb = (program, context) => {
  program
    .command('unlock')
    .description('remove a lock that no run holds any more')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'the other side, when no job is named')
    .usage('[job | source destination] [options]')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .option('--force', 'also one that cannot be seen from here to be dead')
    .option('-q, --quiet', 'say nothing when all is well')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: UnlockFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      const { settings } = await jobOf(names, flags, { name: 'unlock' });
      const removed = await breakLock(stateOf(settings), { force: flags.force ?? false });
      if (!flags.quiet) process.stderr.write(removed ? 'The lock was removed.\n' : 'There is no lock.\n');
      context.finish(EXIT.agreed);
    });
};

const EXAMPLES = `
A run that died leaves a lock that the next run takes over by itself. This is
for locks of other machines: make sure that nothing runs there, then --force.
`;
