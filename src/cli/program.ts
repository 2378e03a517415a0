/** All verbs of `ferry`, and what `ferry --help` shows. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Context, Verb } from './context.ts';
import type { WrongUse } from './failure.ts';
import { type LogFlags, openLog } from './log.ts';
import { apply } from './verbs/apply.ts';
import { backup } from './verbs/backup.ts';
import { cat } from './verbs/cat.ts';
import { check } from './verbs/check.ts';
import { chmod } from './verbs/chmod.ts';
import { completion } from './verbs/completion.ts';
import { demo } from './verbs/demo.ts';
import { get } from './verbs/get.ts';
import { help } from './verbs/help.ts';
import { init } from './verbs/init.ts';
import { ls } from './verbs/ls.ts';
import { mkdir, rmdir } from './verbs/mkdir.ts';
import { mv } from './verbs/mv.ts';
import { plan } from './verbs/plan.ts';
import { prune } from './verbs/prune.ts';
import { pull } from './verbs/pull.ts';
import { push } from './verbs/push.ts';
import { put } from './verbs/put.ts';
import { raw } from './verbs/raw.ts';
import { restore } from './verbs/restore.ts';
import { rm } from './verbs/rm.ts';
import { rollback } from './verbs/rollback.ts';
import { serve } from './verbs/serve.ts';
import { shell } from './verbs/shell.ts';
import { snapshots } from './verbs/snapshots.ts';
import { stat } from './verbs/stat.ts';
import { status } from './verbs/status.ts';
import { sync } from './verbs/sync.ts';
import { touch } from './verbs/touch.ts';
import { unlock } from './verbs/unlock.ts';
import { verify } from './verbs/verify.ts';
import { watch } from './verbs/watch.ts';

const GROUPS: readonly (readonly [string, readonly Verb[]])[] = [
  ['Keep in step:', [push, pull, sync, watch, rollback]],
  ['Back up:', [backup, snapshots, restore, prune]],
  ['Look first:', [plan, apply, verify, check, status]],
  ['By hand:', [ls, cat, get, put, mkdir, rmdir, rm, mv, stat, chmod, touch, raw, shell]],
  ['Serve:', [serve]],
  ['Set up:', [init, unlock, completion, demo, help]],
];

const EXAMPLES = `
Examples:
  ferry demo                                   see all of it, no account needed
  ferry push ./public ftpes://me@example.com/htdocs
  ferry pull ftpes://me@example.com/htdocs ./backup
  ferry init                                   write a sync.config.json, then:
  ferry plan site                              what would a run of 'site' do?
  ferry push site

The password comes from the configuration, FERRY_PASSWORD, ~/.netrc, or a
question on a terminal. ftpes:// is encrypted; ftps:// too (port 990); ftp://
is plain text.

Exit codes: 0 both sides agree, 2 usage, 3 some paths failed, 4 refused to be
safe, 5 no connection or login, 6 already running, 7 stale plan, 8 differences,
9 own limit reached, 130 and 143 stopped by a signal, 1 a bug.
`;

export function createProgram(context: Context): Command {
  const program = new Command('ferry')
    .description('Keeps a local folder and a folder on an FTP server in step, and never\nloses a file doing it.')
    .usage('<verb> [job | source destination] [options]')
    .version(versionOfThis(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a verb')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureHelp({ subcommandTerm: (verb) => verb.name() })
    // What is wrong is said once, by whoever ends the process.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .hook('preAction', (_, verb) => openLog(verb.opts<LogFlags>()))
    .addHelpText('after', EXAMPLES);
  for (const [heading, verbs] of GROUPS) {
    program.commandsGroup(heading);
    for (const verb of verbs) verb(program, context);
  }
  for (const verb of program.commands) {
    verb.exitOverride((error) => {
      throw Object.assign(error, { usage: `ferry ${verb.name()} ${verb.usage()}` } satisfies WrongUse);
    });
  }
  return program;
}

function versionOfThis(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
