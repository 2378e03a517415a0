/** Clients for tests: connected to a server at hand, logged in, and closed when the test is over. */
import { onTestFinished } from 'vitest';
import { FtpClient, type FtpClientOptions, type FtpLogin } from '../../../src/ftp/client/index.ts';
import type { AnyServer } from '../../servers/every-server.ts';

const PROTOCOLS = { none: 'ftp', explicit: 'ftpes', implicit: 'ftps' } as const;

export function optionsFor(server: AnyServer, changes: Partial<FtpClientOptions> = {}): FtpClientOptions & FtpLogin {
  return {
    host: server.host,
    port: server.port,
    protocol: PROTOCOLS[server.tls],
    user: server.user,
    password: server.password,
    tls: { ca: server.ca },
    ...changes,
  };
}

export async function login(server: AnyServer, changes: Partial<FtpClientOptions> = {}): Promise<FtpClient> {
  const client = await FtpClient.open(optionsFor(server, changes));
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

/** Everything that a transfer hands over, as one buffer. */
export class Received {
  readonly pieces: Buffer[] = [];
  readonly take = (piece: Uint8Array): void => {
    this.pieces.push(Buffer.from(piece));
  };
  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

/** Bytes that no compression or text conversion leaves alone by accident. */
export function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x2545f491;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
