/** The verb `completion`: prints what teaches a shell to complete ferry's verbs, flags, jobs and servers. */
import { Argument } from 'commander';
import { didYouMean, loadConfig, processSurroundings } from '../../config/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import { candidates, type Names } from '../completion/candidates.ts';
import { SCRIPTS, type ShellName } from '../completion/scripts.ts';
import type { Verb } from '../context.ts';

const SHELLS = Object.keys(SCRIPTS);

export const completion: Verb = (program, context) => {
  const shell = new Argument('<shell>', SHELLS.join(', '));
  shell.argChoices = SHELLS;
  program
    .command('completion')
    .description('print what teaches a shell to complete ferry')
    .addArgument(shell)
    .usage('bash | zsh | fish')
    .addHelpText('after', EXAMPLES)
    .action((name: string) => {
      if (!Object.hasOwn(SCRIPTS, name)) {
        throw new UsageError(`${printable(name)} is not one of ${SHELLS.join(', ')}${didYouMean(name, SHELLS)}`);
      }
      context.stdout.line(SCRIPTS[name as ShellName].trimEnd());
    });
  // What the scripts ask, at every press of Tab: quick, and silent whatever is wrong.
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const known = await candidates(program, words, namesIn).catch(() => []);
      for (const { value, description } of known) context.stdout.line(`${value}\t${description}`);
    });
};

const EXAMPLES = `
Examples:
  source <(ferry completion bash)             in ~/.bashrc
  source <(ferry completion zsh)              in ~/.zshrc, after compinit
  ferry completion fish > ~/.config/fish/completions/ferry.fish
`;

async function namesIn(file: string | undefined): Promise<Names> {
  const config = await loadConfig({ file, surroundings: processSurroundings() });
  return {
    servers: [...(config?.servers.keys() ?? [])],
    jobs: [...(config?.jobs ?? [])].map(([name, { direction, backup }]) => ({
      name,
      direction,
      backup: backup !== undefined,
    })),
  };
}
