/** EPRT (RFC 2428) and PORT (RFC 959): we listen, the server dials. */
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { ConnectError, LostError } from '../model/errors.ts';
import { DataConnection } from './data-connection.ts';
import type { Send } from './pipeline.ts';
import { READ_SIZE } from './read-size.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

export interface Expected {
  /** The connection that the server makes; undefined where its final reply came first. */
  arrival(final: Promise<Reply>): Promise<DataConnection | undefined>;
  close(): void;
}

/** Listens and tells the server where. The server dials only after it got the command that needs the connection. */
export async function listenFor(session: Session, send: Send): Promise<Expected> {
  const { options } = session.site;
  let deliver: ((socket: Socket) => void) | undefined;
  let early: Socket | undefined;
  const server = createServer({ highWaterMark: READ_SIZE, noDelay: true, pauseOnConnect: false }, (socket) => {
    // Only the server may bring the data: anyone else who finds the port is turned away.
    if (early || bare(socket.remoteAddress ?? '') !== bare(session.peer)) return socket.destroy();
    early = socket;
    socket.on('error', () => {});
    deliver?.(socket);
  });
  await listen(server, session);
  const { port } = server.address() as { port: number };
  const address = bare(options.activeAddress ?? session.local);
  const command = announcement(address, port);
  // Answered before the command is sent: pyftpdlib dials at once, and until it has, loses the order of its replies.
  const announced = await send(command);
  if (!announced.ok) {
    server.close();
    throw session.site.refused(command, announced);
  }
  return {
    async arrival(final) {
      const socket = await new Promise<Socket | undefined>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(
            new LostError(
              `${session.site.place} did not open a data connection to ${address}:${port}. A firewall or NAT may be in the way; try mode passive`,
            ),
          );
        }, options.connectTimeout);
        const settle = (arrived: Socket | undefined) => {
          clearTimeout(timer);
          resolve(arrived);
        };
        deliver = settle;
        if (early) settle(early);
        final.then(
          (reply) => reply.code >= 400 && settle(early),
          (error) => reject(error),
        );
      });
      return socket && new DataConnection(session, socket);
    },
    close: () => server.close(),
  };
}

/** IPv4 in its own form, without the prefix of a socket that serves both. */
const bare = (address: string): string => address.replace(/^::ffff:/i, '').replace(/%.*$/, '');

function announcement(address: string, port: number): string {
  if (isIPv6(address)) return `EPRT |2|${address}|${port}|`;
  return `PORT ${address.replaceAll('.', ',')},${port >> 8},${port & 255}`;
}

async function listen(server: Server, session: Session): Promise<void> {
  const { sourceAddress, activePorts } = session.site.options;
  const host = sourceAddress ?? session.local;
  const [first, last] = activePorts ?? [0, 0];
  // Begins anywhere in the range, so that connections side by side do not queue for the same port.
  const count = last - first + 1;
  const start = Math.floor(Math.random() * count);
  for (let tried = 0; tried < count; tried += 1) {
    server.listen({ host, port: first + ((start + tried) % count), exclusive: true });
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw new ConnectError(`cannot listen on ${host} for data: ${(error as Error).message}`, { cause: error });
    }
  }
  throw new ConnectError(`no free port for data between ${first} and ${last}; widen activePorts`);
}
