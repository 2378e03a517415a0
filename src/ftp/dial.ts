/** Opens TCP connections within a deadline. */
import { Socket } from 'node:net';
import { InterruptedError } from '../model/errors.ts';
import { READ_SIZE } from './read-size.ts';

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** Local address to connect from. */
  readonly sourceAddress?: string | undefined;
  /** ms. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves with a connected socket; rejects with the system's error, ETIMEDOUT after the deadline. */
export function dial({ host, port, sourceAddress, timeout, signal }: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new InterruptedError('abort'));
    const socket = new Socket({ highWaterMark: READ_SIZE } as ConstructorParameters<typeof Socket>[0]);
    const settle = (error?: Error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', settle).removeListener('connect', onConnect);
      if (!error) return resolve(socket);
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onConnect = () => settle();
    const onAbort = () => settle(new InterruptedError('abort'));
    const timer = setTimeout(() => {
      settle(Object.assign(new Error(`no answer within ${timeout} ms`), { code: 'ETIMEDOUT' }));
    }, timeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', settle);
    socket.once('connect', onConnect);
    socket.setNoDelay(true);
    socket.connect({ host, port, ...(sourceAddress !== undefined && { localAddress: sourceAddress }) });
  });
}
