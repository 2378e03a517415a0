/** The verb `backup`: a new snapshot of what the server holds. */
import { backup as backUp } from '../../backup/index.ts';
import { ConfigError, type Plan, type RunEventBody, UsageError } from '../../model/index.ts';
import { backupJobOf } from '../backup-job.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { noteUnbegun } from '../past-runs.ts';
import { engineOptions, runJob, showPlan } from '../run-job.ts';
import { voiceOf } from '../voice.ts';

interface BackupFlags extends RunFlags {
  readonly verify?: boolean;
}

export const backup: Verb = (program, context) => {
  const verb = program
    .command('backup')
    .description('make a dated, full set of what a server holds')
    .argument('[job]', 'a job of the configuration that is a backup')
    .usage('[job] [options]')
    .optionsGroup('What is done:')
    .option('--verify', 'read unchanged files too, before they are shared');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, flags: BackupFlags) => {
      context.finish(await backUpJob(job, flags, context));
    });
};

const EXAMPLES = `
For a pull job with "backup". A snapshot is a folder of its own, named by its
time; files that did not change are shared with the one before and cost no
room. A run that does not end with exit code 0 makes none, and the next one
goes on with what it fetched. What "keep" does not keep goes afterwards.

For a push job it is the push, which keeps on the server what it replaces and
deletes there.

Examples:
  ferry backup nightly -q             for cron: silent when all is well
  ferry backup nightly -n             what would be fetched?
  ferry snapshots nightly             what is there?
`;

async function backUpJob(name: string | undefined, flags: BackupFlags, context: Context): Promise<number> {
  const { settings, warnings } = await backupJobOf(name, flags, 'backup').catch(async (error: unknown) => {
    if (name !== undefined && error instanceof ConfigError) await noteUnbegun(name, 'pull', error);
    throw error;
  });
  if (settings.direction === 'push') {
    if (flags.verify) throw new UsageError('--verify: a push shares no files with an older snapshot');
    return runJob([settings.name], flags, { name: 'backup', direction: 'push' }, context);
  }
  if (flags.delete !== undefined) {
    throw new UsageError('--delete: a snapshot is what the server holds, and the older ones keep what is gone there');
  }
  const { signal } = context;
  const inFull = flags.dryRun === true && !flags.json && !flags.quiet;
  // A dry run shows the plan itself, which says all of this.
  const unsaid = ({ type }: RunEventBody) => inFull && (type === 'plan' || type === 'problem');
  const voice = voiceOf(flags, { warnings, unsaid });
  try {
    const { exitCode } = await backUp(settings, {
      ...engineOptions(voice, signal),
      dryRun: flags.dryRun ?? false,
      adopt: flags.adopt ?? false,
      verify: flags.verify ?? false,
      ...(inFull ? { onPlan: (plan: Plan) => showPlan(plan, flags, voice) } : {}),
    });
    return exitCode;
  } finally {
    await voice.close();
  }
}
