/** NO_PROXY: the servers that a proxy named in the environment is not used for. */
import { BlockList, isIP } from 'node:net';

interface Server {
  readonly host: string;
  readonly port: number;
}

/** Whether a host is this very machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return (
    name === 'localhost' || name.endsWith('.localhost') || isWithin(host, '127.0.0.0', 8) || isWithin(host, '::1', 128)
  );
}

/**
 * Whether one of the entries, between commas or spaces, fits: `*`, a name (for itself and all below it, with or
 * without a leading `.` or `*.`), an address, a network (`10.0.0.0/8`), each of them with a port or without.
 */
export function isBypassed(server: Server, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => entry !== '' && fits(server, entry.toLowerCase()));
}

function fits({ host, port }: Server, entry: string): boolean {
  if (entry === '*') return true;
  const [, address = entry, network] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) return isWithin(host, address, Number(network));
  // The colons of a bare IPv6 address are no port's.
  const bare = isIP(entry) === 6 ? `[${entry}]` : entry;
  const [, name = '', only] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(bare) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const wanted = name
    .replace(/^\[|\]$/g, '')
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  if (wanted === '') return false;
  if (isIP(wanted) !== 0) return isWithin(host, wanted, isIP(wanted) === 6 ? 128 : 32);
  const asked = host.toLowerCase().replace(/\.$/, '');
  return asked === wanted || asked.endsWith(`.${wanted}`);
}

/** Whether an address is in a network; false for names. */
function isWithin(host: string, network: string, prefix: number): boolean {
  const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  if (isIP(host) === 0 || isIP(network) === 0) return false;
  if (prefix > (isIP(network) === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family(network));
  return list.check(host, family(host));
}
