/**
 * TLS on control and data connections: one secure context for all of them, the certificate checked against pin or
 * authorities, and what to do when it cannot be trusted.
 */
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { TlsError } from '../model/errors.ts';
import type { ServerOptions } from './options.ts';
import { READ_SIZE } from './read-size.ts';

/** P-256 first: servers that do not take the key share offered cost a round trip on every data connection. */
const CURVES = 'prime256v1:X25519:secp384r1:secp521r1';

const WHY: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host',
  CERT_REVOKED: 'it was revoked',
};

const plainHex = (fingerprint: string): string => fingerprint.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();

export class TlsLayer {
  readonly #options: ServerOptions;
  readonly #pins: ReadonlySet<string>;
  readonly #context: SecureContext;

  /** Throws a TlsError where certificate, key or authority cannot be used. */
  constructor(options: ServerOptions) {
    const { ca, cert, key, pin = [], minVersion = 'TLSv1.2' } = options.tls;
    this.#options = options;
    this.#pins = new Set(pin.map(plainHex));
    try {
      this.#context = createSecureContext({
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        minVersion,
        ecdhCurve: CURVES,
      });
    } catch (error) {
      throw new TlsError(`tls.ca, tls.cert or tls.key cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Starts TLS over a connection, which may still be connecting. The caller listens to the errors. */
  wrap(socket: Socket | Duplex, session?: Buffer): TLSSocket {
    const { host } = this.#options;
    const options: ConnectionOptions & { highWaterMark: number } = {
      socket: socket as Socket,
      secureContext: this.#context,
      // A session is bound to the name it was made for, so control and data connections give the same one.
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ...(session && { session }),
      // Checked by `check`, which knows pins and says what to do.
      rejectUnauthorized: false,
      highWaterMark: READ_SIZE,
    };
    return connect(options);
  }

  /** Throws a TlsError unless the certificate that was shown, for commands or for data, is one to trust. */
  check(socket: TLSSocket, { data = false } = {}): void {
    // Whoever can resume the session holds the secret of the peer that was checked.
    if (socket.isSessionReused()) return;
    const { host, tls } = this.#options;
    // Reading the certificate takes a millisecond, so only where it is needed.
    if (this.#pins.size === 0 && (!tls.verify || socket.authorized)) return;
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
    const [where, beside] = data ? [' on data connections', ' beside that of the connection for commands'] : ['', ''];
    if (this.#pins.size > 0) {
      if (fingerprint && this.#pins.has(plainHex(fingerprint))) return;
      throw new TlsError(
        `${host} shows a certificate${where} that is not the pinned one. If the server's certificate was renewed, pin this one${beside}: --tls-pin ${fingerprint}, or tls.pin in the configuration`,
        fingerprint === undefined ? {} : { fingerprint },
      );
    }
    const code = String(socket.authorizationError);
    throw new TlsError(
      `the certificate of ${host}${where} cannot be trusted: ${WHY[code] ?? code}. If it is the right one, pin it${beside}: --tls-pin ${fingerprint}, or tls.pin in the configuration (tls.ca for its authority)`,
      fingerprint === undefined ? {} : { fingerprint },
    );
  }
}

/** How OpenSSL says that what came was no TLS at all. */
const NOT_TLS =
  /WRONG_VERSION_NUMBER|wrong version number|packet length too long|PACKET_LENGTH_TOO_LONG|http request|unsupported protocol record/i;

/** The error for a handshake with a server at `place` (`host:port`) that failed. */
export function handshakeFailed(
  { place, options: { host, protocol } }: { readonly place: string; readonly options: ServerOptions },
  error: Error,
): TlsError {
  if (error instanceof TlsError) return error;
  if (NOT_TLS.test(`${(error as NodeJS.ErrnoException).code} ${error.message}`)) {
    const way =
      protocol === 'ftps'
        ? 'use ftpes:// (port 21, TLS from the first command on), or the port for ftps://, usually 990'
        : 'it agreed to TLS and then spoke plain text; something between here and there may be in the way';
    return new TlsError(`${place} does not speak TLS: ${way}`, { cause: error });
  }
  return new TlsError(
    `TLS with ${host} failed: ${error.message}. Check the protocol (ftpes: AUTH TLS, ftps: TLS from the start, usually port 990) and tls.minVersion`,
    { cause: error },
  );
}
