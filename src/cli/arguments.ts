/** Keeps a password that stands in a URL on the command line out of sight. */
import { secretsMask } from '../config/index.ts';

const PASSWORD = /^(.*?:\/\/[^/:@]*:)(.+)(@.*)$/s;

/** Before anything can be said: whatever is wrong with a command line, its passwords are not shown. */
export function learnSecretsOf(args: readonly string[]): void {
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
  if (!args.some(holdsPassword)) return;
  process.title = ['ferry', ...args.map((arg) => arg.replace(PASSWORD, '$1***$3'))].join(' ');
}
