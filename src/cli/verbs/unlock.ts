/** The verb `unlock`: removes a lock that no run holds any more. */
import { join } from 'node:path';
import { makesSnapshots } from '../../backup/index.ts';
import { secretsMask } from '../../config/index.ts';
import { EXIT } from '../../model/index.ts';
import { breakLock, OWN_FOLDER } from '../../state/index.ts';
import { stateOf, unlockRemote } from '../../sync/index.ts';
import { ask, someoneIsThere } from '../ask.ts';
import type { Verb } from '../context.ts';
import type { RunFlags } from '../options.ts';
import { jobOf } from '../target.ts';

interface UnlockFlags extends RunFlags {
  readonly yes?: boolean;
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
    .option('-y, --yes', 'never ask: you made sure that no run holds it')
    .option('--force', 'on the server, even one that shows a heartbeat')
    .option('-q, --quiet', 'say nothing when all is well')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: UnlockFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      const { settings } = await jobOf(names, flags, { name: 'unlock' });
      const { yes = false, force = false } = flags;
      const write = (text: string) => flags.quiet || process.stderr.write(`${secretsMask().mask(text)}\n`);
      const asker = context.ask ?? (someoneIsThere() ? ask : undefined);
      let told = false;
      const on = (where: string) => ({
        async sure(holder: string) {
          if (yes || force) return true;
          if (!asker) return false;
          write(`The lock ${where} is held by ${holder}.`);
          told = true;
          const answer = await asker('It cannot be seen from here whether it still runs. Remove the lock? [y/N] ');
          return /^y(es)?$/i.test(answer.trim());
        },
        say(holder: string) {
          if (!told) write(`The lock ${where} was held by ${holder}.`);
          told = false;
        },
      });
      const removed = await breakLock(stateOf(settings), on('on this machine'));
      const { signal } = context;
      const beside =
        makesSnapshots(settings) && (await breakLock(join(settings.local, OWN_FOLDER), on('of the snapshots')));
      const there = settings.serverLock && (await unlockRemote(settings, { force, signal, ...on('on the server') }));
      write(removed || beside || there ? 'The lock was removed.' : 'There is no lock.');
      context.finish(EXIT.agreed);
    });
};

const EXAMPLES = `
A run that died leaves a lock that the next run takes over by itself. This is
for locks of other machines and containers: it says who holds the lock, and
asks; without a terminal, --yes says that nothing runs there any more. For a
job with "lock": "remote" the one on the server goes too; --force takes even
one that still shows a heartbeat, and the run that held it stops.

Examples:
  ferry unlock site
  ferry unlock site --yes             in a script
`;
