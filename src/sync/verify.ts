/** Compares both sides by content and changes nothing. */
import type { JobSettings } from '../config/settings.ts';
import { EXIT, type Plan, type Summary } from '../model/index.ts';
import { conduct, type RunOptions } from './conduct.ts';

/**
 * Every file in scope, by the server's hash or else by reading it. Exit code 8 where the sides differ, 3 where
 * something could not be compared. The differences are handed to `onPlan` as the plan that would mend them.
 */
export function verify(job: JobSettings, options: RunOptions): Promise<Summary> {
  // Everything that is on one side only is a difference, so deletes are looked for as well; nothing carries them out.
  const strict: JobSettings = { ...job, compare: 'hash', delete: 'all', drift: 'overwrite', conflict: 'fail' };
  return conduct(strict, { ...options, dryRun: true }, async ({ planned, tally }) => {
    const { plan } = await planned();
    options.onPlan?.(plan);
    tally.planned(plan);
    return differs(plan) ? EXIT.different : undefined;
  });
}

/** Whether a plan found the two sides to differ. */
export function differs(plan: Plan): boolean {
  return plan.actions.length > 0 || plan.conflicts.length > 0;
}
