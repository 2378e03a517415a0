// TLS on a data connection (RFC 4217, 7). The client's hello is answered as soon as it comes, which for many clients is
// before the command.
import type { Socket } from 'node:net';
import { Refusal } from '../replies.ts';
import type { Tls } from '../tls.ts';

/** Makes a plain connection a protected one. */
export type Protect = (plain: Socket) => Promise<Socket>;

/**
 * The handshake on the server's side, whichever side dialled. Rejects with Refusal 425 when there is none, with 522 when
 * `demandReuse` is set and it resumes no session of `tls`.
 */
export function protection(tls: Tls, demandReuse: boolean): Protect {
  return (plain) =>
    new Promise((resolve, reject) => {
      const socket = tls.wrap(plain);
      const fail = (error?: (Error & { reason?: string }) | false) => {
        plain.destroy();
        reject(new Refusal(425, `No TLS on the data connection${error ? `: ${error.reason ?? error.message}` : ''}.`));
      };
      // Stays: an error without a listener would end the process.
      socket.on('error', fail);
      socket.once('close', fail);
      socket.once('secure', () => {
        socket.removeListener('close', fail);
        if (!demandReuse || socket.isSessionReused()) return resolve(socket);
        socket.destroy();
        reject(new Refusal(522, 'The data connection must resume the TLS session of the control connection.'));
      });
    });
}
