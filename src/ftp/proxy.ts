/**
 * Connections through a proxy, SOCKS5 (RFC 1928) or HTTP CONNECT (RFC 9110, 9.3.6), control and data alike. The host is
 * handed on as a name, for the proxy to look up. What the tunnel carries, TLS included, is none of the proxy's business.
 *
 * LIMIT: a name with several addresses may lead to another machine for data than for control; give an address then.
 */
import type { Socket } from 'node:net';
import { ConfigError, ConnectError, InterruptedError } from '../model/errors.ts';
import { printable } from '../model/path.ts';
import { type DialOptions, dial } from './dial.ts';
import { explained } from './failure.ts';
import type { ProxyOptions } from './options.ts';
import { askByConnect } from './proxy-connect.ts';
import { type ProxyLogin, ProxyRefusal, type Target } from './proxy-request.ts';
import { ProxyStream } from './proxy-stream.ts';

/** A proxy as it may be shown: without its login. */
export function nameOfProxy({ kind, host, port, origin }: ProxyOptions): string {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `${kind}://${address}${origin === undefined ? '' : ` (${origin})`}`;
}

/** Throws a ConfigError where a proxy is to be used in a way that cannot work. */
export function checkProxy(proxy: ProxyOptions, mode: 'passive' | 'active' | 'auto'): void {
  if (mode !== 'active') return;
  throw new ConfigError(
    `mode active cannot go through the proxy ${nameOfProxy(proxy)}, because the server has to connect back: use mode passive, or proxy "none"`,
  );
}

/** A connection to `host` and `port` through the proxy. Rejects with a ConnectError that says whose fault it is. */
export async function dialThrough(proxy: ProxyOptions, { host, port, ...options }: DialOptions): Promise<Socket> {
  const began = performance.now();
  const socket = await dial({ ...options, host: proxy.host, port: proxy.port }).catch((error: Error) => {
    throw error instanceof InterruptedError ? error : unreachable(proxy, { host, port }, error);
  });
  const left = Math.max(1, options.timeout - (performance.now() - began));
  await tunnel(socket, proxy, { host, port }, left, options.signal);
  return socket;
}

/**
 * Makes a connection to the proxy, which may still be opening, one to the target. What the target has sent already is
 * there to be read. Destroys the socket where it fails; rejects with a ConnectError. `timeout` in ms covers all of it.
 */
export async function tunnel(
  socket: Socket,
  proxy: ProxyOptions,
  target: Target,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  const stream = new ProxyStream(socket, timeout, signal);
  try {
    checkTarget(target);
    const login = await loginFor(proxy);
    if (proxy.kind === 'http') await askByConnect(stream, target, login);
    else {
      // The package behind it is loaded by those who need it: every start of the command would pay for it.
      const { askBySocks } = await import('./proxy-socks.ts');
      await askBySocks(stream, target, login, timeout);
    }
    stream.letGo();
  } catch (error) {
    stream.letGo();
    socket.on('error', () => {});
    socket.destroy();
    throw failed(proxy, target, stream, error as Error);
  }
}

async function loginFor({ kind, user, password }: ProxyOptions): Promise<ProxyLogin | undefined> {
  if (user === undefined && password === undefined) return undefined;
  const login = { user: user ?? '', password: (await password?.()) ?? '' };
  if (kind === 'http' && login.user.includes(':')) {
    throw new ProxyRefusal('login', 'a user name with a colon cannot be sent to it');
  }
  if (kind === 'socks5' && [login.user, login.password].some((one) => Buffer.byteLength(one) > 255)) {
    throw new ProxyRefusal('login', 'SOCKS5 takes user names and passwords of at most 255 bytes');
  }
  return login;
}

/** What stands here is written into the request, so it must not be able to end it. */
function checkTarget({ host }: Target): void {
  if (!/^[!-~]{1,255}$/.test(host)) throw new ProxyRefusal('target', `${printable(host)} is no host name`);
}

function failed(proxy: ProxyOptions, target: Target, stream: ProxyStream, error: Error): Error {
  // The configuration was at fault, or somebody wants it to stop.
  if (error instanceof InterruptedError || error instanceof ConfigError) return error;
  const name = nameOfProxy(proxy);
  if (error instanceof ProxyRefusal) {
    const { passing: retryable } = error;
    const to = place(target);
    const what = {
      login: `the proxy ${name} does not let us in: ${error.message}`,
      target: `the proxy ${name} does not connect to ${to}: ${error.message}`,
      proxy: `the proxy ${name} cannot be used: ${error.message}. Check its address and kind (socks5:// or http://)`,
    };
    return new ConnectError(what[error.about], { retryable });
  }
  if (!stream.reached) return unreachable(proxy, target, error);
  const why = (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'it reset the connection' : error.message;
  return new ConnectError(
    `the proxy ${name} did not connect to ${place(target)}: ${why}. Check that this is a ${proxy.kind} proxy, and that it works`,
    { cause: error },
  );
}

function unreachable(proxy: ProxyOptions, target: Target, error: Error): ConnectError {
  return new ConnectError(
    `cannot reach the proxy ${nameOfProxy(proxy)} on the way to ${place(target)}: ${explained(error)}`,
    { cause: error },
  );
}

const place = ({ host, port }: Target): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
