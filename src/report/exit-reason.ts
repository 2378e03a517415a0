/** Why a run ended as it did, in a sentence that says what to do next. */
import { EXIT, type Summary } from '../model/index.ts';
import { counted } from './bytes.ts';

/** What the run itself says comes first. Undefined for exit code 0, unless a hook failed once the work was done. */
export function exitReason(summary: Summary): string | undefined {
  return summary.message ?? (summary.exitCode === EXIT.agreed ? undefined : usualReason(summary));
}

/** Whether it is of a copy by hand, which is about what was named and nothing else. */
export function isCopy({ job }: Summary): boolean {
  return job === 'get' || job === 'put';
}

function usualReason(summary: Summary): string {
  const { exitCode, failed, problems } = summary;
  switch (exitCode) {
    case EXIT.usage:
      return 'the command line or the configuration is not right';
    case EXIT.incomplete:
      if (isCopy(summary)) {
        return `${counted(Math.max(failed, problems), 'path')} could not be copied; run it again to go on with the rest`;
      }
      return `${counted(Math.max(failed, problems), 'path')} could not be brought in step; everything else is done; run it again to try once more`;
    case EXIT.refused:
      return 'refused, to be safe; nothing was changed by what was refused';
    case EXIT.connect:
      return 'the server could not be reached or did not let us in';
    case EXIT.locked:
      return 'another run of this job is under way';
    case EXIT.stale:
      return 'something changed since the plan was made; make a new plan';
    case EXIT.different:
      return 'the two sides differ';
    case EXIT.limit:
      return 'stopped at the limit it was given; run it again to go on';
    case EXIT.interrupted:
    case EXIT.terminated:
      return 'stopped as asked; run it again to go on';
    default:
      return 'an error nobody foresaw; please report it';
  }
}
