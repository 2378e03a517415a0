/** The verb `status`: the last runs of a job, from what this machine remembers. Nothing is connected to. */
import { parseDuration, resolvePair, secretsMask } from '../../config/index.ts';
import { EXIT, printable } from '../../model/index.ts';
import { paint, wantsColor } from '../../report/index.ts';
import { stateFolder } from '../../state/index.ts';
import type { Context, Verb } from '../context.ts';
import { historyTable, timeText } from '../history-table.ts';
import { addTalkOptions, flag, type TalkOptions, whole } from '../options.ts';
import { complaintOf, histories, type JobHistory } from '../past-runs.ts';

interface StatusFlags extends TalkOptions {
  readonly config?: string;
  readonly last?: number;
  readonly maxAge?: number;
}

/** Runs that are shown of a job that was named, and of each of several. */
const SHOWN = 10;
const SHOWN_OF_MANY = 3;

export const status: Verb = (program, context) => {
  const verb = program
    .command('status')
    .description('show the last runs of a job, or of all jobs')
    .argument('[job]', 'a job, or the source; default: every job that ran here')
    .argument('[destination]', 'the other side, when no job is named')
    .usage('[job | source destination] [options]')
    .optionsGroup('Which runs:')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .addOption(flag('-l, --last <n>', 'how many runs (default 10)', whole(1, 1000)))
    .addOption(
      flag('--max-age <time>', 'exit 3 if the last good run is older: 26h, 7d', (written) => parseDuration(written)),
    );
  addTalkOptions(verb, 'one JSON object per run on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: StatusFlags) => {
      const pair = job !== undefined && destination !== undefined ? await resolvePair(job, destination) : undefined;
      context.finish(await showStatus(pair?.name ?? job, flags, context));
    });
};

const EXAMPLES = `
Exit 0 if the last run of every job shown ended well, else 3. Runs that found
another one under way, or were stopped by a signal, do not count.

Examples:
  ferry status nightly
  ferry status nightly -v                 with whole reasons, and the problems
  ferry status nightly -q --max-age 26h   for a monitor
  ferry status --json --last 1
`;

async function showStatus(job: string | undefined, flags: StatusFlags, { stdout }: Context): Promise<number> {
  const now = Date.now();
  const found = await histories(job, flags.config);
  const { mask } = secretsMask();
  if (found.length === 0) {
    const what = job === undefined ? 'no job has run here yet' : `no run of ${printable(job)} is remembered`;
    if (!flags.quiet || job !== undefined) {
      process.stderr.write(mask(`ferry: ${what} (looked in ${printable(stateFolder(process.env))})\n`));
    }
    return job === undefined ? EXIT.agreed : EXIT.incomplete;
  }
  const most = flags.last ?? (found.length === 1 ? SHOWN : SHOWN_OF_MANY);
  let wrong = false;
  for (const [index, history] of found.entries()) {
    const complaint = complaintOf(history, flags.maxAge ?? null, now);
    wrong ||= complaint !== undefined;
    const runs = history.runs.slice(-most);
    if (flags.json) for (const run of runs) stdout.line(JSON.stringify(run));
    else if (!flags.quiet) {
      const color = paint(wantsColor(flags.color, process.stdout, process.env));
      const columns = process.stdout.columns ?? 80;
      const options = { paint: color, columns, verbose: flags.verbose > 0, now };
      const lines = [color.bold(titleOf(history)), ...historyTable(runs, options), ...lastGood(history, complaint)];
      for (const line of index > 0 ? ['', ...lines] : lines) stdout.line(line);
    } else if (complaint !== undefined) {
      process.stderr.write(mask(`ferry: ${printable(history.job)}: ${complaint}\n`));
    }
  }
  return wrong ? EXIT.incomplete : EXIT.agreed;
}

function titleOf({ job, direction, local, remote }: JobHistory): string {
  // The name of a run without a job is its two folders.
  const named = job.includes(' ') ? '' : `${job}: `;
  const pair = direction === 'pull' ? [remote, local] : [local, remote];
  return printable(`${named}${direction} ${pair.filter(Boolean).join(direction === 'sync' ? ' with ' : ' to ')}`);
}

function lastGood({ runs }: JobHistory, complaint: string | undefined): string[] {
  if (complaint === undefined) return [];
  const good = runs.filter(({ exitCode, message }) => exitCode === EXIT.agreed && message === undefined).at(-1);
  const when = good === undefined ? 'none that is remembered ended well' : `the last good one: ${timeText(good.began)}`;
  return [`${complaint[0]?.toUpperCase()}${complaint.slice(1)}; ${when}`];
}
