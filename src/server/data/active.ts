// PORT and EPRT: the server dials, but only the client's own address and no system port, so that it cannot be made to
// attack others (RFC 2577, 3).
import { connect, isIPv6, type Socket } from 'node:net';
import { Refusal } from '../replies.ts';
import type { Protect } from './protect.ts';
import type { DataSource } from './source.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `h1,h2,h3,h4,p1,p2` of PORT (RFC 959, 4.1.2). */
export function parsePort(argument: string): Address {
  const numbers = argument.split(',').map((part) => (/^\s*\d{1,3}\s*$/.test(part) ? Number(part) : 256));
  if (numbers.length !== 6 || numbers.some((number) => number > 255)) {
    throw new Refusal(501, 'PORT takes h1,h2,h3,h4,p1,p2.');
  }
  return { host: numbers.slice(0, 4).join('.'), port: numbers[4]! * 256 + numbers[5]! };
}

/** `|1|132.235.1.2|6275|` of EPRT (RFC 2428, 2). */
export function parseEprt(argument: string): Address {
  const delimiter = argument.charAt(0);
  const [before, protocol, host, port, behind, ...more] = argument.split(delimiter === '' ? '|' : delimiter);
  if (before !== '' || behind !== '' || more.length > 0 || !/^\d{1,5}$/.test(port ?? '') || Number(port) > 65_535) {
    throw new Refusal(501, 'EPRT takes |protocol|address|port|.');
  }
  if (protocol !== '1' && protocol !== '2') throw new Refusal(522, 'Network protocol not supported, use (1,2)');
  if (isIPv6(host!) !== (protocol === '2')) throw new Refusal(501, 'Protocol and address do not match.');
  return { host: host!, port: Number(port) };
}

export class ActiveSource implements DataSource {
  readonly #to: Address;
  readonly #from: string;
  readonly #protect: Protect | undefined;
  #socket: Socket | undefined;

  /**
   * `from` is this side's address of the control connection, `peer` the other side's.
   * @throws Refusal 504 for another host than the peer, or a port below 1024.
   */
  constructor(to: Address, from: string, peer: string, protect: Protect | undefined) {
    if (!sameAddress(to.host, peer)) throw new Refusal(504, 'Data goes to the address of the control connection only.');
    if (to.port < 1024) throw new Refusal(504, 'Data does not go to ports below 1024.');
    this.#to = to;
    this.#from = from;
    this.#protect = protect;
  }

  async connect(timeout: number): Promise<Socket> {
    // A client may end its own side of a download before it has read a byte.
    const socket = connect({ ...this.#to, localAddress: this.#from, noDelay: true, allowHalfOpen: true });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(), timeout);
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string) => reject(new Refusal(425, `Cannot open the data connection: ${why}.`));
        socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
        socket.once('close', () => fail('no answer'));
        socket.once('connect', resolve);
      });
      return this.#protect === undefined ? socket : await this.#protect(socket);
    } finally {
      clearTimeout(timer);
      this.#socket = undefined;
    }
  }

  close(): void {
    this.#socket?.destroy();
  }
}

function sameAddress(a: string, b: string): boolean {
  return a === b || (isIPv6(a) && isIPv6(b) && canonical(a) === canonical(b));
}

function canonical(address: string): string {
  return new URL(`http://[${address}]/`).hostname;
}
