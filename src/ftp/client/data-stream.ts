/** A transfer whose data connection is in the caller's hands: read from it or write to it, then ask how it ended. */
import type { Duplex } from 'node:stream';
import { InterruptedError, LostError, TlsError } from '../../model/errors.ts';
import type { DataConnection } from '../data-connection.ts';
import { type Opened, openData, settling } from '../data-opening.ts';
import { explained } from '../failure.ts';
import type { Connection, TransferType } from './connection.ts';
import { type FtpReply, toText } from './reply.ts';
import { checkOffset, type Extra, type Slot, sizeIn, type Transfers, transferCommand } from './transfers.ts';

/** A data connection as a stream, for programs that move the bytes themselves. */
export interface DataStream {
  /**
   * The data connection, under TLS where data is protected. Downloads and listings: read it to its end. Uploads: write,
   * then `end()`. `destroy()` gives the transfer up. Its errors come as the stream's.
   */
  readonly stream: Duplex;
  /** Size in bytes that the server announced (`150 ... (1234 bytes)`); undefined where it did not. */
  readonly size: number | undefined;
  /** The reply with which the transfer began (1xx). */
  readonly opening: FtpReply | undefined;
  /**
   * Resolves with the server's final reply once the stream is closed. Rejects with a ReplyError where the server says
   * that the transfer failed, with an InterruptedError after an abort, with a LostError when the connection is gone.
   */
  finished(): Promise<FtpReply>;
}

export function openStream(
  connection: Connection,
  transfers: Transfers,
  command: string,
  type: TransferType,
  extra: Extra,
): Promise<DataStream> {
  const wire = transferCommand(connection, command);
  checkOffset(extra.offset ?? 0);
  return new Promise((resolve, reject) => {
    const finished = transfers.run(type, extra.signal, async (slot) => {
      const opened = await openData(connection.session, slot.send, { command: wire, restart: extra.offset ?? 0 });
      const { data, final } = opened;
      const { site } = connection;
      if (!data) throw site.refused(wire, await final);
      final.then(
        (reply) => reply.code >= 400 && refuse(data),
        () => data.abort(),
      );
      slot.signal.addEventListener('abort', () => data.abort(), { once: true });
      if (slot.signal.aborted) data.abort();
      await begun(connection, wire, opened, data, slot);
      const letGo = connection.session.pipeline.hold();
      const closed = new Promise<void>((done) => {
        if (data.socket.closed) done();
        data.socket.once('close', done);
      });
      // What comes back on an upload is only its end; unread, it would never be seen.
      if (/^(STOR|STOU|APPE)/.test(wire)) data.socket.resume();
      const opening = slot.opening();
      resolve({
        stream: data.socket,
        size: sizeIn(opening),
        opening: opening && toText(site, opening),
        finished: () => finished,
      });
      await closed;
      data.destroy();
      letGo();
      const reply = await final;
      if (slot.signal.aborted) throw new InterruptedError('abort');
      if (reply.code >= 400) throw site.refused(wire, reply);
      return toText(site, reply);
    });
    finished.catch(reject);
  });
}

/** Resolves when data can flow and the server has said that it begins. */
async function begun(
  connection: Connection,
  wire: string,
  { final }: Opened,
  data: DataConnection,
  slot: Slot,
): Promise<void> {
  const { session, site } = connection;
  const opening = new Promise<void>((resolve) => {
    if (slot.opening()) resolve();
    slot.onOpening = resolve;
  });
  try {
    await data.ready(false);
    await Promise.race([opening, final]);
  } catch (error) {
    data.abort();
    session.pipeline.hold()(settling(session));
    const reply = await final;
    if (slot.signal.aborted) throw new InterruptedError('abort');
    if (reply.code >= 400) throw site.refused(wire, reply);
    if (error instanceof TlsError) throw error;
    throw new LostError(`no data connection to ${site.place}: ${explained(error as Error)}`, { cause: error });
  }
  if (slot.opening()) return;
  const reply = await final;
  if (reply.code >= 400) throw site.refused(wire, reply);
}

/** The server refused. What it has sent before may still arrive, and is worth waiting for a moment. */
function refuse(data: DataConnection): void {
  if (data.flowing) setTimeout(() => data.abort(), 1000).unref();
  else data.abort();
}
