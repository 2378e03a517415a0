/** The verb `plan`: what a run would do and why; can be saved for `apply`. */
import { makesSnapshots, onNewest } from '../../backup/index.ts';
import { secretsMask } from '../../config/index.ts';
import { type Plan, type RunEventBody, UsageError } from '../../model/index.ts';
import { planText, wantsColor } from '../../report/index.ts';
import { plan as makePlan } from '../../sync/index.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { sayReason } from '../reason.ts';
import { engineOptions } from '../run-job.ts';
import { planForm, savePlan } from '../saved-plan.ts';
import { jobOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

interface PlanFlags extends RunFlags {
  readonly output?: string;
  readonly exitCode?: boolean;
}

export const plan: Verb = (program, context) => {
  const verb = program
    .command('plan')
    .description('say what a run would do, and why')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'where to, when no job is named')
    .usage('[job | source destination] [options]')
    .optionsGroup('The plan:')
    .option('-o, --output <file>', 'save it, for "ferry apply"')
    .option('--exit-code', 'exit 8 if anything differs');
  addRunOptions(verb, 'the plan in the form that -o saves')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: PlanFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await planJob(names, flags, context));
    });
};

const EXAMPLES = `
Examples:
  ferry plan site                     what would "ferry push site" do?
  ferry plan site -o today.plan       keep it, review it, then:
  ferry apply today.plan              do exactly that, or nothing
  ferry plan site -q --exit-code || echo "something differs"
`;

async function planJob(names: readonly string[], flags: PlanFlags, { stdout, signal }: Context): Promise<number> {
  const { settings: job, warnings } = await jobOf(names, flags, { name: 'plan' });
  const pulled = makesSnapshots(job);
  if (pulled && flags.output !== undefined) {
    throw new UsageError(
      `the job ${job.name} is a backup: a plan of it cannot be carried out later; leave -o out, or run: ferry backup ${job.name}`,
    );
  }
  const settings = pulled ? await onNewest(job) : job;
  let made: Plan | undefined;
  const inWords = !flags.json && !flags.quiet;
  // The plan itself says all of this.
  const unsaid = ({ type }: RunEventBody) =>
    !flags.quiet && (type === 'start' || type === 'plan' || type === 'summary' || (inWords && type === 'problem'));
  const voice = voiceOf(flags, { words: true, warnings, unsaid });
  try {
    const summary = await makePlan(settings, {
      ...engineOptions(voice, signal),
      exitCode: flags.exitCode ?? false,
      contents: flags.output !== undefined,
      onPlan: (plan) => {
        made = plan;
      },
    });
    const { exitCode } = summary;
    voice.pause();
    if (!flags.quiet) sayReason(summary);
    if (made === undefined) return exitCode;
    voice.plan(made);
    if (flags.output !== undefined) await savePlan(flags.output, made);
    if (flags.json) stdout.line(planForm(made));
    else if (inWords) {
      const color = wantsColor(flags.color, process.stdout, process.env);
      stdout.line(planText(made, { verbose: flags.verbose > 0, color }).trimEnd());
      if (flags.output !== undefined) process.stderr.write(`${secretsMask().mask(savedHint(flags.output, made))}\n`);
    }
    return exitCode;
  } finally {
    await voice.close();
  }
}

function savedHint(file: string, { guard }: Plan): string {
  if (guard.refused) return `saved to ${file}; "ferry apply" would refuse it for the same reasons`;
  return `saved to ${file}; "ferry apply ${file}" carries it out`;
}
