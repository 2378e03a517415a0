/** What a run leaves behind for the CI service that it runs in: a summary page, annotations, a report of problems. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { secretsMask } from '../config/index.ts';
import { type Plan, printable, type RunEvent, writeReason } from '../model/index.ts';
import { codeQualityOf, githubCommands, markdownOf, planText, Recorder } from '../report/index.ts';

export interface ReportFlags {
  /** A file that gets the run as Markdown. */
  readonly summary?: string;
  /** A file that gets the problems as GitLab's Code Quality report. */
  readonly codeQuality?: string;
}

export interface CiReports {
  take(event: RunEvent): void;
  /** What would be done, where the run is only a look. */
  plan(plan: Plan): void;
  /** Writes everything; once. */
  close(): void;
}

/** Undefined where nothing is wanted and no CI service is there. */
export function ciReports(
  { summary, codeQuality }: ReportFlags,
  env: Readonly<Record<string, string | undefined>>,
): CiReports | undefined {
  const onGithub = env.GITHUB_ACTIONS === 'true';
  const page = onGithub && env.GITHUB_STEP_SUMMARY ? env.GITHUB_STEP_SUMMARY : undefined;
  if (summary === undefined && codeQuality === undefined && !onGithub) return undefined;
  const workspace = env.GITHUB_WORKSPACE ?? env.CI_PROJECT_DIR ?? process.cwd();
  const { mask } = secretsMask();
  const recorder = new Recorder();
  let planned: string | undefined;
  let closed = false;
  return {
    take: (event) => recorder.take(event),
    plan: (plan) => {
      planned = planText(plan, { verbose: false, color: false });
    },
    close() {
      if (closed) return;
      closed = true;
      const text = markdownOf(recorder, mask, planned);
      if (summary !== undefined) put(summary, () => writeFileSync(summary, text));
      // The page is the whole job's; other steps write to it, too.
      if (page !== undefined && text !== '') put(page, () => appendFileSync(page, `${text}\n`));
      if (codeQuality !== undefined)
        put(codeQuality, () => writeFileSync(codeQuality, codeQualityOf(recorder, mask, workspace)));
      if (onGithub) for (const line of githubCommands(recorder, mask, workspace)) process.stderr.write(`${line}\n`);
    },
  };
}

/** A page that cannot be written is no reason for a deploy to fail. */
function put(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const text = `ferry: ${printable(file)} could not be written: ${writeReason(error)}`;
    process.stderr.write(`${secretsMask().mask(text)}\n`);
  }
}
