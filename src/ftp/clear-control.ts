/** CCC (RFC 2228; RFC 4217, 12.3): the control connection leaves TLS, for firewalls that have to read it. */
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import type { Control } from './control.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Wire } from './wire.ts';

/** ms that a server may take to hear that TLS is over. */
const FAREWELL = 1000;

export interface Cleared {
  readonly reply: Reply;
  /** What carries commands from here on; undefined where the server refused, and TLS stays. */
  readonly wire: Wire | undefined;
}

/** `under` is what `tls` was put over. Nothing else may be sent meanwhile. */
export async function clearControl(send: Send, control: Control, tls: TLSSocket, under: Wire): Promise<Cleared> {
  let wire: Wire | undefined;
  // At once: the goodbye of TLS may come along with the reply, and would pass for the end of the connection.
  const onFinal = (reply: Reply) => {
    if (!reply.ok) return;
    wire = under.handOver(true);
    control.use(wire.socket);
    tls.on('error', () => {});
  };
  const reply = await send('CCC', { onFinal });
  if (!reply.ok) return { reply, wire: undefined };
  // Ours has to be out before the next command.
  if (!under.writableFinished) {
    const farewell = once(under, 'finish', { signal: AbortSignal.timeout(FAREWELL) });
    tls.end();
    await farewell.catch(() => {});
  }
  tls.destroy();
  return { reply, wire };
}
