/** Asks a SOCKS5 proxy for a tunnel (RFC 1928), with a login by user and password (RFC 1929). */
import { Duplex } from 'node:stream';
import { SocksClient } from 'socks';
import { type ProxyLogin, ProxyRefusal, type Target } from './proxy-request.ts';
import type { ProxyStream } from './proxy-stream.ts';

/**
 * What the client of the `socks` package is given for a socket. It would take bytes from a real one that belong to
 * whoever uses the tunnel, and lose them; here it gets the handshake byte by byte, and not one more.
 */
class Handle extends Duplex {
  readonly #stream: ProxyStream;

  constructor(stream: ProxyStream) {
    super();
    this.#stream = stream;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#stream.write(chunk);
    done();
  }
}

/** Resolves once the tunnel stands. Names are looked up by the proxy. */
export async function askBySocks(
  stream: ProxyStream,
  target: Target,
  login: ProxyLogin | undefined,
  timeout: number,
): Promise<void> {
  const handle = new Handle(stream);
  const client = new SocksClient({
    command: 'connect',
    // Not dialled: the handle stands for the connection to it.
    proxy: { host: 'proxy', port: 1080, type: 5, ...(login && { userId: login.user, password: login.password }) },
    destination: { host: target.host, port: target.port },
    existing_socket: handle,
    // The stream has the deadline; this one only must not be the earlier one.
    timeout: timeout + 60_000,
  });
  let outcome: 'open' | Error | undefined;
  client.once('established', () => {
    outcome = 'open';
  });
  client.on('error', (error) => {
    outcome ??= error;
  });
  client.connect(handle);
  try {
    while (outcome === undefined) {
      const chunk = await stream.read();
      let at = 0;
      while (at < chunk.length && outcome === undefined) handle.emit('data', chunk.subarray(at, ++at));
      stream.giveBack(chunk.subarray(at));
      // The package judges the answer to a login a turn later.
      await new Promise(setImmediate);
    }
  } finally {
    handle.destroy();
  }
  // The error itself holds the password, so it is not handed on.
  if (outcome !== 'open') throw refusal((outcome as Error).message, login !== undefined);
}

/** By the names that the package has for the replies of RFC 1928, 6. */
const TARGET: Readonly<Record<string, readonly [why: string, passing: boolean]>> = {
  Failure: ['it says only that it failed; check host and port, and that the proxy may reach them', true],
  NotAllowed: ['its rules do not allow it; ask who runs it to allow the server and its data ports', false],
  NetworkUnreachable: ['it has no way to that network; check host and port', true],
  HostUnreachable: ['it cannot reach that host; check the host, as the proxy sees it', true],
  ConnectionRefused: ['nothing listens there; check host and port, and that the server runs', true],
  TTLExpired: ['the server is too far away from it', true],
  CommandNotSupported: ['it does not take CONNECT', false],
  AddressNotSupported: ['it does not take that kind of address; give the host as a name, or as an IPv4 address', false],
};

function refusal(said: string, hadLogin: boolean): ProxyRefusal {
  const word = / - (\w+)$/.exec(said)?.[1];
  const known = word === undefined ? undefined : TARGET[word];
  if (known) return new ProxyRefusal('target', ...known);
  if (/authentication failed/i.test(said)) {
    return new ProxyRefusal('login', 'it refuses the user and password: check them');
  }
  if (/no accepted authentication type|unknown.*auth/i.test(said)) {
    const what = hadLogin
      ? 'it takes no login by user and password'
      : 'it wants a user and password: add them to the proxy’s url';
    return new ProxyRefusal('login', what);
  }
  return new ProxyRefusal('proxy', 'its answer is not SOCKS5');
}
