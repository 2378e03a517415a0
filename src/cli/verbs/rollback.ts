/** The verb `rollback`: back to what the last push replaced. */
import type { Plan, RunEventBody } from '../../model/index.ts';
import { rollback as rollbackJob } from '../../sync/index.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { engineOptions, showPlan } from '../run-job.ts';
import { jobOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

export const rollback: Verb = (program, context) => {
  const verb = program
    .command('rollback')
    .description('take back what the last push did, from what it kept')
    .argument('[job]', 'a job of the configuration')
    .usage('[job] [options]');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, flags: RunFlags) => {
      context.finish(await rollBack(job === undefined ? [] : [job], flags, context));
    });
};

const EXAMPLES = `
For a job with "keepVersions" or "backup". What the last push replaced or
deleted on the server comes back, what it added goes; what anyone changed since
is left alone and named. No byte travels, and what goes is kept in turn. Once
more takes back the push before. The next push goes forward again. To have files
of a date here instead: ferry restore.

Examples:
  ferry rollback site -n              what would it do?
  ferry rollback site
`;

async function rollBack(names: readonly string[], flags: RunFlags, { signal }: Context): Promise<number> {
  const { settings, warnings } = await jobOf(names, flags, { name: 'rollback', direction: 'push' });
  const inFull = flags.dryRun === true && !flags.json && !flags.quiet;
  const unsaid = ({ type }: RunEventBody) => inFull && (type === 'plan' || type === 'problem');
  const voice = voiceOf(flags, { warnings, unsaid });
  try {
    const { exitCode } = await rollbackJob(settings, {
      ...engineOptions(voice, signal),
      dryRun: flags.dryRun ?? false,
      ...(inFull ? { onPlan: (plan: Plan) => showPlan(plan, flags, voice) } : {}),
    });
    return exitCode;
  } finally {
    await voice.close();
  }
}
