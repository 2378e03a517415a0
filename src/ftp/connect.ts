/** Opens control connections: TCP, greeting, TLS by the protocol that was chosen, login. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { LostError, ProtocolError, TlsError } from '../model/errors.ts';
import { clearControl } from './clear-control.ts';
import { Control } from './control.ts';
import { dial } from './dial.ts';
import { cannotConnect, notAdmitted } from './failure.ts';
import { login } from './login.ts';
import { Pipeline } from './pipeline.ts';
import { dialThrough } from './proxy.ts';
import { Session } from './session.ts';
import type { Site } from './site.ts';
import { handshakeFailed } from './tls.ts';
import { Wire } from './wire.ts';

/** A session, logged in and ready. Rejects with ConnectError, TlsError, LoginError or TooManyConnectionsError. */
export async function openSession(site: Site, signal?: AbortSignal): Promise<Session> {
  const { loginAtOnce } = site.knowledge;
  try {
    return await open(site, signal);
  } catch (error) {
    if (!loginAtOnce || site.knowledge.loginAtOnce || signal?.aborted) throw error;
    return open(site, signal);
  }
}

async function open(site: Site, signal?: AbortSignal): Promise<Session> {
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
    // To be left again, TLS has to stand on something that can be put aside.
    let under: Wire | undefined = options.tls.ccc && options.protocol !== 'ftp' ? new Wire(socket) : undefined;
    if (options.protocol === 'ftps') control.use(await handshake(site, under ?? socket));
    else control.use(under?.socket ?? socket);
    const greeting = await pipeline.greeting();
    if (!greeting.ok) throw notAdmitted(site.place, greeting);
    knowledge.learnGreeting(greeting);
    if (options.protocol === 'ftpes') under = await upgrade(site, control, pipeline, under);
    await login(site, pipeline);
    const tls = control.hasTLS ? (control.socket as TLSSocket) : undefined;
    const ticket = tls && (control.tlsSessionStore ?? tls.getSession());
    if (tls && under) await leaveTls(site, control, pipeline, tls, under);
    session = new Session(site, control, pipeline);
    if (tls) {
      const dataProtected = options.tls.protect !== 'clear';
      session.secure = dataProtected;
      session.ticket ??= ticket;
      knowledge.tls = { protocol: tls.getProtocol() ?? 'TLS', dataProtected, controlProtected: under === undefined };
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
async function upgrade(
  site: Site,
  control: Control,
  pipeline: Pipeline,
  under: Wire | undefined,
): Promise<Wire | undefined> {
  const reply = await pipeline.send('AUTH TLS');
  if (reply.code !== 234) {
    throw new TlsError(
      `${site.place} refuses TLS (AUTH TLS: ${reply.code} ${reply.text}); nothing was sent. It may speak ftps:// (usually port 990); ftp:// sends the password and all content as plain text`,
    );
  }
  // Whatever follows the 234 in the clear was put there to be taken for an answer from within TLS (CVE-2021-22946).
  if (pipeline.lost) throw new ProtocolError(`${site.place} sent data before the TLS handshake`);
  if (!control.drained) throw new ProtocolError(`${site.place} sent data before the TLS handshake`);
  const next = under?.handOver();
  const socket = control.socket as Socket;
  if (!next) socket.removeAllListeners('data');
  control.use(await handshake(site, next ?? socket));
  return next;
}

/** CCC, as the settings want it. A server that refuses is told, and not used with more or less than was wanted. */
async function leaveTls(site: Site, control: Control, pipeline: Pipeline, tls: TLSSocket, under: Wire): Promise<void> {
  const { reply, wire } = await pipeline.section((send) => clearControl(send, control, tls, under));
  if (wire) return;
  throw new TlsError(
    `${site.place} refuses commands in plain text (CCC: ${reply.code} ${site.text(reply.text)}); leave tls.ccc out`,
  );
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
