/** Runs a job as a test wants it: in a state folder of its own, with every event kept. */
import type { JobSettings } from '../../src/config/settings.ts';
import type { Plan, RunEventBody, Summary } from '../../src/model/index.ts';
import { type RunOptions, run } from '../../src/sync/index.ts';

export interface Performed {
  readonly summary: Summary;
  readonly events: readonly RunEventBody[];
  readonly plan: Plan | undefined;
  /** `action path` of every action that was carried out, sorted. */
  readonly done: readonly string[];
  /** `path: message` of every problem. */
  readonly problems: readonly string[];
}

type Verb = (job: JobSettings, options: RunOptions) => Promise<Summary>;

export async function perform(
  job: JobSettings,
  stateBase: string,
  options: Partial<RunOptions> & { verb?: Verb } = {},
): Promise<Performed> {
  const { verb = run, ...rest } = options;
  const events: RunEventBody[] = [];
  let plan: Plan | undefined;
  const summary = await verb(job, {
    tell: (event) => events.push(event),
    stateBase,
    onPlan: (made) => {
      plan = made;
    },
    ...rest,
  });
  const done = events.flatMap((event) =>
    event.type === 'action' && event.status === 'done' ? [`${event.action} ${event.path}`] : [],
  );
  const problems = events.flatMap((event) => (event.type === 'problem' ? [`${event.path}: ${event.message}`] : []));
  return { summary, events, plan, done: done.sort(), problems };
}
