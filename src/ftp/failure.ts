/** What went wrong, in the model's words: socket errors and refusals, each with what to do next. */
import {
  ConnectError,
  FerryError as Ferry,
  type FerryError,
  LoginError,
  LostError,
  ReplyError,
  TooManyConnectionsError,
} from '../model/errors.ts';
import { printable } from '../model/path.ts';
import { masked } from './control.ts';
import type { Reply } from './reply.ts';

const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of that name: check the host',
  EAI_AGAIN: 'the name could not be looked up: check the network and the host',
  ECONNREFUSED: 'nothing listens there: check the host and the port, and that the server runs',
  ETIMEDOUT: 'it did not answer: check the host, the port and the firewall',
  EHOSTUNREACH: 'there is no way to that host: check the network',
  ENETUNREACH: 'there is no way to that network: check the network',
  ECONNRESET: 'the connection was reset: a firewall, or the server takes no connection now',
  EADDRNOTAVAIL: 'the source address is not one of this machine: check sourceAddress',
  EACCES: 'this machine does not allow the connection',
};

/** Why a socket could not be opened. */
export function explained(error: Error): string {
  // Several addresses were tried: the first failure is as good as any.
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = (first as NodeJS.ErrnoException).code ?? '';
  return ADVICE[code] ?? first.message;
}

export function cannotConnect(place: string, error: Error): FerryError {
  if (error instanceof Ferry && !(error instanceof LostError)) return error;
  // A name that is not known now and a moment later is misspelt.
  const mostAttempts = (error as NodeJS.ErrnoException).code === 'ENOTFOUND' ? 2 : undefined;
  return new ConnectError(`cannot connect to ${place}: ${explained(error)}`, { cause: error, mostAttempts });
}

const TOO_MANY =
  /too many|maximum (number|of)|max(imum)? .*(connection|client|user|login|session)|(connection|client|user|login|session)s? limit|limit .*(reached|exceeded)|already (logged in|connected)|\(the maximum\)/i;

/** Whether a refusal speaks of the number of connections. */
export function saysTooMany(reply: Reply): boolean {
  return (
    (reply.code === 421 || reply.code === 530 || reply.code === 450 || reply.code === 500) && TOO_MANY.test(reply.text)
  );
}

/** Why the server does not let us in. */
export function notAdmitted(place: string, reply: Reply, user?: string): FerryError {
  const said = `${reply.code} ${printable(reply.text)}`;
  if (saysTooMany(reply)) {
    return new TooManyConnectionsError(`${place} takes no further connection now: ${said}`);
  }
  if (reply.code === 530 || reply.code === 331 || reply.code === 332 || reply.code === 532) {
    const whose = user === undefined ? '' : ` of ${printable(user)}`;
    // Few servers ever ask for an account (332).
    const what = reply.code === 332 || reply.code === 532 ? 'user, password and account' : 'user and password';
    return new LoginError(`${place} does not accept the login${whose} (${said}); check ${what}`);
  }
  const retryable = reply.code < 500;
  return new ConnectError(`${place} does not let us in: ${said}`, { retryable });
}

/** The error for a reply of 400 or more. `decode` turns wire names into text. */
export function refused(command: string, reply: Reply, decode: (latin1: string) => string): ReplyError {
  return new ReplyError(printable(decode(masked(command))), reply.code, printable(decode(reply.text)));
}

/** Whether a reply says that the command, or this use of it, is not known here (RFC 959, 4.2.2). */
export function notImplemented(reply: Reply): boolean {
  return reply.code === 500 || reply.code === 501 || reply.code === 502 || reply.code === 504;
}
