/** Opens control connections: TCP, greeting, TLS by the protocol that was chosen, login. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { LostError, ProtocolError, TlsError } from '../model/errors.ts';
import { Control } from './control.ts';
import { dial } from './dial.ts';
import { cannotConnect, notAdmitted } from './failure.ts';
import { login } from './login.ts';
import { Pipeline } from './pipeline.ts';
import { dialThrough } from './proxy.ts';
import { Session } from './session.ts';
import type { Site } from './site.ts';
import { handshakeFailed } from './tls.ts';

/** A session, logged in and ready. Rejects with ConnectError, TlsError, LoginError or TooManyConnectionsError. */
export async function openSession(site: Site, signal?: AbortSignal): Promise<Session> {
  const { options, knowledge, counters } = site;
  const control = new Control(() => knowledge.telnet, options.wire);
  let session: Session | undefined;
  const pipeline = new Pipeline(control, {
    replyTimeout: options.replyTimeout,
    window: () => knowledge.window,
    onSent: (commands) => {
      counters.commands += commands;
    },
    onGarbled: () => {
      knowledge.pipelining = false;
    },
    onLost: (error) => session?.onLost?.(error),
  });
  const onAbort = () => pipeline.fail(new LostError('stopped while connecting'));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const socket = await reach(site, signal);
    counters.connections += 1;
    if (options.protocol === 'ftps') control.use(await handshake(site, socket));
    else control.use(socket);
    const greeting = await pipeline.greeting();
    if (!greeting.ok) throw notAdmitted(site.place, greeting);
    knowledge.learnGreeting(greeting);
    if (options.protocol === 'ftpes') await upgrade(site, control, pipeline);
    await login(site, pipeline);
    session = new Session(site, control, pipeline);
    if (session.secure) {
      const protocol = (control.socket as TLSSocket).getProtocol() ?? 'TLS';
      knowledge.tls = { protocol, dataProtected: true };
    }
    return session;
  } catch (error) {
    pipeline.fail(new LostError('closed'));
    throw cannotConnect(site.place, error as Error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A connection to the server, nothing said yet. */
export async function reach(site: Site, signal?: AbortSignal): Promise<Socket> {
  const { host, port, sourceAddress, proxy, connectTimeout: timeout } = site.options;
  const way = { host, port, sourceAddress, timeout, signal };
  try {
    return await (proxy ? dialThrough(proxy, way) : dial(way));
  } catch (error) {
    throw cannotConnect(site.place, error as Error);
  }
}

/** AUTH TLS (RFC 4217, 4), before USER: no name and no password in the clear. */
async function upgrade(site: Site, control: Control, pipeline: Pipeline): Promise<void> {
  const reply = await pipeline.send('AUTH TLS');
  if (reply.code !== 234) {
    throw new TlsError(
      `${site.place} refuses TLS (AUTH TLS: ${reply.code} ${reply.text}); nothing was sent. Use protocol ftps or ftp if that is meant`,
    );
  }
  // Whatever follows the 234 in the clear was put there to be taken for an answer from within TLS (CVE-2021-22946).
  if (pipeline.lost) throw new ProtocolError(`${site.place} sent data before the TLS handshake`);
  if (!control.drained) throw new ProtocolError(`${site.place} sent data before the TLS handshake`);
  const socket = control.socket as Socket;
  socket.removeAllListeners('data');
  control.use(await handshake(site, socket));
}

/** TLS over a connection, its certificate checked. */
export async function handshake(site: Site, raw: Socket | Duplex): Promise<TLSSocket> {
  const { connectTimeout } = site.options;
  const socket = site.tls.wrap(raw);
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(connectTimeout) });
    site.tls.check(socket);
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    if ((error as Error).name === 'AbortError') {
      throw handshakeFailed(site, new Error(`no answer within ${connectTimeout} ms`));
    }
    throw handshakeFailed(site, error as Error);
  }
}
