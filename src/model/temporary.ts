/** Names of the temporary files that hold a transfer until it is complete. */
import { joinPath, nameOf, parentOf, type RelPath } from './path.ts';

const LONGEST_NAME = 255;
const PATTERN = /^\.(.*)\.([0-9a-f]{8})\.ferry$/s;

/**
 * The temporary name beside `path`: `.<name>.<tag>.ferry`, within 255 bytes of UTF-8, cut between characters.
 * `tag` is eight hexadecimal digits of the source's fingerprint, so that two versions never share a temporary file.
 */
export function temporaryFor(path: RelPath, tag: string): RelPath {
  const room = LONGEST_NAME - Buffer.byteLength(`..${tag}.ferry`);
  let name = '';
  let used = 0;
  for (const character of nameOf(path)) {
    used += Buffer.byteLength(character);
    if (used > room) break;
    name += character;
  }
  return joinPath(parentOf(path), `.${name}.${tag}.ferry`);
}

/** Whether a name is one that Ferry gives to a temporary file. */
export function isTemporary(name: string): boolean {
  return PATTERN.test(name);
}
