/** Content hashes computed by the server: HASH (draft-bryan-ftp-hash) and the older X commands. */
import type { RelPath } from '../model/path.ts';
import { notImplemented } from './failure.ts';
import type { Session } from './session.ts';

/** A server reads the whole file before it answers. */
const PATIENCE = 30 * 60_000;

const DIGITS = { sha512: 128, sha256: 64, sha1: 40, md5: 32, crc32: 8 } as const;

/** Lower-case hexadecimal; null where the server cannot, or says it in a way that is not understood. */
export async function hashOf(session: Session, path: RelPath): Promise<string | null> {
  const { site } = session;
  const how = site.knowledge.hash;
  if (!how) return null;
  const wire = site.wire(path);
  // The X commands take a range after the name, so a name with spaces is quoted there.
  const command = how.verb !== 'HASH' && wire.includes(' ') ? `${how.verb} "${wire}"` : `${how.verb} ${wire}`;
  const reply = await session.send(command, { timeout: PATIENCE });
  if (!reply.ok) {
    if (!notImplemented(reply)) throw site.refused(command, reply);
    site.knowledge.lacks(how.verb);
    return null;
  }
  // The name may look like a hash; it is not to be found in its own place.
  const said = reply.message.replaceAll(wire, ' ');
  const digits = DIGITS[how.algorithm];
  const found = said.match(/\b[0-9a-f]+\b/gi)?.filter((word) => word.length <= digits) ?? [];
  const exact = found.find((word) => word.length === digits);
  if (exact) return exact.toLowerCase();
  // CRC32 is printed without its leading zeros by some; it is the last word then.
  const short = how.algorithm === 'crc32' ? found.filter((word) => word !== String(reply.code)).at(-1) : undefined;
  return short ? short.toLowerCase().padStart(8, '0') : null;
}
