// Waits until a server takes connections.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsMode } from './real-server.ts';
import type { Supervised } from './supervised.ts';

export async function ready(server: Supervised, port: number, tls: TlsMode): Promise<boolean> {
  const until = Date.now() + 15_000;
  while (Date.now() < until && server.running()) {
    // A server that greets nobody before the TLS handshake can only be asked for the connection itself.
    if (await answers(port, tls !== 'implicit')) return server.running();
    await sleep(15);
  }
  return false;
}

function answers(port: number, greets: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (result: boolean): void => {
      resolve(result);
      socket.destroy();
    };
    socket.setTimeout(5000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    if (!greets) return void socket.once('connect', () => done(true));
    socket.once('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('220')) return done(false);
      // Leaving politely, and waiting for the end, gives the server its place for a client back before the test starts.
      resolve(true);
      socket.resume();
      socket.end('QUIT\r\n');
    });
  });
}
