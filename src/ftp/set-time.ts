/**
 * Sets a file's modification time by the verb this server has. None is part of a standard that all keep, so the first
 * use of each is watched: what has no effect is not used again.
 */
import type { SetTimeCommand } from '../model/capabilities.ts';
import { notImplemented } from './failure.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

/** `YYYYMMDDHHMMSS` in UTC (RFC 3659, 2.3), whole seconds. */
export function timeVal(mtime: number): string {
  return new Date(mtime).toISOString().slice(0, 19).replaceAll(/\D/g, '');
}

function commandFor(verb: SetTimeCommand, path: string, stamp: string): string {
  if (verb === 'MFF') return `MFF Modify=${stamp}; ${path}`;
  return `${verb} ${stamp} ${path}`;
}

/** False where the server has no way to do it. `path` is as it goes on the wire, `mtime` in ms, UTC. */
export async function setModified(session: Session, path: string, mtime: number): Promise<boolean> {
  const { knowledge } = session.site;
  const verb = knowledge.setTime;
  // Four digits of the year are all that the form has.
  if (verb === null || !(mtime >= 0 && mtime < 253_402_300_800_000)) return false;
  const stamp = timeVal(mtime);
  if (!knowledge.setTimeProven) return session.pipeline.section((send) => find(session, send, path, stamp));
  const command = commandFor(verb, path, stamp);
  const reply = await session.send(command);
  if (reply.ok) return true;
  if (!notImplemented(reply)) throw session.site.refused(command, reply);
  knowledge.dropSetTime(verb);
  return false;
}

/** Tries verb after verb, nothing else being sent meanwhile, and reads the time back. */
async function find(session: Session, send: Send, path: string, stamp: string): Promise<boolean> {
  const { knowledge } = session.site;
  for (;;) {
    const verb = knowledge.setTime;
    if (verb === null) return false;
    const command = commandFor(verb, path, stamp);
    const [reply, back] = await Promise.all([
      send(command),
      knowledge.mayHave('MDTM') ? send(`MDTM ${path}`) : undefined,
    ]);
    if (worked(verb, reply, back, stamp)) {
      knowledge.setTimeProven = true;
      return true;
    }
    // A verb that was announced, or a file that is out of reach: the refusal is about this file, not about the verb.
    const announced = verb === 'MFMT' || verb === 'MFF';
    if (!reply.ok && !notImplemented(reply) && (announced || back?.ok === false)) {
      throw session.site.refused(command, reply);
    }
    knowledge.dropSetTime(verb);
  }
}

function worked(verb: SetTimeCommand, reply: Reply, back: Reply | undefined, stamp: string): boolean {
  if (!reply.ok) return false;
  if (back?.code === 213) return back.text.startsWith(stamp);
  // MDTM with two arguments may have been understood as a question.
  return verb !== 'MDTM';
}
