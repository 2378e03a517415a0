/** A TLS stream that was ended, and one that was cut off, look alike to Node; the records below tell them apart. */
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { RecordTap } from '../../src/ftp/close-notify.ts';
import { serverCertificate } from './scripted.ts';

const { cert, key } = serverCertificate();

/** What a client sees of a server that sends `content` and then does `end`. */
async function receive(version: 'TLSv1.2' | 'TLSv1.3', content: Buffer, end: (tls: TLSSocket, raw: Socket) => void) {
  const server = createServer((raw) => {
    raw.on('error', () => {});
    const tls = new TLSSocket(raw, { isServer: true, cert, key, minVersion: version, maxVersion: version });
    tls.on('error', () => {});
    tls.write(content, () => setTimeout(() => end(tls, raw), 20));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const raw = connectTcp((server.address() as { port: number }).port, '127.0.0.1');
  const tap = new RecordTap(raw);
  const tls = connect({ socket: tap as unknown as Socket, rejectUnauthorized: false });
  tls.on('error', () => {});
  let bytes = 0;
  tls.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(tls, 'close').catch(() => {});
  server.close();
  return { ended: tap.ended, bytes };
}

const sizes = [1, 2, 100, 16_384, 16_386, 200_000];

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  test.each(sizes)('%i bytes, ended', async (size) => {
    expect(await receive(version, Buffer.alloc(size), (tls) => tls.end())).toEqual({ ended: true, bytes: size });
  });

  test.each(sizes.filter((size) => version === 'TLSv1.2' || size % 16_384 !== 2))('%i bytes, cut off', async (size) => {
    const { ended, bytes } = await receive(version, Buffer.alloc(size), (_tls, raw) => raw.destroySoon());
    expect({ ended, bytes }).toEqual({ ended: false, bytes: size });
  });
});
