/**
 * The failures that end a run or an action, one class a kind. A failure that belongs to a path is a Problem instead.
 * Whether trying again can help is a property of the error.
 */

export type ErrorCode =
  | 'usage'
  | 'config'
  | 'guard'
  | 'hook'
  | 'connect'
  | 'login'
  | 'tls'
  | 'lock'
  | 'stale'
  | 'limit'
  | 'interrupted'
  | 'state'
  | 'reply'
  | 'protocol'
  | 'lost'
  | 'too-many-connections'
  | 'changing'
  | 'mismatch'
  | 'local'
  | 'name';

/** The base of all: `message` says what happened, to what, and what to do next. */
export class FerryError extends Error {
  /** Which kind of failure it is. */
  readonly code: ErrorCode;
  /** Whether the same attempt may succeed a moment later. */
  readonly retryable: boolean = false;
  /** How many attempts in a row make sense at most. */
  readonly mostAttempts: number = Number.POSITIVE_INFINITY;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A wrong command line. */
export class UsageError extends FerryError {
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** A configuration that cannot be used; names the file and the key. */
export class ConfigError extends FerryError {
  constructor(message: string, options?: ErrorOptions) {
    super('config', message, options);
  }
}

/** The guard refused the plan: nothing was touched. */
export class GuardError extends FerryError {
  constructor(message: string, options?: ErrorOptions) {
    super('guard', message, options);
  }
}

/** What was to be done hangs on what the server tells, or has kept, and that cannot be trusted: nothing was touched. */
export class UntrustedError extends GuardError {
  override readonly retryable: boolean;
  constructor(message: string, options?: ErrorOptions & { retryable?: boolean }) {
    super(message, options);
    this.retryable = options?.retryable ?? false;
  }
}

/** A program of the user's own failed, took too long, or could not be run. */
export class HookError extends FerryError {
  /** Which hook it was: `before`, `after`, ... */
  readonly hook: string;
  constructor(hook: string, message: string, options?: ErrorOptions) {
    super('hook', message, options);
    this.hook = hook;
  }
}

/** The server could not be reached: unknown host, refused, no answer in time, a proxy that said no. */
export class ConnectError extends FerryError {
  override readonly retryable: boolean;
  override readonly mostAttempts: number;
  constructor(message: string, options?: ErrorOptions & { retryable?: boolean; mostAttempts?: number | undefined }) {
    super('connect', message, options);
    this.retryable = options?.retryable ?? true;
    this.mostAttempts = options?.mostAttempts ?? Number.POSITIVE_INFINITY;
  }
}

/** The server does not accept the user name or password (530). Never tried twice: that can lock an account. */
export class LoginError extends FerryError {
  constructor(message: string, options?: ErrorOptions) {
    super('login', message, options);
  }
}

/** TLS could not be agreed on, or the certificate is not to be trusted. */
export class TlsError extends FerryError {
  /** SHA-256 fingerprint of the certificate that was shown, as `tls.pin` takes it. */
  readonly fingerprint: string | undefined;
  constructor(message: string, options?: ErrorOptions & { fingerprint?: string }) {
    super('tls', message, options);
    this.fingerprint = options?.fingerprint;
  }
}

/** A reply of 400 or more to a command. */
export class ReplyError extends FerryError {
  /** The three-digit code (RFC 959, 4.2). */
  readonly reply: number;
  /** The reply's text. */
  readonly text: string;
  /** The command it answers, secrets masked. */
  readonly command: string;
  override readonly retryable: boolean;
  constructor(command: string, reply: number, text: string) {
    super('reply', `the server answered ${command} with ${reply} ${text}`);
    this.command = command;
    this.reply = reply;
    this.text = text;
    this.retryable = reply === 421 || reply === 425 || reply === 426 || reply === 450 || reply === 451;
  }
}

/** The server said something that is not FTP, or did what the protocol forbids. */
export class ProtocolError extends FerryError {
  override readonly retryable = true;
  constructor(message: string, options?: ErrorOptions) {
    super('protocol', message, options);
  }
}

/** A connection was reset, closed or fell silent in the middle. What the server did with the last command is unknown. */
export class LostError extends FerryError {
  override readonly retryable = true;
  constructor(message: string, options?: ErrorOptions) {
    super('lost', message, options);
  }
}

/** The server takes no further connection from us (421 or 530 that says so). */
export class TooManyConnectionsError extends FerryError {
  override readonly retryable = true;
  constructor(message: string, options?: ErrorOptions) {
    super('too-many-connections', message, options);
  }
}

/** A source changed while it was copied. */
export class ChangingError extends FerryError {
  override readonly retryable = true;
  constructor(message: string) {
    super('changing', message);
  }
}

/** What arrived is not what was sent: its size or hash differs. */
export class MismatchError extends FerryError {
  override readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions & { retryable?: boolean }) {
    super('mismatch', message, options);
    this.retryable = options?.retryable ?? true;
  }
}

/** The local file system refused. */
export class LocalError extends FerryError {
  /** The system's code, such as EACCES or ENOSPC. */
  readonly errno: string;
  constructor(message: string, errno: string, options?: ErrorOptions) {
    super('local', message, options);
    this.errno = errno;
  }
}

/** A name that this server or this disk cannot carry. */
export class NameError extends FerryError {
  constructor(message: string) {
    super('name', message);
  }
}

/** Another run holds the lock. */
export class LockError extends FerryError {
  constructor(message: string, options?: ErrorOptions) {
    super('lock', message, options);
  }
}

/** The world changed since the plan was made. */
export class StaleError extends FerryError {
  constructor(message: string) {
    super('stale', message);
  }
}

/** The run reached a limit that it was given. */
export class LimitError extends FerryError {
  constructor(message: string) {
    super('limit', message);
  }
}

/** The remembered state exists and cannot be read, or cannot be written; it is never taken for empty. */
export class StateError extends FerryError {
  override readonly retryable: boolean;
  /** It could not be written: no room, no right, or another's in its place. Nothing is wrong with what is remembered. */
  readonly unsaved: boolean;
  constructor(message: string, options?: ErrorOptions & { retryable?: boolean; unsaved?: boolean }) {
    super('state', message, options);
    this.retryable = options?.retryable ?? false;
    this.unsaved = options?.unsaved ?? false;
  }
}

/** The run was asked to stop. */
export class InterruptedError extends FerryError {
  /** What it was stopped by; `abort`: an AbortSignal. */
  readonly signal: 'SIGINT' | 'SIGTERM' | 'abort';
  constructor(signal: 'SIGINT' | 'SIGTERM' | 'abort', options?: ErrorOptions) {
    super('interrupted', signal === 'abort' ? 'stopped' : `stopped by ${signal}`, options);
    this.signal = signal;
  }
}

/** What an aborted signal means for a run: its reason, or where that is none of ours, that the run was asked to stop. */
export function interruptionBy(signal: AbortSignal): FerryError {
  const { reason } = signal;
  return reason instanceof FerryError ? reason : new InterruptedError('abort', { cause: reason });
}
