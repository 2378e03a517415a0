/**
 * A transfer: its commands on the control connection, its data connection, and the one reply that ends it. The reply is
 * waited for whatever happens to the data, so that the session stays in step and the server's own words are heard.
 */
import { FerryError, InterruptedError, LostError, ProtocolError } from '../model/errors.ts';
import type { DataConnection } from './data-connection.ts';
import { type Opened, type Opening, openData, settling } from './data-opening.ts';
import { explained } from './failure.ts';
import { type Moved, type Mover, receiving } from './moving.ts';
import { longestListing } from './options.ts';
import type { Send } from './pipeline.ts';
import { Reply } from './reply.ts';
import type { Session } from './session.ts';

/**
 * ms that a reply is waited for once all is to stop. A server that waits for the data connection of a RETR answers no
 * sooner than it gives that up, and whoever has pressed Ctrl-C waits with it.
 */
const LEAVING = 2000;

export interface TransferRequest extends Opening {
  /** Entered before it in the same flight; refused, the transfer is dropped. */
  readonly folder?: string;
  /** In ASCII type (RFC 959, 3.1.1.1); binary otherwise. */
  readonly text?: boolean | undefined;
  /** Watch for the end that the server means (close_notify); costs speed. */
  readonly watchEnd?: boolean;
  /** Once it has begun (reply 1xx), whatever ends it is told with what was moved, and not thrown. */
  readonly anyEnd?: boolean;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when everything has been received and only the confirmation is to come. The session may serve the next task
   * from then on: the server is through with the data connection, and what is sent now also hastens its reply, which
   * many servers hold back until their last packet is acknowledged.
   */
  readonly onReceived?: (() => void) | undefined;
}

export interface Transferred<T> {
  readonly value: T;
  readonly reply: Reply;
  /** Whether the data ended as the server meant it to. */
  readonly endedWell: boolean;
}

/** Carries out one transfer; everything else on the session waits. */
export function transfer<T>(session: Session, request: TransferRequest, move: Mover<T>): Promise<Transferred<T>> {
  return session.pipeline.section((send, free) => {
    const { onReceived, text } = request;
    if (text) return inText(session, send, () => transferWithin(session, send, request, move));
    const received = () => {
      free();
      onReceived?.();
    };
    return transferWithin(session, send, onReceived ? { ...request, onReceived: received } : request, move);
  });
}

/**
 * ASCII type for one transfer. Its answer is waited for, and so is that of the way back: a transfer in the wrong type
 * changes what it moves, so a session that does not come back to binary is given up.
 */
async function inText<T>(session: Session, send: Send, move: () => Promise<T>): Promise<T> {
  const reply = await send('TYPE A');
  if (!reply.ok) throw session.site.refused('TYPE A', reply);
  try {
    return await move();
  } finally {
    const back = await send('TYPE I').catch(() => undefined);
    if (back && !back.ok) session.pipeline.fail(new ProtocolError('the server does not go back to binary type'));
  }
}

/** The same as a part of a section that is open already. */
export async function transferWithin<T>(
  session: Session,
  send: Send,
  request: TransferRequest,
  move: Mover<T>,
): Promise<Transferred<T>> {
  const { signal, command, folder } = request;
  if (signal?.aborted) throw new InterruptedError('abort');
  // A name that cannot be sent is found out before anything is.
  session.control.encodeLine(command);
  const entering = folder === undefined ? undefined : enter(session, send, folder);
  entering?.catch(() => {});
  const opened = await openData(session, send, { ...request, entering });
  const { data, final } = opened;
  if (!data) throw session.site.refused(command, await final);
  final.then(
    (reply) => reply.code >= 400 && giveUp(data),
    () => data.abort(),
  );
  const onAbort = () => {
    data.abort();
    // Whatever is waited for by now.
    session.pipeline.hold()(LEAVING);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    await entering?.catch(async (error) => {
      if (!session.alive) throw error;
      // What comes is the listing of another folder. It is received all the same: broken off before TLS stands, vsftpd
      // and Pure-FTPd end the session.
      const past = receiving({ write() {} }, { most: longestListing(session.site.options) });
      await carry(session, { ...request, anyEnd: true }, past, opened, data).catch(() => {});
      throw error;
    });
    return await carry(session, request, move, opened, data);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    data.destroy();
  }
}

async function enter(session: Session, send: Send, folder: string): Promise<void> {
  const command = `CWD ${folder}`;
  const reply = await send(command);
  if (!reply.ok) throw session.site.refused(command, reply);
}

/** Data flows from the moment the connection stands, without waiting for 150; then the reply is waited for. */
async function carry<T>(
  session: Session,
  request: TransferRequest,
  move: Mover<T>,
  opened: Opened,
  data: DataConnection,
): Promise<Transferred<T>> {
  const letGo = session.pipeline.hold();
  const moved = await moveAll(request, move, opened, data);
  const { replyTimeout } = session.site.options;
  const settled = moved.complete && !moved.enough;
  const patience = settled ? replyTimeout + (moved.patience ?? 0) : settling(session);
  letGo(request.signal?.aborted ? Math.min(LEAVING, patience) : patience);
  if (settled) request.onReceived?.();
  const reply = await opened.final.catch((error) => {
    // We have what we wanted; that the session did not survive it is for its next user to find out.
    if (moved.enough) return new Reply(426, ['426 given up']);
    throw request.signal?.aborted ? new InterruptedError('abort') : (moved.failure ?? error);
  });
  if (request.signal?.aborted) throw new InterruptedError('abort');
  // Our own failures come first (the source, the sink, the certificate), then what the server says, then the rest.
  if (moved.failure) throw moved.failure;
  const told = moved.enough || (request.anyEnd && opened.begun);
  if (!told && reply.code >= 400) throw session.site.refused(request.command, reply);
  if (!told && !moved.complete) throw broken(session, data.error);
  return { value: moved.value as T, reply, endedWell: data.endedWell };
}

interface Attempt<T> extends Moved<T | undefined> {
  /** What went wrong on our side. */
  readonly failure?: Error;
}

async function moveAll<T>(
  { watchEnd = false }: TransferRequest,
  move: Mover<T>,
  opened: Opened,
  data: DataConnection,
): Promise<Attempt<T>> {
  const nothing = { value: undefined, complete: false };
  try {
    await data.ready(watchEnd);
  } catch (error) {
    data.abort();
    // The server knows nothing of a certificate or a proxy that is in the way.
    return error instanceof FerryError ? { ...nothing, failure: error } : nothing;
  }
  try {
    let answered = false;
    opened.final.then(
      () => {
        answered = true;
      },
      () => {},
    );
    return await move(data, () => answered);
  } catch (error) {
    data.abort();
    return { ...nothing, failure: error as Error };
  }
}

function broken(session: Session, error: Error | undefined): LostError {
  const why = error ? explained(error) : 'the server ended it early';
  return new LostError(`the data connection to ${session.site.place} broke: ${why}`, error && { cause: error });
}

/** The server refused. What it has sent before may still arrive, and is worth waiting for a moment. */
function giveUp(data: DataConnection): void {
  if (data.flowing) setTimeout(() => data.abort(), 1000).unref();
  else data.abort();
}
