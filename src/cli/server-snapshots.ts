/** The verbs about backups for a push, whose past is on its server: what there is, what goes, and the way back. */
import {
  pruneRemote,
  type RemotePruning,
  type RemoteState,
  remoteStates,
  restoreFromServer,
  type Wanted,
} from '../backup/index.ts';
import type { JobSettings } from '../config/index.ts';
import { EXIT, printable } from '../model/index.ts';
import { bytesText, counted, paint, wantsColor } from '../report/index.ts';
import type { Context } from './context.ts';
import { note } from './desk.ts';
import type { TalkOptions } from './options.ts';
import { engineOptions } from './run-job.ts';
import { type Voice, voiceOf } from './voice.ts';

const HEAD = ['snapshot', 'when (UTC)', 'kept'] as const;

/** Lists what can be restored; exit code 3 where some of it cannot. */
export async function showStates(job: JobSettings, flags: TalkOptions, { stdout, signal }: Context): Promise<number> {
  const states = await inWords(flags, (voice) => remoteStates(job, engineOptions(voice, signal)));
  if (flags.json) for (const state of states) stdout.line(JSON.stringify(inJson(state)));
  else if (!flags.quiet) for (const line of table(states, flags)) stdout.line(line);
  const troubles = [...new Set(states.flatMap(({ trouble }) => trouble ?? []))];
  for (const trouble of troubles) note(`ferry: ${printable(trouble)}`);
  return troubles.length > 0 ? EXIT.incomplete : EXIT.agreed;
}

/** Warnings are for people: stdout is for what was asked. */
async function inWords<T>(flags: TalkOptions, work: (voice: Voice) => Promise<T>): Promise<T> {
  const voice = voiceOf(flags, { words: true });
  try {
    return await work(voice);
  } finally {
    await voice.close();
  }
}

function inJson({ name, until, ended, files, bytes, trouble }: RemoteState) {
  const state = trouble !== undefined ? 'unusable' : until === undefined ? 'present' : 'kept';
  const message = trouble === undefined ? {} : { message: trouble };
  return { snapshot: name ?? null, state, until: until ?? null, ended, keptFiles: files, keptBytes: bytes, ...message };
}

function table(states: readonly RemoteState[], { color }: TalkOptions): string[] {
  const { dim, red } = paint(wantsColor(color, process.stdout, process.env));
  const line = ([name, when, kept]: readonly string[]) => `${name!.padEnd(16)}  ${when!.padEnd(16)}  ${kept}`;
  const rows = states.map((state) => {
    const { name, until, ended, files, bytes, trouble } = state;
    const kept =
      trouble !== undefined
        ? 'cannot be restored'
        : until === undefined
          ? 'on the server now'
          : `${counted(files, 'file')}, ${bytesText(bytes)}${ended ? '' : '; the push after it did not come to its end'}`;
    const cells = line([name ?? 'before', minuteOf(name ?? until), kept]);
    return trouble === undefined ? cells : red(cells);
  });
  return [dim(line(HEAD)), ...rows];
}

/** `20261121T144158Z` as people read it. */
function minuteOf(stamp: string | undefined): string {
  return stamp?.replace(/^(....)(..)(..)T(..)(..)..Z$/, '$1-$2-$3 $4:$5') ?? '';
}

/** Lets go what no rule keeps, and says why the rest stays; exit code 3 where something could not be let go. */
export async function pruneStates(
  job: JobSettings,
  flags: TalkOptions & { readonly dryRun?: boolean },
  { stdout, signal }: Context,
): Promise<number> {
  const { dryRun = false, json = false, quiet = false } = flags;
  const { states, failures } = await inWords(flags, (voice) =>
    pruneRemote(job, { ...engineOptions(voice, signal), dryRun }),
  );
  const { dim, yellow } = paint(wantsColor(flags.color, process.stdout, process.env));
  for (const { since, stays, rules, rollback } of states) {
    const why = [...rules, ...(rollback ? ['rollback'] : [])];
    if (json) stdout.line(JSON.stringify({ snapshot: since ?? null, stays, rules: why, dryRun }));
    else if (!quiet) {
      const what = stays ? 'stays' : dryRun ? 'would go' : failures.length > 0 ? 'was to go' : 'let go';
      const name = since ?? `before ${states[1]?.since ?? ''}`;
      stdout.line(`${(stays ? dim : yellow)(what.padEnd(9))}  ${name}  ${stays ? why.join(', ') : 'no rule keeps it'}`);
    }
  }
  if (!json && !quiet) stdout.line(totals(states, dryRun, failures.length > 0));
  return failures.length > 0 ? EXIT.incomplete : EXIT.agreed;
}

function totals(states: RemotePruning['states'], dryRun: boolean, failed: boolean): string {
  const stay = states.filter(({ stays }) => stays).length;
  const go = counted(states.length - stay, 'snapshot');
  const went = dryRun ? `${go} would go` : failed ? `not all of ${go} could be let go` : `${go} let go`;
  return `${went}, ${stay} ${stay === 1 ? 'stays' : 'stay'}`;
}

export interface Asked extends Wanted {
  readonly to: string;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

/** Brings files back from the server. */
export async function restoreStates(
  job: JobSettings,
  paths: readonly string[],
  asked: Asked,
  voice: Voice,
  { signal }: Context,
): Promise<number> {
  const options = { ...engineOptions(voice, signal), ...asked, paths };
  return (await restoreFromServer(job, options)).exitCode;
}
