/** The verb `watch`: keeps both sides in step as files change. */
import { parseDuration } from '../../config/index.ts';
import { UsageError } from '../../model/index.ts';
import { watch as watchJob } from '../../sync/index.ts';
import type { Context, Verb } from '../context.ts';
import { addRunOptions, flag, type RunFlags } from '../options.ts';
import { engineOptions } from '../run-job.ts';
import { jobOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

interface WatchFlags extends RunFlags {
  readonly settle?: number;
  readonly rescan?: number;
  readonly poll?: number;
  readonly polling?: boolean;
}

export const watch: Verb = (program, context) => {
  const verb = program
    .command('watch')
    .description('keep them in step, as files change')
    .argument('[job]', 'a job of the configuration, or the source')
    .argument('[destination]', 'where to, when no job is named')
    .usage('[job | source destination] [options]');
  const span = (written: string) => parseDuration(written);
  verb
    .optionsGroup('Watching:')
    .addOption(flag('--settle <time>', 'a file has stood still so long (default 500ms)', span))
    .addOption(flag('--rescan <time>', 'look at everything so often (default 15m)', span))
    .addOption(flag('--poll <time>', 'pull, sync: look at the server so often (1m)', span))
    .option('--polling', 'look at every file in turn: for network disks');
  addRunOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (job: string | undefined, destination: string | undefined, flags: WatchFlags) => {
      const names = [job, destination].filter((name) => name !== undefined);
      context.finish(await watchNamed(names, flags, context));
    });
};

const EXAMPLES = `
SIGTERM and Ctrl-C end it within 5 seconds; SIGHUP makes it read the
configuration again.

Examples:
  ferry watch site                    push, pull or sync, as the job says
  ferry watch ./public ftpes://me@example.com/htdocs
  ferry watch site --json             one event a line, for a log
`;

async function watchNamed(names: readonly string[], flags: WatchFlags, { signal }: Context): Promise<number> {
  if (flags.dryRun) {
    throw new UsageError('a watch has no dry run: "ferry plan" says what the first run of it would do');
  }
  const { settle, rescan, poll, polling } = flags;
  const watching = Object.fromEntries(
    Object.entries({ settle, rescan, poll, polling }).filter(([, value]) => value !== undefined),
  );
  const resolve = () => jobOf(names, flags, { name: 'watch' }, { watch: watching });
  const { settings, warnings } = await resolve();
  const voice = voiceOf(flags, { warnings, watch: true });
  let reload = () => {};
  const onHangUp = () => reload();
  process.on('SIGHUP', onHangUp);
  try {
    const { exitCode } = await watchJob(settings, {
      ...engineOptions(voice, signal),
      adopt: flags.adopt ?? false,
      reload: async () => (await resolve()).settings,
      onReloader: (reloader) => {
        reload = reloader;
      },
    });
    return exitCode;
  } finally {
    process.off('SIGHUP', onHangUp);
    await voice.close();
  }
}
