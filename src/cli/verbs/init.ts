/** The verb `init`: writes a first `sync.config.json`, by asking or from flags. */
import { CONFIG_NAME } from '../../config/index.ts';
import { EXIT, UsageError } from '../../model/index.ts';
import { ask, someoneIsThere } from '../ask.ts';
import type { Verb } from '../context.ts';
import { checkedConfig, type FirstConfig, refuseExisting, WISHES, type Wish, writeConfig } from '../first-config.ts';
import { flag, oneOf } from '../options.ts';

type InitFlags = Partial<FirstConfig> & { readonly config?: string; readonly yes?: boolean };

export const init: Verb = (program, context) => {
  program
    .command('init')
    .description(`write a ${CONFIG_NAME} by asking`)
    .usage('[options]')
    .option('-c, --config <file>', `where to write it (default: ${CONFIG_NAME} here)`)
    .option('-y, --yes', 'ask nothing: take the flags and the defaults')
    .optionsGroup('The answers:')
    .option('--url <url>', 'the folder on the server: ftpes://me@example.com/htdocs')
    .option('--local <folder>', 'the local folder')
    .addOption(flag('--direction <way>', 'push (default), pull or sync', oneOf('push', 'pull', 'sync')))
    .option('--job <name>', "the job's name (default: site)")
    .option('--password-env <name>', 'the environment variable with the password')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: InitFlags) => {
      await initialise(flags);
      context.finish(EXIT.agreed);
    });
};

const EXAMPLES = `
Examples:
  ferry init
  ferry init --yes --url ftpes://me@example.com/htdocs --local public
`;

async function initialise({ config: file = CONFIG_NAME, yes = false, ...given }: InitFlags): Promise<void> {
  if (!yes && !someoneIsThere()) {
    throw new UsageError('nobody is there to answer questions: add --yes, and --url and --local');
  }
  await refuseExisting(file);
  const answers: Partial<Record<Wish, string>> = {};
  for (const wish of WISHES) {
    const { key, option, question, fallback, reads } = wish;
    let answer = given[key];
    if (answer === undefined && !yes) answer = await asked(wish);
    answer ||= fallback;
    if (answer === undefined) throw new UsageError(`${option} is missing: ${question.toLowerCase()}`);
    reads(answer);
    answers[key] = answer;
  }
  const { text, hints } = checkedConfig(answers as FirstConfig, file);
  await writeConfig(file, text);
  process.stderr.write(`${hints.join('\n')}\n`);
}

/** Asks until the answer can be used. */
async function asked({ question, fallback, reads }: (typeof WISHES)[number]): Promise<string> {
  for (;;) {
    const answer = (await ask(fallback ? `${question} [${fallback}]: ` : `${question}: `)).trim() || fallback;
    if (answer === undefined) continue;
    try {
      reads(answer);
      return answer;
    } catch (error) {
      process.stderr.write(`  ${(error as Error).message}\n`);
    }
  }
}
