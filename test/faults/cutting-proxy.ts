/**
 * A TCP proxy in front of an FTP server that can cut a data connection at an exact byte. It listens on another
 * loopback address, on the same ports, so that EPSV works as it is; it rewrites nothing, so TLS passes through.
 */
import net from 'node:net';

export interface Cut {
  /** Which way the bytes go that are counted. */
  readonly direction: 'up' | 'down';
  /** After so many bytes of one data connection. */
  readonly after: number;
  /** `reset` sends RST, `end` a clean FIN. */
  readonly how: 'reset' | 'end';
}

export interface CuttingProxy {
  readonly host: string;
  readonly port: number;
  /** Cuts the next data connection that carries so many bytes; once. */
  cutNext(cut: Cut): void;
  /** Whether a cut that was asked for has not happened yet. */
  readonly pending: boolean;
  close(): Promise<void>;
}

export async function cuttingProxy(
  target: { host: string; port: number },
  passive: [number, number],
): Promise<CuttingProxy> {
  const host = '127.0.0.3';
  const sockets = new Set<net.Socket>();
  let cut: Cut | undefined;

  const listen = (port: number, isData: boolean) =>
    new Promise<net.Server>((done, failed) => {
      const server = net.createServer({ allowHalfOpen: true }, (client) => {
        const far = net.connect({ host: target.host, port, allowHalfOpen: true });
        for (const socket of [client, far]) {
          sockets.add(socket);
          socket.on('close', () => sockets.delete(socket));
          socket.on('error', () => undefined);
        }
        relay(client, far, 'up', isData);
        relay(far, client, 'down', isData);
      });
      server.once('error', failed);
      server.listen(port, host, () => done(server));
    });

  function relay(from: net.Socket, to: net.Socket, direction: Cut['direction'], isData: boolean): void {
    let count = 0;
    from.on('data', (chunk: Buffer) => {
      const due = isData && cut?.direction === direction && count + chunk.length > cut.after ? cut : undefined;
      if (due) {
        cut = undefined;
        to.write(chunk.subarray(0, due.after - count), () => {
          for (const socket of [from, to]) {
            if (due.how === 'reset') socket.resetAndDestroy();
            else socket.end();
          }
        });
        from.removeAllListeners('data');
        from.resume();
        return;
      }
      count += chunk.length;
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => to.end());
    from.on('close', (failed) => (failed ? to.resetAndDestroy() : to.end()));
  }

  const servers = [await listen(target.port, false)];
  for (let port = passive[0]; port <= passive[1]; port++) servers.push(await listen(port, true));
  return {
    host,
    port: target.port,
    cutNext: (next) => {
      cut = next;
    },
    get pending() {
      return cut !== undefined;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
