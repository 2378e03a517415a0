/** The verb `prune`: lets the snapshots of a backup go that no rule keeps. */
import { prune as pruneJob, type Verdict } from '../../backup/index.ts';
import { EXIT, printable } from '../../model/index.ts';
import { bytesText, counted, paint, wantsColor } from '../../report/index.ts';
import { backupJobOf } from '../backup-job.ts';
import type { Context, Verb } from '../context.ts';
import { note } from '../desk.ts';
import { addTalkOptions, type TalkOptions } from '../options.ts';
import { pruneStates } from '../server-snapshots.ts';

interface PruneFlags extends TalkOptions {
  readonly config?: string;
  readonly dryRun?: boolean;
}

export const prune: Verb = (program, context) => {
  const verb = program
    .command('prune')
    .description('remove the snapshots that "keep" does not keep')
    .argument('[job]', 'a job of the configuration that is a backup')
    .usage('[job] [options]')
    .optionsGroup('What is done:')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .option('-n, --dry-run', 'say what would be done, and do nothing');
  addTalkOptions(verb, 'one JSON object per snapshot on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, flags: PruneFlags) => {
      context.finish(await pruneNamed(job, flags, context));
    });
};

const EXAMPLES = `
Every backup does this at its end. The newest snapshot always stays, and what
is no snapshot is never touched. Of a push job, what its server keeps; the
state before the last push stays too, for "ferry rollback".

Examples:
  ferry prune nightly -n              what would go, and why?
  ferry prune nightly
`;

async function pruneNamed(name: string | undefined, flags: PruneFlags, context: Context): Promise<number> {
  const { stdout, signal } = context;
  const { settings } = await backupJobOf(name, flags, 'prune');
  if (settings.direction === 'push') return pruneStates(settings, flags, context);
  const { dryRun = false, json = false, quiet = false } = flags;
  const { dim, yellow } = paint(wantsColor(flags.color, process.stdout, process.env));
  const count = { stays: 0, goes: 0 };
  const onVerdict = ({ snapshot, stays, rules }: Verdict) => {
    count[stays ? 'stays' : 'goes']++;
    const { files, bytes } = snapshot.header;
    if (json) stdout.line(JSON.stringify({ snapshot: snapshot.name, stays, rules, files, bytes, dryRun }));
    else if (!quiet) {
      const why = stays ? rules.join(', ') : `no rule keeps it; ${bytesText(bytes)}, shared or not`;
      const what = stays ? 'stays' : dryRun ? 'would go' : 'removed';
      stdout.line(`${(stays ? dim : yellow)(what.padEnd(8))}  ${snapshot.name}  ${why}`);
    }
  };
  const tell = (event: { readonly type: string; readonly message?: string }) => {
    if (event.type === 'warning' && !quiet) note(`ferry: ${event.message}`);
  };
  const oddities = await pruneJob(settings, { tell, signal, dryRun, onVerdict });
  for (const { name: odd, why } of oddities) {
    note(`ferry: ${printable(odd)} is named like a snapshot and cannot be used, and stays: ${printable(why)}`);
  }
  if (!json && !quiet) {
    const went = `${counted(count.goes, 'snapshot')} ${dryRun ? 'would go' : 'removed'}`;
    stdout.line(`${went}, ${count.stays} ${count.stays === 1 ? 'stays' : 'stay'}`);
  }
  return oddities.length > 0 ? EXIT.incomplete : EXIT.agreed;
}
