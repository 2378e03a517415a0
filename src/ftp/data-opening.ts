/**
 * Opens the data connection of a transfer and sends its commands, in one flight where the way is known. The command is
 * under way before the connection is: pyftpdlib drops one on which data, or a TLS handshake, arrives before it.
 */
import { LostError, ReplyError } from '../model/errors.ts';
import { listenFor } from './active.ts';
import { DataConnection } from './data-connection.ts';
import { explained, notImplemented } from './failure.ts';
import { type PassiveMode, passivePort } from './passive.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

/** ms that a server may take to answer after its data connection was broken, unless the options say so. */
const SETTLE = 10_000;

/** ms that this server is given for that: never more than for any other reply. */
export function settling({ site }: Session): number {
  const { settleTimeout = SETTLE, replyTimeout } = site.options;
  return Math.min(settleTimeout, replyTimeout);
}

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
  /** Whether another transfer is likely to follow: where the server bears it, its port is asked for with this one. */
  readonly more?: boolean;
  /** Offset in bytes to go on from (REST, RFC 3659, 5). */
  readonly restart?: number;
  /** Whether what arrives is taken from the connection's inlet, where it has one, and not from its socket. */
  readonly byInlet?: boolean;
  /** What the command hangs on, and travels along with: where it fails in time, the command is not sent. */
  readonly entering?: Promise<void> | undefined;
}

export async function openData(session: Session, send: Send, opening: Opening): Promise<Opened> {
  const { dataMode } = session.site.knowledge;
  if (dataMode && dataMode !== 'active') return openPassive(session, send, opening, dataMode);
  session.ports.forget();
  if (dataMode === 'active') return openActive(session, send, opening);
  return openFirst(session, send, opening);
}

async function openPassive(
  session: Session,
  send: Send,
  { command, restart = 0, byInlet = false, more = false }: Opening,
  mode: PassiveMode,
): Promise<Opened> {
  const ahead = session.ports.has ? await session.ports.take(mode) : undefined;
  const asked = ahead ? undefined : send(mode);
  asked?.catch(() => {});
  if (restart > 0) await sendRestart(session, send, restart);
  const opened = begin(send, command);
  if (more) session.ports.askAhead(send, mode);
  const reply = ahead ?? (await asked!);
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

/**
 * The first transfer on a site finds out how data connections can be made there: it tries each way until TCP stands, and
 * only then sends its command, over the connection that it has.
 */
async function openFirst(session: Session, send: Send, opening: Opening): Promise<Opened> {
  const { options, knowledge } = session.site;
  let failure: unknown;
  for (const mode of passiveModes(session)) {
    let data: DataConnection;
    try {
      data = await tryPassive(session, send, mode, opening.byInlet ?? false);
    } catch (error) {
      if (!session.alive) throw error;
      // That a server does not know the other way either says nothing about what is wrong with the first.
      if (failure === undefined || !(error instanceof ReplyError)) failure = error;
      continue;
    }
    knowledge.dataMode = mode;
    try {
      await opening.entering;
      if (opening.restart) await sendRestart(session, send, opening.restart);
    } catch (error) {
      data.destroy();
      throw error;
    }
    const opened = begin(send, opening.command);
    opened.data = data;
    // The command goes out before the first byte on the connection.
    await new Promise(setImmediate);
    return opened;
  }
  // Nobody can connect to us through a proxy.
  if (options.mode === 'passive' || options.proxy) throw failure;
  knowledge.dataMode = 'active';
  return openActive(session, send, opening);
}

/** Resolves once TCP stands; rejects with why it cannot be. */
async function tryPassive(session: Session, send: Send, mode: PassiveMode, byInlet: boolean): Promise<DataConnection> {
  const { options, place } = session.site;
  const reply = await send(mode);
  if (!reply.ok) throw session.site.refused(mode, reply);
  const data = DataConnection.dial(session, passivePort(mode, reply), byInlet);
  try {
    await data.connected();
    return data;
  } catch (error) {
    data.destroy();
    // A proxy says itself what is wrong.
    if (options.proxy) throw error;
    const why = explained(error as Error);
    throw new LostError(
      `no data connection to ${place} (${mode}): ${why}. A firewall may be in the way; try mode active`,
      { cause: error },
    );
  }
}

function passiveModes(session: Session): readonly PassiveMode[] {
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
  session.pipeline.hold()(settling(session));
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
