/** Reads the URL of a proxy: `socks5://user:password@host:1080`, `http://host:3128`. */
import { printable } from '../model/index.ts';
import { hostOf } from './url.ts';

const KINDS: Readonly<Record<string, 'socks5' | 'http'>> = {
  socks5: 'socks5',
  // The h says that the proxy looks names up; here it always does.
  socks5h: 'socks5',
  socks: 'socks5',
  http: 'http',
};
const PORTS = { socks5: 1080, http: 80 } as const;
const SPOKEN = 'Ferry goes through socks5:// and http:// proxies';

export interface ProxyUrl {
  readonly kind: 'socks5' | 'http';
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

/** Throws a RangeError, without the password, on what cannot be one. Default ports: 1080 for SOCKS5, 80 for HTTP. */
export function parseProxyUrl(text: string): ProxyUrl {
  const [, scheme = '', login, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(?:(.*)@)?([^@]*)$/is.exec(text) ?? [];
  const fail = (why: string) => new RangeError(`${shown(text)} is no proxy: ${why}`);
  const kind = Object.hasOwn(KINDS, scheme.toLowerCase()) ? KINDS[scheme.toLowerCase()] : undefined;
  if (!kind) throw fail(`${SPOKEN}, such as socks5://user@proxy.example.com:1080`);
  const [, name, portText] = /^(\[[^\]]*\]|[^:/?#\s]+)(?::(\d{1,5}))?\/?$/.exec(rest) ?? [];
  if (name === undefined) throw fail(`wanted ${scheme}://host:port`);
  const port = portText === undefined ? PORTS[kind] : Number(portText);
  if (port < 1 || port > 65_535) throw fail('the port must be a number from 1 to 65535');
  const [, userText = '', passwordText] = /^([^:]*)(?::(.*))?$/s.exec(login ?? '') ?? [];
  const decode = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw fail('in its user or password, write % as %25');
    }
  };
  const user = decode(userText);
  const password = passwordText === undefined ? undefined : decode(passwordText);
  if (/[\r\n\0]/.test(user + (password ?? ''))) throw fail('a user name or password cannot contain a line break');
  return { kind, host: hostOf(name), port, ...(user && { user }), ...(password && { password }) };
}

function shown(text: string): string {
  return printable(text.replace(/^([^/]*\/\/)?(.*)@/s, '$1***@'));
}
