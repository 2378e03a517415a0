/** The verb `snapshots`: what there is of a backup. */
import { type Damage, inspect, type Overview, type Snapshot, snapshotsOf } from '../../backup/index.ts';
import { EXIT, printable } from '../../model/index.ts';
import { paint, wantsColor } from '../../report/index.ts';
import { backupJobOf } from '../backup-job.ts';
import type { Context, Verb } from '../context.ts';
import { note } from '../desk.ts';
import { addTalkOptions, type TalkOptions } from '../options.ts';
import { showStates } from '../server-snapshots.ts';
import { snapshotTable } from '../snapshot-table.ts';

interface SnapshotsFlags extends TalkOptions {
  readonly config?: string;
  readonly verify?: boolean;
}

export const snapshots: Verb = (program, context) => {
  const verb = program
    .command('snapshots')
    .description('list what a backup holds')
    .argument('[job]', 'a job of the configuration that is a backup')
    .usage('[job] [options]')
    .optionsGroup('Which, and how:')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .option('--verify', 'read every file, and hold it against its SHA-256');
  addTalkOptions(verb, 'one JSON object per snapshot on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, flags: SnapshotsFlags) => {
      context.finish(await show(job, flags, context));
    });
};

const EXAMPLES = `
Times are UTC. "new" is what a snapshot does not share with the one before.
Exit 3 if one is damaged; only --verify looks into the files.
Of a push job, what its server keeps: "kept" is what of a snapshot is no longer
in its place.

Examples:
  ferry snapshots nightly
  ferry snapshots nightly --verify -q     for a monitor, once a month
  ferry snapshots nightly --json
`;

async function show(name: string | undefined, flags: SnapshotsFlags, context: Context): Promise<number> {
  const { stdout, signal } = context;
  const { settings } = await backupJobOf(name, flags, 'snapshots');
  if (settings.direction === 'push') return showStates(settings, flags, context);
  const seen = await snapshotsOf(settings);
  const damaged = new Map<string, readonly Damage[]>();
  if (flags.verify) {
    for (const snapshot of seen.snapshots) damaged.set(snapshot.name, await inspect(snapshot, signal));
  }
  if (flags.json) for (const line of inJson(seen, damaged)) stdout.line(JSON.stringify(line));
  else if (!flags.quiet) {
    const colors = paint(wantsColor(flags.color, process.stdout, process.env));
    if (seen.snapshots.length === 0) note(`ferry: there is no snapshot of ${settings.name} yet`);
    for (const line of snapshotTable(seen, damaged, colors)) stdout.line(line);
  }
  let wrong = false;
  for (const { name: odd, why } of seen.oddities) {
    wrong = true;
    note(`ferry: ${printable(odd)} is named like a snapshot and cannot be used: ${printable(why)}`);
  }
  for (const [snapshot, damages] of damaged) {
    for (const { path, why } of damages) {
      wrong = true;
      note(`ferry: damaged: ${snapshot}${path ? `/${printable(path)}` : ''}: ${printable(why)}`);
    }
  }
  return wrong ? EXIT.incomplete : EXIT.agreed;
}

function inJson({ snapshots: all, unfinished, oddities }: Overview, damaged: ReadonlyMap<string, readonly Damage[]>) {
  const whole = all.map(({ name, root, header }: Snapshot) => {
    const { began, finished, files, directories, bytes, newFiles, newBytes, changed, remote } = header;
    const found = damaged.get(name);
    return {
      snapshot: name,
      state: 'finished',
      folder: root,
      remote,
      began,
      finished,
      files,
      directories,
      bytes,
      newFiles,
      newBytes,
      changed,
      ...(found === undefined ? {} : { damaged: found }),
    };
  });
  const odd = oddities.map(({ name, why }) => ({ snapshot: name, state: 'unusable', message: why }));
  return [...whole, ...odd, ...(unfinished ? [{ snapshot: null, state: 'unfinished', ...unfinished }] : [])];
}
