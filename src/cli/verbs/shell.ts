/** The verb `shell`: hand tools on a connection that stays, at a prompt or from a script. */
import { join } from 'node:path';
import { literally } from '../../config/index.ts';
import { stateFolder } from '../../state/index.ts';
import { plainTextWarning } from '../../sync/index.ts';
import { someoneIsThere } from '../ask.ts';
import { commandLine } from '../bench.ts';
import type { Context, Verb } from '../context.ts';
import { note } from '../desk.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';
import { ShellBench } from '../shell/bench.ts';
import { converse, follow } from '../shell/converse.ts';
import { warningsOf } from '../target.ts';
import { voiceOf } from '../voice.ts';

export const shell: Verb = (program, context) => {
  const verb = program
    .command('shell')
    .description('work on a server at a prompt, or from a script')
    .argument('[place]', 'a server or a job, NAME:/path, or a URL')
    .usage('[place] [options]');
  addServerOptions(verb, null)
    .addHelpText('after', EXAMPLES)
    .action(async (place: string | undefined, flags: ServerOptions) => {
      context.finish(await hold(place, flags, context));
    });
};

const EXAMPLES = `
"help" at the prompt lists the commands; Tab completes commands, and names on
the server; Ctrl-C stops what runs, Ctrl-D leaves. A script ends at its first
line that fails, with the exit code of that line.

Examples:
  ferry shell web
  ferry shell ftpes://me@example.com/htdocs
  ferry shell web < nightly.ferry
  echo 'rm *.tmp' | ferry shell web:/in
`;

async function hold(written: string | undefined, flags: ServerOptions, context: Context): Promise<number> {
  const { stdout, signal } = context;
  const text = written === undefined || commandLine.isRemote(written) ? written : `${written}:`;
  const place = await commandLine.place(text, flags, 'shell');
  const voice = voiceOf(flags, { words: true });
  const warn = (message: string) => voice.tell({ type: 'warning', message });
  for (const message of warningsOf(written === undefined ? [] : [written])) warn(message);
  const top = { ...place, settings: { ...place.settings, remote: '/' } };
  const { remote, release } = await commandLine.connect(top, voice.wire, signal);
  try {
    const plainText = plainTextWarning(place.settings.server, remote.capabilities);
    if (plainText !== undefined) warn(plainText);
    const home = (remote.capabilities.home ?? '/').split('/').filter((name) => name !== '');
    const standing = home.map(literally);
    const segments = place.settings.remote === '/' ? place.segments : [...standing, ...place.segments];
    const bench = new ShellBench(remote, { ...top, segments: [] }, standing, note);
    // A place that is not there is found out now, and not at the first command.
    if (segments.length > 0) await bench.enter(`/${segments.join('/')}`, signal);
    bench.begin();
    const { host } = place.settings.server;
    const name = written?.replace(/:.*$/s, '') || host;
    const historyFile = join(stateFolder(process.env), 'shell_history');
    const conversation = { bench, name: /^ftp(?:e?s)?$/i.test(name) ? host : name, stdout, signal, historyFile };
    return await (someoneIsThere() ? converse(conversation) : follow(conversation));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    await release();
    await voice.close();
  }
}
