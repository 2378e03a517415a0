/** The verb `unlock`: removes a lock that no run holds any more. */
import { secretsMask } from '../../config/index.ts';
import { EXIT } from '../../model/index.ts';
import { breakLock } from '../../state/index.ts';
import { stateOf, unlockRemote } from '../../sync/index.ts';
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
      const force = flags.force ?? false;
      const say = (text: string) => flags.quiet || process.stderr.write(`${secretsMask().mask(text)}\n`);
      const removed = await breakLock(stateOf(settings), { force });
      const there = settings.serverLock && (await unlockRemote(settings, { force, signal: context.signal, say }));
      say(removed || there ? 'The lock was removed.' : 'There is no lock.');
      context.finish(EXIT.agreed);
    });
};

const EXAMPLES = `
A run that died leaves a lock that the next run takes over by itself. This is
for locks of other machines: make sure that nothing runs there, then --force.
For a job with "lock": "remote" the one on the server goes too; --force takes
even one that still shows a heartbeat.
`;
