/** The verb `apply`: carries out a saved plan, or nothing where the world has moved on. */

import type { JobSettings } from '../../config/index.ts';
import { loadConfig, processSurroundings, resolveJob, resolvePair } from '../../config/index.ts';
import { type Action, type Plan, printable, type TransferAction, UsageError } from '../../model/index.ts';
import { apply as applyPlan } from '../../sync/index.ts';
import { secretAsker } from '../ask.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, overridesOf, type RunFlags } from '../options.ts';
import { engineOptions } from '../run-job.ts';
import { readPlan } from '../saved-plan.ts';
import { voiceOf } from '../voice.ts';

export const apply: Verb = (program, context) => {
  const verb = program
    .command('apply')
    .description('carry out a saved plan, if it still holds')
    .argument('<file>', 'what "ferry plan -o" wrote')
    .usage('<file> [options]');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: RunFlags) => {
      context.finish(await applyFile(file, flags, context));
    });
};

const EXAMPLES = `
Examples:
  ferry plan site -o today.plan
  ferry apply today.plan              exit 7, nothing done, if anything moved

The plan of a push also holds in another checkout with the same files: they
are told by their content.
`;

/** What was decided when the plan was made. */
const DECIDED = {
  delete: '--delete',
  compare: '--compare',
  conflict: '--conflict',
  maxDelete: '--max-delete',
  allowEmptySource: '--allow-empty-source',
  include: '--include',
  exclude: '--exclude',
  adopt: '--adopt',
} as const satisfies Partial<Record<keyof RunFlags, string>>;

/** A flag that did nothing would promise something: `--delete none`, and the plan deletes. */
function refuseDecided(flags: RunFlags): void {
  for (const [key, flag] of Object.entries(DECIDED)) {
    if (flags[key as keyof typeof DECIDED] === undefined) continue;
    throw new UsageError(
      `${flag} is for making a plan, and this one is made: give it to "ferry plan" and apply what comes of it`,
    );
  }
}

async function applyFile(file: string, flags: RunFlags, { signal }: Context): Promise<number> {
  refuseDecided(flags);
  const plan = await readPlan(file);
  const job = await jobOfPlan(plan, flags);
  const voice = voiceOf(flags);
  try {
    const options = { ...engineOptions(voice, signal), dryRun: flags.dryRun ?? false };
    return (await applyPlan(job, plan, options)).exitCode;
  } finally {
    await voice.close();
  }
}

/** The job that the plan was made for, as the configuration has it today. */
async function jobOfPlan(plan: Plan, flags: RunFlags): Promise<JobSettings> {
  const surroundings = processSurroundings(secretAsker());
  const options = { verb: plan.direction, overrides: overridesOf(flags), surroundings };
  const pair = plan.direction === 'pull' ? ([plan.remote, plan.local] as const) : ([plan.local, plan.remote] as const);
  if (plan.job === pair.join(' ')) return resolvePair(...pair, options);

  const config = await loadConfig({ file: flags.config, surroundings });
  if (config === null) {
    throw new UsageError(`the plan is for the job ${printable(plan.job)}: say where its configuration is with -c`);
  }
  const job = await resolveJob(config, plan.job, options);
  // Another checkout of the same job will do, where what is sent is known by its content.
  const travels =
    plan.direction === 'push' && uploadsOf(plan).every(({ source }) => source.stamps.sha256 !== undefined);
  if ((job.local !== plan.local && !travels) || job.remoteUrl !== plan.remote) {
    throw new UsageError(
      `the plan is for ${printable(plan.local)} and ${printable(plan.remote)}, but the job ${printable(plan.job)} ` +
        `is now ${printable(job.local)} and ${printable(job.remoteUrl)}; make a new plan`,
    );
  }
  return job;
}

function uploadsOf({ actions }: Plan): readonly TransferAction[] {
  const steps = actions.flatMap((action): readonly Action[] =>
    action.action === 'rename' && action.instead ? action.instead : [action],
  );
  return steps.filter((action): action is TransferAction => action.action === 'upload');
}
