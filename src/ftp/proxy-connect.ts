/** Asks an HTTP proxy for a tunnel: CONNECT (RFC 9110, 9.3.6), with a login by Basic (RFC 7617). */
import { printable } from '../model/path.ts';
import { type ProxyLogin, ProxyRefusal, type Target } from './proxy-request.ts';
import type { ProxyStream } from './proxy-stream.ts';

/** Most bytes of the head of the answer. */
const MOST_HEAD = 16 * 1024;

/** Resolves once the tunnel stands. What came after the head of the answer is the server's, and stays in the stream. */
export async function askByConnect(stream: ProxyStream, target: Target, login: ProxyLogin | undefined): Promise<void> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const lines = [`CONNECT ${host}:${target.port} HTTP/1.1`, `Host: ${host}:${target.port}`];
  if (login) {
    const token = Buffer.from(`${login.user}:${login.password}`).toString('base64');
    lines.push(`Proxy-Authorization: Basic ${token}`);
  }
  stream.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  const [, code, reason = ''] = /^HTTP\/1\.\d (\d{3})\b ?(.*)/.exec(await readHead(stream)) ?? [];
  if (code === undefined) throw new ProxyRefusal('proxy', 'its answer is not HTTP');
  if (!code.startsWith('2')) throw refusal(Number(code), reason.trim().slice(0, 200), login !== undefined);
}

/** Up to the empty line, in latin1. */
async function readHead(stream: ProxyStream): Promise<string> {
  let head = Buffer.alloc(0);
  for (;;) {
    head = Buffer.concat([head, await stream.read()]);
    const text = head.toString('latin1', 0, MOST_HEAD);
    const end = /\r?\n\r?\n/.exec(text);
    if (end) {
      const length = end.index + end[0].length;
      stream.giveBack(head.subarray(length));
      return text.slice(0, length);
    }
    if (head.length >= MOST_HEAD) throw new ProxyRefusal('proxy', `the head of its answer has no end within 16 KiB`);
    // Anything but HTTP is told apart by its first bytes, whatever follows.
    if (head.length >= 5 && !text.startsWith('HTTP/')) return text;
  }
}

function refusal(code: number, reason: string, hadLogin: boolean): ProxyRefusal {
  const said = `it answered ${printable(`${code} ${reason}`.trim())}`;
  if (code === 407) {
    const what = hadLogin ? 'check its user and password' : 'it wants a user and password: add them to the proxy’s url';
    return new ProxyRefusal('login', `${said}; ${what}`);
  }
  if (code === 403 || code === 405) {
    return new ProxyRefusal(
      'target',
      `${said}. Many HTTP proxies allow only port 443: ask who runs it to allow the server and its data ports, or use a SOCKS5 proxy`,
    );
  }
  return new ProxyRefusal('target', `${said}; check host and port, and that the proxy may reach them`, code >= 500);
}
