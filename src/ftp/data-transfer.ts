/**
 * A transfer: its commands on the control connection, its data connection, and the one reply that ends it. The reply is
 * waited for whatever happens to the data, so that the session stays in step and the server's own words are heard.
 */
import { FerryError as Ferry, type FerryError, InterruptedError, LostError, TlsError } from '../model/errors.ts';
import { listenFor } from './active.ts';
import type { DataMode } from './capabilities.ts';
import { DataConnection } from './data-connection.ts';
import { explained, notImplemented } from './failure.ts';
import { type Moved, type Mover, receiving } from './moving.ts';
import { passivePort } from './passive.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

/** ms that a server may take to answer after its data connection was broken. */
const SETTLE = 10_000;

export interface TransferRequest {
  /** STOR, APPE, RETR, MLSD, LIST or NLST. */
  readonly command: string;
  /** Sent before it in the same flight; refused, the transfer is dropped. */
  readonly folder?: string;
  /** Offset in bytes to go on from (REST, RFC 3659, 5). */
  readonly restart?: number;
  /** Watch for the end that the server means (close_notify); costs speed. */
  readonly watchEnd?: boolean;
  /** Once it has begun (reply 1xx), whatever ends it is told with what was moved, and not thrown. */
  readonly anyEnd?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Transferred<T> {
  readonly value: T;
  readonly reply: Reply;
  readonly endedWell: boolean;
}

export function transfer<T>(session: Session, request: TransferRequest, move: Mover<T>): Promise<Transferred<T>> {
  return session.pipeline.section((send) => transferWithin(session, send, request, move));
}

/** The same as a part of a section that is open already. */
export async function transferWithin<T>(
  session: Session,
  send: Send,
  request: TransferRequest,
  move: Mover<T>,
): Promise<Transferred<T>> {
  const { signal, command } = request;
  if (signal?.aborted) throw new InterruptedError('abort');
  const folder = request.folder === undefined ? undefined : send(`CWD ${request.folder}`);
  folder?.catch(() => {});
  const opened = await open(session, send, request);
  const { data, final } = opened;
  let answer: Reply | undefined;
  final.then(
    (reply) => {
      answer = reply;
      if (data && reply.code >= 400) giveUp(data);
    },
    () => data?.abort(),
  );
  const onAbort = () => data?.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (!data) throw session.site.refused(command, await final);
    const entered = await folder;
    if (entered && !entered.ok) {
      // What comes is the listing of another folder. It is received all the same: broken off before TLS stands,
      // vsftpd and Pure-FTPd end the session.
      const nowhere = receiving({ write() {} });
      await carry(session, { ...request, anyEnd: true }, nowhere, opened, data, () => answer).catch(() => {});
      throw session.site.refused(`CWD ${request.folder}`, entered);
    }
    return await carry(session, request, move, opened, data, () => answer);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    data?.destroy();
  }
}

/** Data flows from the moment the connection stands, without waiting for 150. */
async function carry<T>(
  session: Session,
  request: TransferRequest,
  move: Mover<T>,
  { final, begun }: Opened,
  data: DataConnection,
  answered: () => Reply | undefined,
): Promise<Transferred<T>> {
  let failure: Error | undefined;
  let moved: Moved<T> | undefined;
  const letGo = session.pipeline.hold();
  try {
    await data.ready(request.watchEnd ?? false);
    moved = await move(data, answered);
    if (data.error && !moved.enough) failure = data.error;
  } catch (error) {
    failure = error as Error;
    data.abort();
  }
  const { replyTimeout } = session.site.options;
  letGo(failure || moved?.enough ? SETTLE : replyTimeout + (moved?.patience ?? 0));
  const reply = await final.catch((error) => {
    throw request.signal?.aborted ? new InterruptedError('abort') : error;
  });
  if (request.signal?.aborted) throw new InterruptedError('abort');
  // Our own failures (the source, the sink, the certificate) come first, then what the server says, then the rest.
  if (failure instanceof Ferry && !(failure instanceof LostError)) throw failure;
  if (moved && (moved.enough || (request.anyEnd && begun()))) {
    return { value: moved.value, reply, endedWell: data.endedWell };
  }
  if (reply.code >= 400) throw session.site.refused(request.command, reply);
  if (!moved?.complete) throw broken(session, failure);
  return { value: moved.value, reply, endedWell: data.endedWell };
}

function broken(session: Session, error: Error | undefined): FerryError {
  if (error instanceof TlsError) return error;
  const why = error ? explained(error) : 'the server ended it early';
  return new LostError(`the data connection to ${session.site.place} broke: ${why}`, error && { cause: error });
}

/** The server refused. What it has sent before may still arrive, and is worth waiting for a moment. */
function giveUp(data: DataConnection): void {
  if (data.flowing) setTimeout(() => data.abort(), 1000).unref();
  else data.abort();
}

interface Opened {
  /** Undefined where the server refused before there was anything to connect to. */
  readonly data: DataConnection | undefined;
  readonly final: Promise<Reply>;
  /** Whether the server said that it begins (1xx). */
  readonly begun: () => boolean;
}

/**
 * Sends the commands of a transfer and opens its data connection, in one flight. The command is under way before the
 * connection is: pyftpdlib drops one on which data, or a TLS handshake, arrives before the command.
 */
async function open(session: Session, send: Send, request: TransferRequest): Promise<Opened> {
  const { knowledge } = session.site;
  knowledge.dataMode ??= await discover(session, send);
  const mode = knowledge.dataMode;
  if (mode === 'active') return openActive(session, send, request);
  const opening = send(mode);
  opening.catch(() => {});
  if (request.restart) await restart(session, send, request.restart);
  const command = begin(send, request.command);
  const reply = await opening;
  if (!reply.ok) {
    knowledge.dataMode = undefined;
    const last = await command.final;
    return { ...command, data: undefined, final: Promise.resolve(last.code >= 400 ? last : reply) };
  }
  try {
    return { ...command, data: DataConnection.dial(session, passivePort(mode, reply)) };
  } catch (error) {
    await settle(session, command.final);
    throw error;
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
    const probe = DataConnection.dial(session, passivePort(mode, reply));
    try {
      await probe.connected();
      return mode;
    } catch (error) {
      const why = explained(error as Error);
      failure = new LostError(
        `no data connection to ${place} (${mode}): ${why}. A firewall may be in the way; try mode active`,
        { cause: error },
      );
    } finally {
      probe.destroy();
    }
  }
  if (options.mode === 'passive') throw failure;
  return 'active';
}

function passiveModes(session: Session): readonly ('EPSV' | 'PASV')[] {
  if (session.site.options.mode === 'active') return [];
  // PASV has no room for an address of IPv6.
  return session.peer.includes(':') ? ['EPSV'] : ['EPSV', 'PASV'];
}

async function openActive(session: Session, send: Send, request: TransferRequest): Promise<Opened> {
  const expected = await listenFor(session, send);
  try {
    if (request.restart) await restart(session, send, request.restart);
    const command = begin(send, request.command);
    try {
      return { ...command, data: await expected.arrival(command.final) };
    } catch (error) {
      await settle(session, command.final);
      throw error;
    }
  } finally {
    expected.close();
  }
}

function begin(send: Send, command: string): Omit<Opened, 'data'> {
  let begun = false;
  const onPreliminary = () => {
    begun = true;
  };
  const final = send(command, { onPreliminary });
  final.catch(() => {});
  return { final, begun: () => begun };
}

/** Waits for the reply to a transfer that is given up: the next command must not take it for its own. */
async function settle(session: Session, final: Promise<Reply>): Promise<void> {
  session.pipeline.hold()(SETTLE);
  await final;
}

/** REST is answered before the command is sent: refused unseen, the transfer would begin at the wrong place. */
async function restart(session: Session, send: Send, offset: number): Promise<void> {
  const command = `REST ${offset}`;
  const reply = await send(command);
  if (reply.code === 350) return;
  if (notImplemented(reply)) session.site.knowledge.lacks('REST');
  throw session.site.refused(command, reply);
}
