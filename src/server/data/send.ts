// Bytes out over a data connection, from a file or from lines.
import type { Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { OpenFile } from '../filesystem.ts';
import { DataConnectionLost } from '../replies.ts';
import { toWire } from './ascii.ts';
import type { Rate } from './rate.ts';

const largest = 512 * 1024;

export interface Sending {
  /** First byte and the one behind the last. */
  readonly start: number;
  readonly end: number;
  readonly ascii: boolean;
  readonly rate: Rate | undefined;
  /** Told of the bytes of the file as they go. */
  readonly moved: (bytes: number) => void;
}

/** Sends a part of a file; answers how many bytes of it went (fewer than asked if it became shorter meanwhile). */
export async function sendFile(file: OpenFile, socket: Writable, sending: Sending): Promise<number> {
  const { start, end, ascii, rate, moved } = sending;
  const size = Math.min(largest, Math.max(1, end - start), rate?.piece ?? largest);
  // Two buffers take turns: one is read into while the other is on its way.
  const buffers = [Buffer.allocUnsafe(size)];
  let position = start;
  let sent: Promise<void> | undefined;
  for (let turn = 0; position < end; turn ^= 1) {
    const buffer = (buffers[turn] ??= Buffer.allocUnsafe(size));
    const bytes = await file.read(buffer.subarray(0, Math.min(size, end - position)), position);
    if (sent !== undefined) await sent;
    if (bytes === 0) break;
    position += bytes;
    const piece = buffer.subarray(0, bytes);
    sent = write(socket, ascii ? toWire(piece) : piece);
    // Awaited at the next turn; until then a failure must not count as unhandled.
    sent?.catch(() => {});
    moved(bytes);
    if (rate !== undefined) await rate.pay(bytes, socket);
  }
  if (sent !== undefined) await sent;
  await finish(socket);
  return position - start;
}

/** Sends text, one character a byte, as it is produced; answers the bytes. */
export async function sendText(texts: AsyncIterable<string>, socket: Writable): Promise<number> {
  let bytes = 0;
  for await (const text of texts) {
    if (text === '') continue;
    await write(socket, Buffer.from(text, 'latin1'));
    bytes += text.length;
  }
  await finish(socket);
  return bytes;
}

// Answers nothing when the system has taken all of it already, as it does with what is small. Throws, or rejects with,
// DataConnectionLost.
function write(socket: Writable, bytes: Buffer): Promise<void> | undefined {
  let tell = (_error?: Error | null) => {};
  socket.write(bytes, (error) => tell(error));
  if (socket.errored || socket.destroyed) throw lost(socket.errored);
  if (socket.writableLength === 0) return undefined;
  return new Promise((resolve, reject) => {
    tell = (error) => (error ? reject(lost(error)) : resolve());
  });
}

// Everything is handed to the system, the end included; a client that vanished in between is told by its own count.
function finish(socket: Writable): void | Promise<void> {
  if (socket.destroyed) throw lost(socket.errored);
  // Closed at once: the system sends what it has, and the end behind it, and no turn of the event loop is waited for. With
  // TLS there is a goodbye to say, and one to wait for.
  if (!(socket instanceof TLSSocket)) {
    socket.destroy();
    return;
  }
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(lost(socket.errored)));
    socket.end(() => resolve());
  });
}

function lost(cause: unknown): DataConnectionLost {
  return new DataConnectionLost('Data connection lost', cause);
}
