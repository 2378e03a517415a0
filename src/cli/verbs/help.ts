/** The verb `help`: what `--help` shows, for those who type it first. */
import { didYouMean } from '../../config/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import type { Verb } from '../context.ts';

export const help: Verb = (program) => {
  program
    .command('help')
    .description('print this help, or that of a verb')
    .argument('[verb]', 'the verb; without it, all of them')
    .usage('[verb]')
    .action((name: string | undefined) => {
      const about = name === undefined ? program : program.commands.find((verb) => verb.name() === name);
      if (!about) {
        const names = program
          .createHelp()
          .visibleCommands(program)
          .map((verb) => verb.name());
        const meant = didYouMean(name!, names) || '; --help lists them';
        throw new UsageError(`unknown verb '${printable(name!)}'${meant}`);
      }
      about.outputHelp();
    });
};
