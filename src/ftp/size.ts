/** SIZE (RFC 3659, 4): how many bytes a file has, in binary type. */
import type { RelPath } from '../model/path.ts';
import { notImplemented } from './failure.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

/** Undefined where the server does not tell. */
export async function sizeOf({ site, send }: Session, path: RelPath): Promise<number | undefined> {
  const reply = await send(`SIZE ${site.wire(path)}`);
  if (notImplemented(reply)) site.knowledge.lacks('SIZE');
  return sizeIn(reply);
}

/** The size in a reply to SIZE; undefined where it tells none. */
export function sizeIn(reply: Reply | undefined): number | undefined {
  if (reply?.code !== 213) return undefined;
  const digits = /^\d+/.exec(reply.text)?.[0];
  return digits === undefined ? undefined : Number(digits);
}
