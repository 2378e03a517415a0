/** Receives: a file by RETR (RFC 959), whole, from an offset on, or a piece of it; or a listing. */
import type { ByteSink, ReadOptions } from '../model/remote.ts';
import { type Mover, transfer } from './data-transfer.ts';
import type { Session } from './session.ts';

/** Resolves with the bytes received. `path` is as it goes on the wire. */
export async function retrieve(
  session: Session,
  path: string,
  sink: ByteSink,
  options: ReadOptions = {},
): Promise<number> {
  const { offset = 0, length, onBytes, signal } = options;
  if (length === 0) return 0;
  const request = { command: `RETR ${path}`, signal, ...(offset > 0 && { restart: offset }) };
  return (await transfer(session, request, receiving(sink, length, onBytes))).value;
}

/** Hands what arrives to the sink, as much at a time as has come while the sink was busy. */
export function receiving(sink: ByteSink, length?: number, onBytes?: (bytes: number) => void): Mover<number> {
  return async (data) => {
    const { socket } = data;
    let wake: (() => void) | undefined;
    const onWake = () => wake?.();
    data.onChange = onWake;
    socket.on('readable', onWake);
    let received = 0;
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) {
        if (data.over) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        continue;
      }
      const last = length !== undefined && received + chunk.length >= length;
      const piece = last ? chunk.subarray(0, length - received) : chunk;
      const busy = sink.write(piece);
      if (busy) await busy;
      received += piece.length;
      onBytes?.(piece.length);
      if (last) {
        data.abort();
        return { value: received, complete: true, enough: true };
      }
    }
    return { value: received, complete: data.error === undefined };
  };
}
