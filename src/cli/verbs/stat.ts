/** The verb `stat`: what a server says of files. */
import { look } from '../../hand/index.ts';
import { type Entry, printable } from '../../model/index.ts';
import type { Verb } from '../context.ts';
import { atDesk } from '../desk.ts';
import { entryLine } from '../entry-line.ts';
import { modeText } from '../listing-table.ts';
import { addServerOptions, type ServerOptions } from '../options.ts';

export const stat: Verb = (program, context) => {
  const verb = program
    .command('stat')
    .description('say what a server knows of files')
    .argument('<path...>', 'NAME:/path or a URL; patterns are matched on the server')
    .usage('<path...> [options]');
  addServerOptions(verb, 'one entry per line as JSON')
    .addHelpText('after', '\nExamples:\n  ferry stat web:/htdocs/index.html\n  ferry stat --json web:/htdocs\n')
    .action(async (paths: readonly string[], flags: ServerOptions) => {
      const code = await atDesk(context, { verb: 'stat', flags, data: true }, async (desk) => {
        const places = await desk.places(paths);
        const work = await desk.work(places[0]!);
        let several = false;
        await look(work, await desk.matches(work, places), (entry) => {
          if (several && !flags.json) desk.line('');
          several = true;
          desk.line(flags.json ? entryLine(entry) : described(entry));
        });
        return undefined;
      });
      context.finish(code);
    });
};

const KINDS = { file: 'file', directory: 'folder', link: 'link', other: 'special file' } as const;

function described(entry: Entry): string {
  const { path, kind, size, mtime, precision, zoned, mode } = entry;
  const fine = precision <= 1000 ? 19 : precision <= 60_000 ? 16 : 10;
  const time = mtime === null ? 'not told' : new Date(mtime).toISOString().slice(0, fine).replace('T', ' ');
  const lines = [
    ['path', printable(path || '/')],
    ['kind', KINDS[kind]],
    ['size', size === null ? '-' : `${size} ${size === 1 ? 'byte' : 'bytes'}`],
    ['modified', mtime === null ? time : `${time} ${zoned ? 'UTC' : '(by the clock of the server)'}`],
    ...(mode === undefined ? [] : [['mode', `${mode.toString(8).padStart(3, '0')} ${modeText(entry)}`]]),
  ];
  return lines.map(([name, value]) => `${name!.padEnd(9)} ${value}`).join('\n');
}
