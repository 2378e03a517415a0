/** Says what a run would do, and does nothing. */
import type { JobSettings } from '../config/settings.ts';
import { EXIT, type Summary } from '../model/index.ts';
import { conduct, type RunOptions } from './conduct.ts';
import { differs } from './verify.ts';

/** As for a run, and what counts as a difference. */
export interface PlanVerbOptions extends RunOptions {
  /** Whether a plan that is not empty ends with exit code 8. */
  readonly exitCode?: boolean;
  /** Whether the plan is to hold in other checkouts of the same content: each upload is then known by its SHA-256. */
  readonly contents?: boolean;
}

/** The plan goes to `onPlan`; a guard's refusal is part of it and ends with exit code 4. */
export function plan(job: JobSettings, options: PlanVerbOptions): Promise<Summary> {
  return conduct(job, { ...options, dryRun: true }, async ({ planned, tally }) => {
    const { plan } = await planned(options.contents);
    options.onPlan?.(plan);
    tally.planned(plan);
    if (plan.guard.refused) return EXIT.refused;
    return options.exitCode && differs(plan) ? EXIT.different : undefined;
  });
}
