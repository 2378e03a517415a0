/**
 * Opens the data connection of a transfer and sends its commands, in one flight where the way is known. The command is
 * under way before the connection is: pyftpdlib drops one on which data, or a TLS handshake, arrives before it.
 */
import { LostError } from '../model/errors.ts';
import { listenFor } from './active.ts';
import type { DataMode } from './capabilities.ts';
import { DataConnection } from './data-connection.ts';
import { explained, notImplemented } from './failure.ts';
import { passivePort } from './passive.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

/** ms that a server may take to answer after its data connection was broken. */
export const SETTLE = 10_000;

/** A transfer whose command was sent. */
export interface Opened {
  /** Undefined where the server refused before there was anything to connect to. */
  data: DataConnection | undefined;
  readonly final: Promise<Reply>;
  /** Whether the server said that it begins (1xx). */
  begun: boolean;
}

export interface Opening {
  readonly command: string;
  /** Offset in bytes to go on from (REST, RFC 3659, 5). */
  readonly restart?: number;
  /** Whether what arrives is taken from the connection's inlet, where it has one, and not from its socket. */
  readonly byInlet?: boolean;
}

export async function openData(session: Session, send: Send, opening: Opening): Promise<Opened> {
  const { knowledge } = session.site;
  knowledge.dataMode ??= await discover(session, send);
  if (knowledge.dataMode === 'active') return openActive(session, send, opening);
  return openPassive(session, send, opening, knowledge.dataMode);
}

async function openPassive(
  session: Session,
  send: Send,
  { command, restart = 0, byInlet = false }: Opening,
  mode: 'EPSV' | 'PASV',
): Promise<Opened> {
  const opening = send(mode);
  opening.catch(() => {});
  if (restart > 0) await sendRestart(session, send, restart);
  const opened = begin(send, command);
  const reply = await opening;
  if (!reply.ok) {
    session.site.knowledge.dataMode = undefined;
    return opened;
  }
  try {
    opened.data = DataConnection.dial(session, passivePort(mode, reply), byInlet);
    return opened;
  } catch (error) {
    await settle(session, opened.final);
    throw error;
  }
}

async function openActive(session: Session, send: Send, { command, restart = 0 }: Opening): Promise<Opened> {
  const expected = await listenFor(session, send);
  try {
    if (restart > 0) await sendRestart(session, send, restart);
    const opened = begin(send, command);
    // The command goes out before the first byte on a connection that the server has made early.
    await new Promise(setImmediate);
    try {
      opened.data = await expected.arrival(opened.final);
      return opened;
    } catch (error) {
      await settle(session, opened.final);
      throw error;
    }
  } finally {
    expected.close();
  }
}

/** How data connections can be made here: the first transfer tries each way until TCP stands. */
async function discover(session: Session, send: Send): Promise<DataMode> {
  const { options, place } = session.site;
  let failure: unknown;
  for (const mode of passiveModes(session)) {
    const reply = await send(mode);
    if (!reply.ok) {
      failure = session.site.refused(mode, reply);
      continue;
    }
    const probe = DataConnection.dial(session, passivePort(mode, reply), false);
    try {
      await probe.connected();
      return mode;
    } catch (error) {
      // A proxy says itself what is wrong.
      failure = error;
      if (options.proxy) continue;
      const why = explained(error as Error);
      failure = new LostError(
        `no data connection to ${place} (${mode}): ${why}. A firewall may be in the way; try mode active`,
        { cause: error },
      );
    } finally {
      probe.destroy();
    }
  }
  // Nobody can connect to us through a proxy.
  if (options.mode === 'passive' || options.proxy) throw failure;
  return 'active';
}

function passiveModes(session: Session): readonly ('EPSV' | 'PASV')[] {
  if (session.site.options.mode === 'active') return [];
  // PASV has no room for an address of IPv6.
  return session.peer.includes(':') ? ['EPSV'] : ['EPSV', 'PASV'];
}

function begin(send: Send, command: string): Opened {
  const onPreliminary = () => {
    // Pure-FTPd ends a download that was broken off with a second 150, and nothing more.
    const over = opened.begun && (opened.data?.over ?? false);
    opened.begun = true;
    return over;
  };
  const opened: Opened = { data: undefined, final: send(command, { onPreliminary }), begun: false };
  opened.final.catch(() => {});
  return opened;
}

/** Waits for the reply to a transfer that is given up: the next command must not take it for its own. */
async function settle(session: Session, final: Promise<Reply>): Promise<void> {
  session.pipeline.hold()(SETTLE);
  await final;
}

/** REST is answered before the command is sent: refused unseen, the transfer would begin at the wrong place. */
async function sendRestart(session: Session, send: Send, offset: number): Promise<void> {
  const command = `REST ${offset}`;
  const reply = await send(command);
  if (reply.code === 350) return;
  if (notImplemented(reply)) session.site.knowledge.lacks('REST');
  throw session.site.refused(command, reply);
}
