// Bytes in from a data connection to a file.
import type { Readable } from 'node:stream';
import type { OpenFile } from '../filesystem.ts';
import { DataConnectionLost } from '../replies.ts';
import { FromWire } from './ascii.ts';
import type { Rate } from './rate.ts';
import { release } from './release.ts';

// What one read brings. It is written at once, while the processor still has it at hand: collecting more, and leaving it
// to a thread, costs twice as much. A small file is written in one.
const enough = 64 * 1024;
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
  let position = start;
  let ended = false;
  let failure: DataConnectionLost | undefined;
  // Nothing is being written: what comes may be.
  let waiting = false;
  let begun: Promise<void> | undefined;
  let wake = () => {};

  const over = () => ended || failure !== undefined;
  // Writes what is held. Answers nothing where the disk has taken it at once.
  const write = (): void | Promise<void> => {
    const taken = chunks;
    chunks = [];
    held = 0;
    const pieces = decoder === undefined ? taken : taken.map((chunk) => decoder.push(chunk));
    if (decoder !== undefined && ended) pieces.push(decoder.end());
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (size === 0) return;
    const writing = file.write(pieces, position);
    position += size;
    if (writing !== undefined) return writing.then(() => release(taken));
    release(taken);
  };

  socket.on('data', (chunk: Buffer) => {
    moved(chunk.length);
    chunks.push(chunk);
    held += chunk.length;
    if (held >= most || rate !== undefined) socket.pause();
    if (held < enough && rate === undefined) return;
    // One at a time: what comes while that is under way waits for its turn.
    if (waiting && begun === undefined && rate === undefined) {
      try {
        begun = write() ?? undefined;
      } catch (error) {
        begun = Promise.reject(error);
      }
      if (begun === undefined) return;
    }
    wake();
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

  for (let last = false; !last || held > 0; ) {
    if (begun !== undefined) {
      const writing = begun;
      begun = undefined;
      await writing;
      continue;
    }
    last = over();
    if (!last && held < (rate === undefined ? enough : 1)) {
      waiting = true;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      waiting = false;
      continue;
    }
    const bytes = held;
    const writing = write();
    if (rate === undefined && socket.isPaused() && !last) socket.resume();
    await writing;
    if (rate !== undefined && !last) {
      await rate.pay(bytes, socket);
      socket.resume();
    }
  }
  if (failure !== undefined) throw failure;
  return position - start;
}
