/** One run of a job, for the verbs that make both sides alike. */
import { secretsMask } from '../config/index.ts';
import { ConfigError, type Direction, type Plan, type RunEventBody } from '../model/index.ts';
import { planText, wantsColor } from '../report/index.ts';
import { run } from '../sync/index.ts';
import type { Context } from './context.ts';
import type { RunFlags } from './options.ts';
import { noteUnbegun } from './past-runs.ts';
import { jobOf } from './target.ts';
import { type Voice, voiceOf } from './voice.ts';

/** @returns the exit code. */
export async function runJob(
  names: readonly string[],
  flags: RunFlags,
  verb: { readonly name: string; readonly direction: Direction },
  { signal }: Context,
): Promise<number> {
  const { settings, warnings } = await jobOf(names, flags, verb).catch(async (error: unknown) => {
    const [job] = names;
    if (job !== undefined && names.length === 1 && error instanceof ConfigError)
      await noteUnbegun(job, verb.direction, error);
    throw error;
  });
  const inFull = flags.dryRun === true && !flags.json && !flags.quiet;
  // A dry run shows the plan itself, which says all of this.
  const unsaid = ({ type }: RunEventBody) => inFull && (type === 'plan' || type === 'problem');
  const voice = voiceOf(flags, { warnings, unsaid });
  try {
    const { exitCode } = await run(settings, {
      ...engineOptions(voice, signal),
      dryRun: flags.dryRun ?? false,
      adopt: flags.adopt ?? false,
      ...(inFull ? { onPlan: (plan: Plan) => showPlan(plan, flags, voice) } : {}),
    });
    return exitCode;
  } finally {
    await voice.close();
  }
}

/** What every verb that works on a job hands to the engine. */
export function engineOptions({ tell, wire }: Voice, signal: AbortSignal) {
  return { tell, signal, ...(wire === undefined ? {} : { wire }) };
}

export function showPlan(plan: Plan, { verbose, color }: RunFlags, voice: Voice): void {
  voice.pause();
  voice.plan(plan);
  const colored = wantsColor(color, process.stderr, process.env);
  process.stderr.write(secretsMask().mask(planText(plan, { verbose: verbose > 0, color: colored })));
}
