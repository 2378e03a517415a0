/** Which failures are the server's, and of which kind: what ftplib tells by its error classes. */
import { FerryError, ReplyError } from '../../model/errors.ts';

/** Whether the server refused for now (4xx): the same may work later. */
export function isTemporary(error: unknown): error is ReplyError {
  return error instanceof ReplyError && error.reply < 500;
}

/** Whether the server refused for good (5xx). */
export function isPermanent(error: unknown): error is ReplyError {
  return error instanceof ReplyError && error.reply >= 500;
}

/**
 * Whether an error is one of those that a client rejects with, whatever went wrong: the server's refusal, an answer
 * that is no FTP, the network, TLS. Anything else comes from the caller's own code.
 */
export function isFtpError(error: unknown): error is FerryError {
  return error instanceof FerryError;
}
