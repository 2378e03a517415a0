/** The verb `restore`: files of a backup, as they were at a time. */
import { parseAsOf, restore as restoreFiles } from '../../backup/index.ts';
import { UsageError } from '../../model/index.ts';
import { backupJobOf } from '../backup-job.ts';
import type { Context, Verb } from '../context.ts';
import { addTalkOptions, flag, type TalkOptions } from '../options.ts';
import { restoreStates } from '../server-snapshots.ts';
import { voiceOf } from '../voice.ts';

interface RestoreFlags extends TalkOptions {
  readonly config?: string;
  readonly asOf?: number;
  readonly snapshot?: string;
  readonly to?: string;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

export const restore: Verb = (program, context) => {
  const verb = program
    .command('restore')
    .description('bring files of a backup back, as of a date')
    .argument('<job>', 'a job of the configuration that is a backup')
    .argument('[paths...]', 'files and folders in it; without any, everything')
    .usage('<job> [path...] --to <folder> [options]')
    .optionsGroup('What, and where to:')
    .option('-c, --config <file>', 'configuration to use instead of sync.config.json')
    .addOption(flag('--as-of <time>', 'as it was then: 2026-11-21, 3d', (written) => parseAsOf(written, Date.now())))
    .option('--snapshot <name>', 'this one, as "ferry snapshots" names it')
    .option('--to <folder>', 'the folder that they are brought to')
    .option('--overwrite', 'replace other files that are there already')
    .option('-n, --dry-run', 'say what would be done, and do nothing');
  addTalkOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string, paths: readonly string[], flags: RestoreFlags) => {
      context.finish(await restorePaths(job, paths, flags, context));
    });
};

const EXAMPLES = `
The newest snapshot, or the newest at --as-of: a day, a minute or so long ago
(3d), UTC. Each file is held against its SHA-256 as it is copied. Exit 3 if one
is damaged, or another file is in its place; all others are restored.
Of a push job, out of what its server keeps of older pushes, and else out of
what is there now.

Examples:
  ferry restore nightly --to ./yesterday --as-of 1d
  ferry restore nightly htdocs/index.html css --to ./back
  ferry push ./back/htdocs ftpes://me@example.com/htdocs   back to the server
`;

async function restorePaths(
  name: string,
  paths: readonly string[],
  flags: RestoreFlags,
  context: Context,
): Promise<number> {
  const { asOf, snapshot, to, overwrite = false, dryRun = false } = flags;
  const { settings, warnings } = await backupJobOf(name, flags, 'restore');
  if (asOf !== undefined && snapshot !== undefined) {
    throw new UsageError('--as-of and --snapshot both say which snapshot; give one of them');
  }
  if (to === undefined) throw new UsageError(`name the folder to restore to: ferry restore ${name} --to ./restored`);
  const asked = { to, overwrite, dryRun, asOf, snapshot };
  const voice = voiceOf(flags, { warnings });
  try {
    if (settings.direction === 'push') return await restoreStates(settings, paths, asked, voice, context);
    const options = { tell: voice.tell, signal: context.signal, paths, ...asked };
    return (await restoreFiles(settings, options)).exitCode;
  } finally {
    await voice.close();
  }
}
