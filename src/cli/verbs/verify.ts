/** The verb `verify`: compares both sides by content and changes nothing. */
import { makesSnapshots, onNewestFinished } from '../../backup/index.ts';
import { secretsMask } from '../../config/index.ts';
import { EXIT, type Plan, type RunEventBody, type Summary } from '../../model/index.ts';
import { counted, planText, wantsColor } from '../../report/index.ts';
import { verify as verifyJob } from '../../sync/index.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, type RunFlags } from '../options.ts';
import { sayReason } from '../reason.ts';
import { engineOptions } from '../run-job.ts';
import { jobOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

export const verify: Verb = (program, context) => {
  const verb = program
    .command('verify')
    .description('compare both sides by content, and change nothing')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'the other side, when no job is named')
    .usage('[job | source destination] [options]');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: RunFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await verifyPair(names, flags, context));
    });
};

const EXAMPLES = `
Every file is compared by the server's hash, or by reading it. Exit 8 if the
sides differ, 3 if something could not be compared.

Examples:
  ferry verify site
  ferry verify ./public ftpes://me@example.com/htdocs
`;

async function verifyPair(names: readonly string[], flags: RunFlags, { signal }: Context): Promise<number> {
  const { settings: job, warnings } = await jobOf(names, flags, { name: 'verify' });
  const settings = makesSnapshots(job) ? await onNewestFinished(job) : job;
  const inWords = !flags.json && !flags.quiet;
  const unsaid = ({ type }: RunEventBody) => inWords && (type === 'plan' || type === 'start' || type === 'summary');
  const voice = voiceOf(flags, { warnings, unsaid });
  let difference: Plan | undefined;
  try {
    const summary = await verifyJob(settings, {
      ...engineOptions(voice, signal),
      onPlan: (plan) => {
        difference = plan;
        if (!inWords || plan.actions.length + plan.conflicts.length === 0) return;
        voice.pause();
        const color = wantsColor(flags.color, process.stderr, process.env);
        process.stderr.write(secretsMask().mask(planText(plan, { verbose: flags.verbose > 0, color })));
      },
    });
    voice.pause();
    if (inWords) sayReason(summary);
    if (inWords && difference !== undefined) process.stderr.write(`${verdict(summary)}\n`);
    return summary.exitCode;
  } finally {
    await voice.close();
  }
}

function verdict({ exitCode, unchanged, problems }: Summary): string {
  if (exitCode === EXIT.agreed) return `The same on both sides: ${counted(unchanged, 'file')}`;
  const unknown = problems > 0 ? `; ${counted(problems, 'path')} could not be compared` : '';
  if (exitCode === EXIT.different) return `The two sides differ; ${counted(unchanged, 'file')} the same${unknown}`;
  return `Of what could be compared, all is the same: ${counted(unchanged, 'file')}${unknown}`;
}
