/** The verb `check`: connects and says what the server can do, what Ferry will use, and what is wrong. */
import { secretsMask } from '../../config/index.ts';
import { EXIT } from '../../model/index.ts';
import { check as checkServer } from '../../sync/index.ts';
import { checkText } from '../check-text.ts';
import type { Context, Verb } from '../context.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';
import { remoteOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

export const check: Verb = (program, context) => {
  const verb = program
    .command('check')
    .description('connect, and say what a server can do')
    .argument('[place]', 'a server or a job of the configuration, or a URL')
    .usage('[place] [options]');
  addServerOptions(verb, 'what was found, as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (place: string | undefined, flags: ServerOptions) => {
      context.finish(await checkPlace(place, flags, context));
    });
};

const EXAMPLES = `
Examples:
  ferry check web
  ferry check ftpes://me@example.com/htdocs -vv     with the whole protocol
`;

async function checkPlace(place: string | undefined, flags: ServerOptions, context: Context): Promise<number> {
  const { stdout, signal } = context;
  const { settings, warnings } = await remoteOf(place, flags, 'check');
  const voice = voiceOf(flags, { words: true });
  try {
    for (const message of warnings) voice.tell({ type: 'warning', message });
    const report = await checkServer(settings, { signal, ...(voice.wire ? { wire: voice.wire } : {}) });
    if (flags.json) stdout.line(JSON.stringify({ remote: settings.remoteUrl, ...report }));
    else if (!flags.quiet) stdout.line(checkText(settings, report));
    else if (report.exitCode !== EXIT.agreed)
      process.stderr.write(secretsMask().mask(`${checkText(settings, report)}\n`));
    return report.exitCode;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    await voice.close();
  }
}
