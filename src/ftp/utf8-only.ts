/**
 * Finds out servers that replace whatever is no UTF-8 in a command (pyftpdlib): in another charset, many names would
 * become one there, each file written over the one before. Such a server shows it where it repeats a command.
 */
import { ConfigError } from '../model/errors.ts';
import type { Reply } from './reply.ts';
import type { Site } from './site.ts';

/** Known to no server. 0x80 alone is a letter, or nothing, in other charsets; in UTF-8 it cannot be. */
export const ECHO = 'SITE FERRY-\x80';

/** U+FFFD, as UTF-8 has it. */
const REPLACED = /FERRY-\xef\xbf\xbd/i;

/** Throws a ConfigError where the answer to {@link ECHO} shows that names do not arrive as they are sent. */
export function refuseReplacing(site: Site, answer: Reply): void {
  if (!REPLACED.test(answer.message)) return;
  throw new ConfigError(
    `${site.place} takes names for UTF-8 and replaces what is not, so that names in ${site.codec.name} would be lost: leave encoding out`,
  );
}
