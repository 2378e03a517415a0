// The frame of every transfer: 150, the data connection with its TLS, the work, and the reply that tells the truth.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { DataConnectionLost, Refusal } from './replies.ts';
import type { Session } from './session.ts';

export interface TransferContext {
  readonly socket: Socket;
  /** Counts bytes as they move. */
  readonly moved: (bytes: number) => void;
}

// ms
const lastWait = 200;

/** @throws Refusal when no data connection has been announced, or not a protected one though it must be. */
export function demandSource(session: Session): void {
  const { tls } = session.host.settings;
  if ((tls?.required || tls?.implicit) && !session.protectedData) {
    session.dropSource();
    throw new Refusal(521, 'Data must be protected here: PROT P first.');
  }
  if (session.source === undefined) throw new Refusal(425, 'Say EPSV, PASV, EPRT or PORT first.');
}

/**
 * Opens the data connection and does `work` on it. Answers what `work` does; the caller sends the last reply.
 * @throws Refusal 425 without a connection, DataConnectionLost (426) when it breaks or is cut, what `work` throws.
 */
export async function transfer<T>(
  session: Session,
  opening: string,
  work: (context: TransferContext) => Promise<T>,
): Promise<T> {
  demandSource(session);
  const source = session.source!;
  session.source = undefined;
  const { connectTimeout, dataTimeout } = session.host.settings;
  let socket: Socket | undefined;
  let cut: string | undefined;
  const running = {
    bytes: 0,
    connected: false,
    cut(reason: string) {
      cut ??= reason;
      source.close();
      socket?.destroy(new Error(reason));
    },
  };
  session.transfer = running;
  session.aborted = false;
  try {
    session.reply(150, opening);
    // RETR and ABOR in one packet: the transfer begins, and ends at once.
    if (session.connection.waiting(({ text }) => /^ABOR\b/i.test(text))) {
      session.aborted = true;
      running.cut('Aborted by the client');
    }
    // Who has ended its side before this began has no reason to connect any more; what is on its way may still come.
    socket = await source.connect(session.connection.ended ? Math.min(lastWait, connectTimeout) : connectTimeout);
    running.connected = true;
    if (cut !== undefined) throw new DataConnectionLost(cut);
    socket.setTimeout(dataTimeout, () => running.cut(`No data for ${dataTimeout / 1000} s`));
    const moved = (bytes: number) => {
      running.bytes += bytes;
    };
    return await work({ socket, moved });
  } catch (error) {
    if (cut !== undefined) throw new DataConnectionLost(cut, error);
    throw error;
  } finally {
    session.transfer = undefined;
    source.close();
    if (socket !== undefined) letGo(socket);
  }
}

// A plain connection is closed at once: what was written still goes, and of an upload everything has been read. With TLS,
// after a clean end, the other side's goodbye is waited for: a reset in its place could cost it what it has not read yet.
function letGo(socket: Socket): void {
  socket.on('error', () => {});
  if (socket.destroyed) return;
  const clean = socket.writableFinished || socket.readableEnded;
  if (!clean || !(socket instanceof TLSSocket)) {
    socket.destroy();
    return;
  }
  socket.setTimeout(5000, () => socket.destroy());
  socket.end();
  socket.resume();
}
