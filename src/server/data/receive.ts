// Bytes in from a data connection to a file.
import type { Readable } from 'node:stream';
import type { OpenFile } from '../filesystem.ts';
import { DataConnectionLost } from '../replies.ts';
import { FromWire } from './ascii.ts';
import type { Rate } from './rate.ts';

// A write of this much at once costs no more calls than bytes are worth; a small file is written in one.
const enough = 256 * 1024;
// Beyond this the client waits for the disk.
const most = 4 * 1024 * 1024;

export interface Receiving {
  /** Where in the file the first byte goes. */
  readonly start: number;
  readonly ascii: boolean;
  readonly rate: Rate | undefined;
  readonly moved: (bytes: number) => void;
}

/**
 * Writes what comes until the client ends the connection; answers how many bytes were written. When the connection
 * breaks, everything that had arrived is written before the error is thrown, so that the upload can be resumed from there.
 */
export async function receiveFile(file: OpenFile, socket: Readable, receiving: Receiving): Promise<number> {
  const { rate, moved, start } = receiving;
  const decoder = receiving.ascii ? new FromWire() : undefined;
  let chunks: Buffer[] = [];
  let held = 0;
  let ended = false;
  let failure: DataConnectionLost | undefined;
  let wake = () => {};

  socket.on('data', (chunk: Buffer) => {
    moved(chunk.length);
    chunks.push(chunk);
    held += chunk.length;
    if (held >= most || rate !== undefined) socket.pause();
    if (held >= enough || rate !== undefined) wake();
  });
  socket.on('end', () => {
    ended = true;
    wake();
  });
  const fail = () => {
    if (!ended) failure ??= new DataConnectionLost('Data connection lost', socket.errored);
    wake();
  };
  socket.on('error', fail);
  socket.on('close', fail);
  if (socket.destroyed) fail();
  socket.resume();

  let position = start;
  for (;;) {
    if (held < enough && !ended && failure === undefined && !(rate !== undefined && held > 0)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    const last = ended || failure !== undefined;
    const taken = chunks;
    const bytes = held;
    chunks = [];
    held = 0;
    if (rate === undefined && socket.isPaused() && !last) socket.resume();
    const pieces = decoder === undefined ? taken : taken.map((chunk) => decoder.push(chunk));
    if (last && !failure && decoder !== undefined) pieces.push(decoder.end());
    const size = decoder === undefined ? bytes : pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (size > 0) await file.write(pieces, position);
    position += size;
    if (rate !== undefined && !last) {
      await rate.pay(bytes, socket);
      socket.resume();
    }
    if (last && held === 0) break;
  }
  if (failure !== undefined) throw failure;
  return position - start;
}
