/** What moves the bytes over a data connection that stands: from a source, or into a sink. */
import type { ByteSink, ByteSource, WriteOptions } from '../model/remote.ts';
import type { DataConnection } from './data-connection.ts';

/** What moves the bytes. Ends when nothing more is to be moved; a broken connection is no error here. */
export type Mover<T> = (data: DataConnection, answered: () => boolean) => Promise<Moved<T>>;

export interface Moved<T> {
  readonly value: T;
  /** Whether all that there was has been moved; otherwise only a reply of 400 or more explains it. */
  readonly complete: boolean;
  /** Whether the reply does not matter any more: we broke it off, having got what was wanted. */
  readonly enough?: boolean;
  /** ms that the reply may take beyond the usual, for what is still on its way. */
  readonly patience?: number;
}

/** Bytes that the system may still hold when the last one was handed to it. */
const IN_FLIGHT = 8 * 1024 * 1024;

/** Hands the pieces of the source to the network one by one. */
export function sending(source: ByteSource, { offset = 0, onBytes }: WriteOptions): Mover<number> {
  return async (data, answered) => {
    const { socket } = data;
    // Session tickets come in on the way back, and the end of it.
    socket.resume();
    const started = performance.now();
    let sent = 0;
    let wake: (() => void) | undefined;
    data.onChange = () => data.error && wake?.();
    const pieces = source.chunks(offset)[Symbol.asyncIterator]();
    // The next piece is read while one is written.
    let ahead = pieces.next();
    for (;;) {
      // A source that does not come up with anything must not keep a transfer alive that is over.
      const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        ahead.then(resolve, reject);
      });
      if (!next || (!next.done && (data.error || answered()))) {
        ahead.catch(() => {});
        pieces.return?.().catch(() => {});
        return { value: sent, complete: false };
      }
      if (next.done) break;
      ahead = pieces.next();
      // A failure to read is met when this piece is written.
      ahead.catch(() => {});
      // The piece is ours until it is written: only then is the one after the next asked for.
      await new Promise<void>((resolve) => {
        wake = resolve;
        socket.write(next.value, () => resolve());
      });
      sent += next.value.length;
      onBytes?.(next.value.length);
    }
    if (sent === 0) await data.saidAll();
    if (data.error) return { value: sent, complete: false };
    // From here on the reply has the deadline. It may come as late as what is still in the system's hands needs.
    socket.setTimeout(0);
    socket.end();
    const took = performance.now() - started;
    const patience = sent === 0 ? 0 : Math.min(600_000, (took * Math.min(sent, IN_FLIGHT)) / sent);
    return { value: sent, complete: true, patience };
  };
}

/** Bytes beyond the piece that was wanted which are let pass, lest a transfer that is nearly over be broken off. */
const SLACK = 256 * 1024;

export interface Receiving {
  /** Bytes that are wanted; all that there are, unless said. */
  readonly length?: number | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Bytes beyond which it is broken off: nothing that long was asked for, and it may have no end. */
  readonly most?: number;
}

/** Hands what arrives to the sink, as much at a time as has come while the sink was busy. */
export function receiving(sink: ByteSink, { length, onBytes, most }: Receiving = {}): Mover<number> {
  return async (data) => {
    const { socket, inlet } = data;
    let wake: (() => void) | undefined;
    const onWake = () => wake?.();
    data.onChange = onWake;
    if (inlet) inlet.onArrival = onWake;
    else socket.on('readable', onWake);
    let received = 0;
    let beyond = 0;
    for (;;) {
      const chunk = inlet ? inlet.take() : (socket.read() as Buffer | null);
      if (chunk === null) {
        if (data.over) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        continue;
      }
      const wanted = length === undefined ? chunk.length : Math.min(chunk.length, length - received);
      beyond += chunk.length - wanted;
      if (beyond > SLACK || (most !== undefined && received > most)) {
        data.abort();
        return { value: received, complete: true, enough: true };
      }
      if (wanted === 0) continue;
      const piece = chunk.subarray(0, wanted);
      const busy = sink.write(piece);
      if (busy) await busy;
      received += wanted;
      onBytes?.(wanted);
    }
    // All that came was used, and nothing comes any more.
    inlet?.close();
    if (received === length) return { value: received, complete: true, enough: true };
    return { value: received, complete: data.error === undefined };
  };
}
