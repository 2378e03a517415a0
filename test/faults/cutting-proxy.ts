/**
 * A TCP proxy in front of an FTP server that can cut a connection at an exact byte. It listens on another loopback
 * address, on the same ports, so that EPSV works as it is; it rewrites nothing, so TLS passes through.
 */
import net from 'node:net';

export interface Cut {
  /** Which connections: data connections unless said. */
  readonly on?: 'data' | 'control';
  /** Which way the bytes go that are counted. */
  readonly direction: 'up' | 'down';
  /** After so many bytes of one connection. */
  readonly after: number;
  /**
   * `reset` sends RST, `end` a clean FIN, both ways. `stall` passes nothing on any more and ends nothing. `half-open`
   * ends the connection towards the server only: the client is never told.
   */
  readonly how: 'reset' | 'end' | 'stall' | 'half-open';
  /** Asked when the byte has come; the connection is spared where this is false. */
  readonly when?: () => boolean;
}

export interface CuttingProxy {
  readonly host: string;
  readonly port: number;
  /** Cuts the next connection that carries so many bytes, or, at its end, the one that was to; once. */
  cutNext(cut: Cut): void;
  /** Takes back a cut that has not happened. */
  spare(): void;
  /** Whether a cut that was asked for has not happened yet. */
  readonly pending: boolean;
  /** Bytes of the connections that ended, in order. */
  readonly ended: readonly { readonly on: 'data' | 'control'; readonly up: number; readonly down: number }[];
  /** Ends every connection, also those that were left standing. */
  dropAll(): void;
  close(): Promise<void>;
}

/**
 * Bytes by which a connection may fall short of the one that was measured, and is cut at its end instead: under TLS, one
 * that takes up a session is shorter by a chain of certificates.
 */
const SHORT_BY = 4096;
/** ms without another byte, after which a connection that is nearly through is. */
const SILENCE = 60;

export async function cuttingProxy(
  target: { host: string; port: number },
  passive: [number, number],
): Promise<CuttingProxy> {
  const host = '127.0.0.3';
  const sockets = new Set<net.Socket>();
  const ended: { on: 'data' | 'control'; up: number; down: number }[] = [];
  let cut: Cut | undefined;

  const listen = (port: number, on: 'data' | 'control') =>
    new Promise<net.Server>((done, failed) => {
      const server = net.createServer({ allowHalfOpen: true }, (client) => {
        const far = net.connect({ host: target.host, port, allowHalfOpen: true });
        for (const socket of [client, far]) {
          sockets.add(socket);
          socket.on('close', () => sockets.delete(socket));
          socket.on('error', () => undefined);
        }
        const counts = { on, up: 0, down: 0 };
        client.once('close', () => ended.push(counts));
        const strike = striking(client, far);
        relay(client, far, 'up', counts, strike);
        relay(far, client, 'down', counts, strike);
      });
      server.once('error', failed);
      server.listen(port, host, () => done(server));
    });

  /** What a cut does to both halves of a connection. */
  const striking = (client: net.Socket, far: net.Socket) => (how: Cut['how']) => {
    for (const socket of [client, far]) {
      socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close');
      socket.on('close', () => sockets.delete(socket));
      if (how === 'reset') socket.resetAndDestroy();
      else if (how === 'end') socket.resume().end();
      else socket.resume();
    }
    if (how === 'half-open') far.end();
  };

  function relay(
    from: net.Socket,
    to: net.Socket,
    direction: Cut['direction'],
    counts: { on: 'data' | 'control'; up: number; down: number },
    strike: (how: Cut['how']) => void,
  ): void {
    const due = (reached: number): Cut | undefined => {
      if (!cut || (cut.on ?? 'data') !== counts.on || cut.direction !== direction) return undefined;
      return reached >= cut.after && (cut.when?.() ?? true) ? cut : undefined;
    };
    // What may be the last bytes waits until that is known: a client that has had its last byte may be gone before the
    // server's end is seen, and there would be nothing left to cut.
    const held: Buffer[] = [];
    let silence: NodeJS.Timeout | undefined;
    const mayBeLast = () => due(counts[direction] + SHORT_BY)?.after ?? 0;
    const cutAfter = (now: Cut, last: readonly Buffer[]) => {
      clearTimeout(silence);
      cut = undefined;
      from.removeAllListeners('data').removeAllListeners('end');
      from.resume();
      const bytes = Buffer.concat(last);
      if (bytes.length === 0) strike(now.how);
      else to.write(bytes, () => strike(now.how));
    };
    const atTheEnd = () => {
      clearTimeout(silence);
      const now = due(counts[direction] + SHORT_BY);
      const last = held.splice(0);
      if (now) return cutAfter(now, last);
      for (const bytes of last) to.write(bytes);
    };
    from.on('data', (chunk: Buffer) => {
      const before = counts[direction] - held.reduce((sum, { length }) => sum + length, 0);
      counts[direction] += chunk.length;
      // The byte after the last one that is let through has come.
      const now = due(counts[direction] - 1);
      if (now) return cutAfter(now, [Buffer.concat([...held, chunk]).subarray(0, Math.max(0, now.after - before))]);
      // Not so early that a handshake would wait.
      if (mayBeLast() > 2 * SHORT_BY) {
        held.push(chunk);
        clearTimeout(silence);
        silence = setTimeout(atTheEnd, SILENCE);
        return;
      }
      for (const earlier of held.splice(0)) to.write(earlier);
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => {
      const expected = due(counts[direction] + SHORT_BY) !== undefined;
      atTheEnd();
      if (!expected) to.end();
    });
    from.on('close', () => clearTimeout(silence));
    from.on('close', (failed) => (failed ? to.resetAndDestroy() : to.end()));
  }

  const servers = [await listen(target.port, 'control')];
  for (let port = passive[0]; port <= passive[1]; port++) servers.push(await listen(port, 'data'));
  return {
    host,
    port: target.port,
    cutNext: (next) => {
      cut = next;
    },
    spare: () => {
      cut = undefined;
    },
    get pending() {
      return cut !== undefined;
    },
    ended,
    dropAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
