/** EPSV (RFC 2428) and PASV (RFC 959): the server names a port, we dial it. */
import { ProtocolError } from '../model/errors.ts';
import type { Reply } from './reply.ts';

export type PassiveMode = 'EPSV' | 'PASV';

/** The port in the reply to EPSV or PASV. The address in the latter is never looked at. */
export function passivePort(mode: PassiveMode, reply: Reply): number {
  const port = mode === 'EPSV' ? extended(reply.message) : classic(reply.message);
  if (port === undefined || port < 1 || port > 65_535) {
    throw new ProtocolError(`the answer to ${mode} names no port: ${reply.code} ${reply.text}`);
  }
  return port;
}

function extended(message: string): number | undefined {
  const match = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(message);
  return match ? Number(match[2]) : undefined;
}

function classic(message: string): number | undefined {
  const match = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(message.slice(4));
  return match ? Number(match[1]) * 256 + Number(match[2]) : undefined;
}
