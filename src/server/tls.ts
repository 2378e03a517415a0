// The server's side of TLS: one context for several connections, control and data, so that a session of one can be resumed
// on another.
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, Server, TLSSocket } from 'node:tls';
import type { TlsOptions } from './options.ts';

// The oldest goes when one more comes; the client whose session that was makes a full handshake.
const mostSessions = 2000;

export class Tls {
  /** Whether a control connection may go back to plain text. */
  readonly clearable: boolean;
  readonly #context: SecureContext;
  readonly #server = new Server();
  readonly #sessions = new Map<string, Buffer>();

  /** @throws the TLS library's error for a certificate or key that it cannot read. */
  constructor(options: TlsOptions) {
    this.clearable = options.allowClear ?? false;
    const { cert, key, passphrase, minVersion = 'TLSv1.2', maxVersion } = options;
    this.#context = createSecureContext({
      cert,
      key,
      minVersion,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
    });
    // Tickets need nothing here: their keys belong to the context. Clients without tickets (curl, under TLS 1.2) ask by session
    // id, which the TLS library looks up through a server; this one never listens.
    this.#server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      this.#sessions.set(id.toString('latin1'), session);
      const [oldest] = this.#sessions.keys();
      if (this.#sessions.size > mostSessions) this.#sessions.delete(oldest!);
      done();
    });
    this.#server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
      done(null, this.#sessions.get(id.toString('latin1')) ?? null);
    });
  }

  /** TLS on a connection, as the server of it whichever side dialled. */
  wrap(plain: Duplex): TLSSocket {
    return new TLSSocket(plain, { isServer: true, secureContext: this.#context, server: this.#server });
  }
}
