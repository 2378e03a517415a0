/** Keeps a password that stands on the command line, or in FERRY_PASSWORD, out of sight. */
import { secretsMask } from '../config/index.ts';
import { withoutPassword } from './serve/user-flag.ts';

const PASSWORD = /^(.*?:\/\/[^/:@]*:)(.+)(@.*)$/s;

/** Before anything can be said: whatever goes wrong, the passwords that were handed in are not shown. */
export function learnSecrets(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  if (env.FERRY_PASSWORD) secretsMask().add(env.FERRY_PASSWORD);
  for (const arg of args) {
    const written = PASSWORD.exec(arg)?.[2];
    if (written === undefined) continue;
    secretsMask().add(written);
    try {
      secretsMask().add(decodeURIComponent(written));
    } catch {
      // Not percent-encoded: it was added as it is.
    }
  }
}

/** Whether a URL holds a password. */
export function holdsPassword(arg: string): boolean {
  return PASSWORD.test(arg);
}

/** Rewrites what `ps` shows of this process, where it shows a password. */
export function hideFromProcessList(args: readonly string[]): void {
  const shown = args.map((arg, at) => shownArgument(arg, args[at - 1]));
  if (shown.some((arg, at) => arg !== args[at])) process.title = ['ferry', ...shown].join(' ');
}

// A URL with a password, or the user of `serve`: `--user ann:secret`, `--user=ann:secret`.
function shownArgument(arg: string, before: string | undefined): string {
  if (before === '--user') return withoutPassword(arg);
  if (arg.startsWith('--user=')) return `--user=${withoutPassword(arg.slice(7))}`;
  return arg.replace(PASSWORD, '$1***$3');
}
