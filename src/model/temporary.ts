/** Names of the temporary files that hold a transfer until it is complete, and of old files set aside by a swap. */
import { crc32 } from 'node:zlib';
import { joinPath, nameOf, parentOf, type RelPath } from './path.ts';

const LONGEST_NAME = 255;
/** Of UTF-8, in bytes. */
const LONGEST_CHARACTER = 4;
const PATTERN = /^\.?(.+)\.[0-9a-f]{8}\.(old\.)?ferry$/s;

/** How a temporary name is built; the later ones are for servers that refuse the ones before. */
export type TemporaryStyle = 'hidden' | 'visible';

/**
 * The temporary name beside `path`: `.<name>.<tag>.ferry`, within 255 bytes of UTF-8, cut between characters; without
 * the leading dot for servers that refuse hidden names. `tag` is eight hexadecimal digits of the source's fingerprint,
 * so that two versions never share a temporary file; where the name is cut they stand for all of it, too, so that two
 * files never do.
 */
export function temporaryFor(path: RelPath, tag: string, style: TemporaryStyle = 'hidden'): RelPath {
  return beside(path, style === 'hidden' ? '.' : '', tag, '.ferry');
}

/**
 * Where the old file waits while a server that cannot rename over an existing name gets the new one. Of a hidden file it
 * is hidden in any case, so that {@link asideOf} can tell whose it is.
 */
export function asideFor(path: RelPath, tag: string, style: TemporaryStyle = 'hidden'): RelPath {
  const hidden = style === 'hidden' || nameOf(path).startsWith('.');
  return beside(path, hidden ? '.' : '', tag, '.old.ferry');
}

/**
 * Whose old file it is that was set aside under this name; undefined where that cannot be told, as the name was cut.
 */
export function asideOf(aside: RelPath): RelPath | undefined {
  const name = nameOf(aside);
  const [, tag] = /\.([0-9a-f]{8})\.old\.ferry$/.exec(name) ?? [];
  if (tag === undefined) return undefined;
  const style = name.startsWith('.') ? 'hidden' : 'visible';
  const original = name.slice(style === 'hidden' ? 1 : 0, -`.${tag}.old.ferry`.length);
  if (original === '' || Buffer.byteLength(name) > LONGEST_NAME - LONGEST_CHARACTER) return undefined;
  return joinPath(parentOf(aside), original);
}

/** Whether a name is one that Ferry gives to a file of its own. */
export function isTemporary(name: string): boolean {
  return PATTERN.test(name);
}

/** Whether a name is that of an old file set aside: the only copy of the old content, until the swap is complete. */
export function isAside(name: string): boolean {
  return PATTERN.exec(name)?.[2] !== undefined;
}

function beside(path: RelPath, before: string, tag: string, after: string): RelPath {
  const whole = nameOf(path);
  const room = LONGEST_NAME - Buffer.byteLength(`${before}.${tag}${after}`);
  let name = '';
  let used = 0;
  for (const character of whole) {
    used += Buffer.byteLength(character);
    if (used > room) break;
    name += character;
  }
  const mark = name === whole ? tag : crc32(whole, Number.parseInt(tag, 16)).toString(16).padStart(8, '0');
  return joinPath(parentOf(path), `${before}${name}.${mark}${after}`);
}
