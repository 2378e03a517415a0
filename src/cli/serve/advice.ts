/** What is said about a server before and when it starts: who can reach it, what travels unprotected, why it cannot listen. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ServeSettings } from '../../config/index.ts';
import { printable, UsageError } from '../../model/index.ts';
import { everything, type ListeningAddress, readOnly } from '../../server/index.ts';

/** Nobody but this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `127.0.0.1:2121`, `[::1]:2121` */
export function addressText({ host, port }: ListeningAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where others reach a server that listens everywhere: the addresses of this machine's networks, a few of them. */
export function networkAddresses(
  { host, port }: ListeningAddress,
  networks: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string[] {
  if (host !== '::' && host !== '0.0.0.0') return [];
  return Object.values(networks)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .slice(0, 4)
    .map(({ address }) => `${address}:${port}`);
}

/** Who may do what, a line each. */
export function whoLines({ users, anonymous }: ServeSettings): string[] {
  const lines = users.map(({ name, permissions }) => `${printable(name)}: ${mayDo(permissions ?? everything)}`);
  const guest = anonymous === true ? {} : anonymous === false ? undefined : anonymous;
  if (guest !== undefined) lines.push(`anonymous: ${mayDo(guest.permissions ?? readOnly)}, no password`);
  return lines;
}

function mayDo(permissions: string): string {
  if ([...everything].every((letter) => permissions.includes(letter))) return 'may do everything';
  if (permissions === '') return 'may do nothing';
  return [...permissions].every((letter) => readOnly.includes(letter)) ? `may read (${permissions})` : permissions;
}

/** What the person who starts it should know. */
export function warningsOf({ host = '127.0.0.1', tls, users, anonymous }: ServeSettings): string[] {
  const warnings: string[] = [];
  if (!isLoopback(host)) {
    if (tls === undefined) {
      warnings.push('passwords and files travel in plain text; --tls-cert and --tls-key protect them');
    } else if (!tls.implicit && !tls.required && users.length > 0) {
      warnings.push('clients may still log in in plain text; --tls-required refuses that');
    }
    const guest = typeof anonymous === 'object' ? (anonymous.permissions ?? readOnly) : readOnly;
    if (anonymous && [...guest].some((letter) => !readOnly.includes(letter))) {
      warnings.push(`anybody who can reach ${host} may change files: anonymous has the permissions ${guest}`);
    }
  }
  return warnings;
}

/** A sentence with a way out for what the system says about listening. */
export function listenFailure(error: unknown, { host = '127.0.0.1', port = 2121 }: ServeSettings): Error {
  const { code } = error as NodeJS.ErrnoException;
  const place = addressText({ host, port });
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `something is listening on ${place} already; take another --port, or 0 for any free one`,
    EACCES:
      port < 1024
        ? `port ${port} is kept for the superuser; take one above 1023 (--port 2121) and forward ${port} to it`
        : `this user may not listen on ${place}`,
    EADDRNOTAVAIL: `no network of this machine has the address ${host}; --host :: listens on all of them`,
    ENOTFOUND: `there is no host ${JSON.stringify(host)}; --host takes an address of this machine`,
    EAI_AGAIN: `the name ${JSON.stringify(host)} could not be looked up; --host takes an address of this machine`,
    EAFNOSUPPORT: `this machine has no IPv6, so it cannot listen on ${host}; use --host 0.0.0.0`,
  };
  const known = code === undefined ? undefined : why[code];
  return known === undefined ? (error as Error) : new UsageError(known, { cause: error });
}
